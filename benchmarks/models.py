"""Each network's weights, arithmetic and speed in training, against the seed's.

python -m benchmarks.models [--models=despois,spectral] [--rounds=5]

All are trained on one batch of made-up slices that is already there, and take turns. A ratio is the
median of its rounds' ratios. GFLOP are those of a slice forward, as TensorFlow's profiler counts
them: a multiplication and an addition are two.
"""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from absl import app, flags

from benchmarks.measuring import ratio, timed
from tfgenre.programs.launch import quiet_tensorflow
from tfgenre.train_config import MODELS

if TYPE_CHECKING:
    import keras

_MODELS = flags.DEFINE_list("models", list(MODELS), "Networks, the one to compare with first.")
_ROUNDS = flags.DEFINE_integer("rounds", 5, "How often each has its turn.", lower_bound=1)
_STEPS = flags.DEFINE_integer("steps", 5, "Batches a turn.", lower_bound=1)
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 110, "Slices a batch.", lower_bound=1)
_NUM_GENRES = 8


def gflop(model: "keras.Model") -> float:
    """The arithmetic of a slice forward, in 1e9 operations."""
    import tensorflow as tf

    profiler = tf.compat.v1.profiler
    options = profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    slice_spec = tf.TensorSpec((1, *model.input.shape[1:]), tf.uint8)
    graph = tf.function(partial(model, training=False)).get_concrete_function(slice_spec).graph
    return float(profiler.profile(graph, options=options).total_float_ops) / 1e9


def networks() -> "list[keras.Model]":
    """The networks, compiled as training compiles them."""
    from tfgenre import hardware
    from tfgenre.model import build_model
    from tfgenre.optimizer import make_optimizer
    from tfgenre.train_config import HardwareConfig, ModelConfig, OptimizerConfig

    hardware.prepare(HardwareConfig(), seed=0)
    found = [build_model(ModelConfig(model=name), num_genres=_NUM_GENRES) for name in _MODELS.value]
    for model in found:
        optimizer = make_optimizer(OptimizerConfig(), num_steps=1)
        model.compile(optimizer=optimizer, loss="categorical_crossentropy", jit_compile=False)
    return found


def seconds(models: "list[keras.Model]") -> np.ndarray:
    """Of a turn, float64 [rounds, models]."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    shape = (_BATCH_SIZE.value, *models[0].input.shape[1:])
    labels = np.eye(_NUM_GENRES, dtype=np.float32)[rng.integers(_NUM_GENRES, size=shape[0])]
    batch = tf.data.Dataset.from_tensors((rng.integers(4, 255, shape, np.uint8), labels)).cache()
    for model in models:
        model.fit(batch.repeat(2), verbose=0, shuffle=False)
    turns = batch.repeat(_STEPS.value)
    return np.array(
        [
            [timed(partial(model.fit, turns, verbose=0, shuffle=False))[0] for model in models]
            for _ in range(_ROUNDS.value)
        ]
    )


def main(argv: list[str]) -> None:
    """Measures and prints."""
    if len(argv) > 1:
        raise app.UsageError(f"Unexpected arguments: {' '.join(argv[1:])}")
    with quiet_tensorflow():
        models = networks()
    rounds = seconds(models)
    speeds = _STEPS.value * _BATCH_SIZE.value / np.median(rounds, axis=0)
    print(f"{'network':<12}{'weights':>12}{'GFLOP':>8}{'slices/s':>10}{'faster':>24}")
    for column, model in enumerate(models):
        faster = ratio(rounds[:, 0] / rounds[:, column])
        print(
            f"{model.name:<12}{model.count_params():>12,}{gflop(model):>8.3f}"
            f"{speeds[column]:>10.0f}{faster:>24}"
        )


if __name__ == "__main__":
    app.run(main)
