"""Training from records, compared with training on one batch in memory, by number format.

python -m benchmarks.train [--records_dir=data/records/demo-50px]

The difference is the cost of reading, parsing and shuffling. The network's arithmetic, forward and
backward, is compared with products of large matrices in the same format. If there is a GPU, all
ways use it.
"""

import time
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import script
from benchmarks.arithmetic import gflop_per_slice
from benchmarks.consumer import BATCH_SIZE
from benchmarks.ways import Benchmark, Done, Turn, Way
from tfgenre.records.folder import Records

_MATRIX_SIZE = 2048
_MATRIX_SECONDS = 2


def train(records_dir: str, steps: int, *, precision: str, from_records: bool) -> Turn:
    """Some training steps of the seed's network."""
    import tensorflow as tf

    from tfgenre.training import hardware
    from tfgenre.training.compiled import compiled_model
    from tfgenre.training.config import (
        NOT_AUGMENTED,
        HardwareConfig,
        ModelConfig,
        PipelineConfig,
        TrainConfig,
    )
    from tfgenre.training.data import find_training_data

    config = TrainConfig(
        model=ModelConfig(model="despois", dropout_rate=0.8),
        pipeline=PipelineConfig(batch_size=BATCH_SIZE, augment=NOT_AUGMENTED),
        hardware=HardwareConfig(precision=precision),
    )
    with hardware.prepared(config.hardware, seed=0):
        data = find_training_data(Records.open(records_dir), config, cache_dir=Path())
        model = compiled_model(config, data)
    batches = data.epoch(0, config)
    if not from_records:
        batches = tf.data.Dataset.from_tensors(next(iter(batches))).cache()
    batches = batches.repeat().take(steps)
    gflop = _training_gflop_per_slice(model)

    def turn() -> Done:
        started = time.perf_counter()
        model.fit(batches, verbose=0, shuffle=False)
        amount = steps * BATCH_SIZE
        return Done(amount, {"GFLOP/s": amount * gflop / (time.perf_counter() - started)})

    return turn


def products(records_dir: str, steps: int, *, precision: str) -> Turn:
    """Products of two 2048 x 2048 matrices, counted as the slices that take as many operations."""
    import tensorflow as tf

    from tfgenre.config import RenderConfig
    from tfgenre.training.config import ModelConfig
    from tfgenre.training.model import build_model

    dtype = tf.bfloat16 if precision == "mixed_bfloat16" else tf.float32
    left, right = (tf.cast(tf.random.normal([_MATRIX_SIZE] * 2), dtype) for _ in range(2))
    product = tf.function(lambda: tf.matmul(left, right))
    gflop = _training_gflop_per_slice(
        build_model(
            ModelConfig(model="despois", dropout_rate=0.8), num_genres=6, render=RenderConfig()
        )
    )

    def turn() -> Done:
        started, done = time.perf_counter(), 0.0
        while (seconds := time.perf_counter() - started) < _MATRIX_SECONDS:
            product()[0, 0].numpy()
            done += 2 * _MATRIX_SIZE**3 / 1e9
        return Done(done / gflop, {"GFLOP/s": done / seconds})

    return turn


def _training_gflop_per_slice(model: Any) -> float:
    """10**9 operations to train on a slice: forward, and twice as many backward."""
    return 3 * gflop_per_slice(model)


def prepare(folder: Path, smoke: bool) -> dict[str, Any]:
    """Takes --records_dir, or writes records."""
    num_slices = 220 if smoke else 6_600
    return {
        "records_dir": script.records_dir(folder, num_slices=num_slices, num_shards=8),
        "steps": 1 if smoke else 6,
    }


def _ways(name: str, precision: str) -> dict[str, Way]:
    training = partial(train, precision=precision)
    return {
        f"batch_{name}": Way(f"one batch, {name}", partial(training, from_records=False)),
        f"records_{name}": Way(f"records, {name}", partial(training, from_records=True)),
        f"matrix_{name}": Way(f"matrix products, {name}", partial(products, precision=precision)),
    }


BENCHMARK = Benchmark(
    "benchmarks.train",
    unit="slices",
    ways=_ways("float32", "float32") | _ways("bfloat16", "mixed_bfloat16"),
    references=("batch_float32", "batch_bfloat16"),
    prepare=prepare,
)

if __name__ == "__main__":
    script.run(BENCHMARK)
