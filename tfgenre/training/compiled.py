"""What is trained, compiled; and the state of a compiled network that depends on the epoch."""

from collections.abc import Sequence

import keras
import numpy as np

from tfgenre.training import hardware, process_state
from tfgenre.training.augment import augmented
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
    _compile(model, config, make_optimizer(config.optimizer, num_steps=num_steps))
    return model


def with_augmentation(model: keras.Model, config: TrainConfig, data: TrainingData) -> keras.Model:
    """What is fitted to the batches of `data`: the compiled model, behind augmentation if it is on.

    Both have the same weights and the same optimizer, so that the model alone is saved.
    """
    if not config.augment.is_on:
        return model
    whole = augmented(model, config.augment, group=data.worker.group(config.pipeline.batch_size))
    _compile(whole, config, model.optimizer)
    return whole


def _compile(
    model: keras.Model, config: TrainConfig, optimizer: keras.optimizers.Optimizer
) -> None:
    model.compile(
        optimizer=optimizer,
        loss="categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=hardware.jit_compile(config.hardware),
        steps_per_execution=hardware.steps_per_call(config.hardware),
    )


def random_state(model: keras.Model) -> list[list[int]]:
    """The random state, two numbers for each layer that draws random numbers."""
    states = (generator.state for generator in _generators(model))
    return [keras.ops.convert_to_numpy(state).tolist() for state in states]


def set_random_state(
    model: keras.Model, *, seed: int, epoch: int, state: Sequence[Sequence[int]] = ()
) -> None:
    """Makes random draws independent of whether the run was stopped before.

    Args:
        model: the network.
        seed: of the run.
        epoch: with the seed, it decides what is drawn from the start of the epoch on.
        state: of `random_state`, to go on from there instead.
    """
    generators = _generators(model)
    for generator, pair in zip(generators, state or [[seed, epoch]] * len(generators), strict=True):
        generator.state.assign(np.array(pair, "uint32"))


def _generators(model: keras.Model) -> list[keras.random.SeedGenerator]:
    found = (getattr(layer, "seed_generator", None) for layer in model.layers)
    return [generator for generator in found if generator]


def learning_rate(model: keras.Model) -> float:
    """The learning rate of the next step."""
    rate = keras.ops.convert_to_numpy(model.optimizer.learning_rate)  # may be mirrored
    return float(f"{float(rate):.6g}")
