"""What is trained, compiled; and the state of a compiled network that depends on the epoch."""

import keras
import numpy as np

from tfgenre.training import hardware, process_state
from tfgenre.training.config import TrainConfig
from tfgenre.training.data import TrainingData
from tfgenre.training.frozen import Base
from tfgenre.training.initial import initial_network
from tfgenre.training.optimizer import make_optimizer


def compiled_model(
    config: TrainConfig, data: TrainingData, base: Base | None = None
) -> keras.Model:
    """What is trained, new and compiled; the same seed gives the same weights."""
    with process_state.seeded(config.pipeline.seed):
        if base is None:
            model = initial_network(config.model, data.records)
        else:
            model = base.head(config.model, num_genres=len(data.records.genres))
    num_steps = config.epochs * sum(data.num_batches)
    model.compile(
        optimizer=make_optimizer(config.optimizer, num_steps=num_steps),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=hardware.jit_compile(config.hardware),
    )
    return model


def set_random_state(model: keras.Model, *, seed: int, epoch: int) -> None:
    """Makes the dropout of an epoch independent of whether the run was stopped before it."""
    for layer in model.layers:
        if generator := getattr(layer, "seed_generator", None):
            generator.state.assign(np.array([seed, epoch], "uint32"))


def learning_rate(model: keras.Model) -> float:
    """The learning rate of the next step."""
    rate = keras.ops.convert_to_numpy(model.optimizer.learning_rate)  # may be mirrored
    return float(f"{float(rate):.6g}")
