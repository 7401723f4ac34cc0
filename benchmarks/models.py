"""Each network's weights, arithmetic and training speed, on one batch in memory.

python -m benchmarks.models [--ways=despois,spectral]

GFLOP count one slice's forward pass; a multiplication and an addition are two operations. The
number format is the one that `tfgenre_train` chooses by default.
"""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import script
from benchmarks.arithmetic import gflop_per_slice
from benchmarks.consumer import BATCH_SIZE
from benchmarks.ways import Benchmark, Done, Turn, Way
from tfgenre.training.config import FROM_SCRATCH

_NUM_GENRES = 8


def train(steps: int, *, model: str) -> Turn:
    """Some training steps of a network."""
    import tensorflow as tf

    from tfgenre.config import RenderConfig
    from tfgenre.training import hardware
    from tfgenre.training.config import HardwareConfig, ModelConfig, OptimizerConfig
    from tfgenre.training.model import build_model
    from tfgenre.training.optimizer import make_optimizer

    with hardware.prepared(HardwareConfig(), seed=0):
        network = build_model(
            ModelConfig(model=model),
            num_genres=_NUM_GENRES,
            render=RenderConfig(spectrogram="mel"),
        )
        optimizer = make_optimizer(OptimizerConfig(), num_steps=1)
        network.compile(optimizer=optimizer, loss="categorical_crossentropy", jit_compile=False)
    rng = np.random.default_rng(0)
    images = rng.integers(4, 255, (BATCH_SIZE, 128, 128, 1), np.uint8)
    labels = np.eye(_NUM_GENRES, dtype=np.float32)[rng.integers(_NUM_GENRES, size=BATCH_SIZE)]
    batches = tf.data.Dataset.from_tensors((images, labels)).cache().repeat(steps)
    size = {"M weights": network.count_params() / 1e6, "GFLOP": gflop_per_slice(network)}

    def turn() -> Done:
        network.fit(batches, verbose=0, shuffle=False)
        return Done(steps * BATCH_SIZE, size)

    return turn


def prepare(folder: Path, smoke: bool) -> dict[str, Any]:
    """Sets how many steps a turn has."""
    return {"steps": 1 if smoke else 6}


BENCHMARK = Benchmark(
    "benchmarks.models",
    unit="slices",
    ways={model: Way(f"--model={model}", partial(train, model=model)) for model in FROM_SCRATCH},
    references=("despois",),
    prepare=prepare,
)

if __name__ == "__main__":
    script.run(BENCHMARK)
