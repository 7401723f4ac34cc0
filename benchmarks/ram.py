"""Memory that reading takes, by the number of slices: all in RAM, in partitions, from records.

python -m benchmarks.ram [--scratch_dir=/a/disk/with/4/GB]

All make one pass over the slices, in batches of 110, without a network. The seed kept slices in
memory as float32, as its network takes them, all at once or a twelfth at a time.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks import inputs, script
from benchmarks.consumer import BATCH_SIZE, taken
from benchmarks.ways import Benchmark, Done, Turn, Way
from tfgenre.records.folder import Records
from tfgenre.records.sources import Source

SIZES = (5_000, 20_000, 50_000, 100_000, 200_000)
SLICES_PER_SHARD = 2_500
PARTITIONS = 12
_FLOAT_BYTES = 4 * 128 * 128


def idle(records_dir: str, scale: int, *, num_slices: int) -> Turn:
    """TensorFlow alone, imported and used once."""
    import tensorflow as tf

    def turn() -> Done:
        tf.reduce_sum(tf.zeros(1))
        return Done(1)

    return turn


def arrays(records_dir: str, scale: int, *, num_slices: int, partitions: int) -> Turn:
    """Arrays of float32, one per partition, read one after the other.

    Raises:
        MemoryError: if an array does not fit.
    """
    needed = num_slices // partitions * _FLOAT_BYTES
    if needed > 0.8 * psutil.virtual_memory().available:
        raise MemoryError(f"{needed / 1e9:.0f} GB do not fit into this machine's memory")

    def turn() -> Done:
        amount = 0
        images = _images(records_dir, num_slices // scale)
        for _ in range(partitions):
            part = np.empty((num_slices // scale // partitions, 128, 128, 1), np.float32)
            for row, image in zip(part, images, strict=False):
                np.divide(image, 255, out=row)
            order = np.random.default_rng(0).permutation(len(part))
            for start in range(0, len(part), BATCH_SIZE):
                amount += len(part[order[start : start + BATCH_SIZE]])
        return Done(amount)

    return turn


def ours(records_dir: str, scale: int, *, num_slices: int) -> Turn:
    """Our pipeline, as training reads."""
    from tfgenre.records import pipeline

    source = _source(records_dir, num_slices // scale)

    def turn() -> Done:
        dataset = pipeline.training_dataset(source, batch_size=BATCH_SIZE)
        return Done(sum(taken(image.numpy(), label) for image, label in dataset))

    return turn


def _source(records_dir: str, num_slices: int) -> Source:
    """The first shards of the training slices."""
    whole = Records.open(records_dir).source("train")
    num_shards = max(1, num_slices // SLICES_PER_SHARD)
    lengths = whole.lengths[:num_shards]
    return replace(
        whole,
        paths=whole.paths[:num_shards],
        lengths=lengths,
        numbers=whole.numbers[: sum(lengths)],
    )


def _images(records_dir: str, num_slices: int) -> Iterator[np.ndarray]:
    from tfgenre.records import pipeline

    for images, _ in pipeline.validation_dataset(_source(records_dir, num_slices), BATCH_SIZE):
        yield from images.numpy()


def prepare(folder: Path, smoke: bool) -> dict[str, Any]:
    """Writes records of the largest size; a trial has a hundredth of the slices."""
    scale = 100 if smoke else 1
    largest = SIZES[-1] // scale
    inputs.write_records(folder, num_slices=largest, num_shards=max(1, largest // SLICES_PER_SHARD))
    return {"records_dir": str(folder), "scale": scale}


def _way(title: str, start: Callable[..., Turn], num_slices: int) -> Way:
    title = f"{title}, {num_slices:,}"
    return Way(title, partial(start, num_slices=num_slices), warm_up=False)


_KINDS: dict[str, tuple[str, Callable[..., Turn]]] = {
    "ram": ("all in RAM, float32", partial(arrays, partitions=1)),
    "partitions": (f"{PARTITIONS} partitions, float32", partial(arrays, partitions=PARTITIONS)),
    "ours": ("tfgenre", ours),
}
BENCHMARK = Benchmark(
    "benchmarks.ram",
    unit="slices",
    ways={
        "idle": Way("TensorFlow, idle", partial(idle, num_slices=0), warm_up=False),
        **{
            f"{name}_{num_slices}": _way(title, start, num_slices)
            for name, (title, start) in _KINDS.items()
            for num_slices in SIZES
        },
    },
    references=(),
    prepare=prepare,
)

if __name__ == "__main__":
    script.run(BENCHMARK)
