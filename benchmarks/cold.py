"""Slices per second, read from the disk rather than from the page cache.

python -m benchmarks.cold [--rounds=3] [--ways=ours,torch,...] [--records_dir=...] [--out=cold.json]

Data larger than memory is read like this: what one pass has read is no longer cached when the next
one needs it. A turn is one pass over all slices. The ways are those of benchmarks.input; FFCV has
the settings that its documentation recommends for such data.
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import input, inputs, peers, script
from benchmarks.ways import Benchmark, Turn, Way


def from_disk(start: Callable[..., Turn], records_dir: str, scratch: str, warm_up: str) -> Turn:
    """A way of benchmarks.input, warmed up on other records; its own are not cached.

    Args:
        start: the way's `start`.
        records_dir: the records to read.
        scratch: the folder of the same slices in other formats.
        warm_up: a folder of a few other records.
    """
    with tempfile.TemporaryDirectory() as folder:
        start(records_dir=warm_up, scratch=folder, seconds=0.0)()
    turn = start(records_dir=records_dir, scratch=scratch, seconds=0.0)
    drop_from_cache(Path(records_dir))
    drop_from_cache(Path(scratch))
    return turn


def drop_from_cache(folder: Path) -> None:
    """Drops a folder's files from the operating system's cache."""
    os.sync()  # pages not yet written would stay
    for path in folder.rglob("*"):
        if path.is_file():
            file = os.open(path, os.O_RDONLY)
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(file)


def prepare(folder: Path, smoke: bool) -> dict[str, Any]:
    """Writes records, and a few more to warm up on; makes a folder for the other formats."""
    inputs.write_records(folder / "few", num_slices=240, num_shards=2)
    (folder / "others").mkdir()
    return {
        "records_dir": input.prepare(folder, smoke)["records_dir"],
        "scratch": str(folder / "others"),
        "warm_up": str(folder / "few"),
    }


def _ways(ways: Mapping[str, Way], names: tuple[str, ...]) -> dict[str, Way]:
    return {
        name: Way(
            ways[name].title,
            partial(from_disk, ways[name].start),
            _prepared(ways[name].prepare),
            warm_up=False,
        )
        for name in names
    }


def _prepared(prepare: Callable[..., None] | None) -> Callable[..., None] | None:
    if prepare is None:
        return None
    return lambda records_dir, scratch, warm_up: prepare(records_dir, scratch, 0.0)


_KNOWN = {
    **input.BENCHMARK.ways,
    "ffcv": Way("FFCV, quasi-random", peers.ffcv_from_disk, input.BENCHMARK.ways["ffcv"].prepare),
}
BENCHMARK = Benchmark(
    "benchmarks.cold",
    unit="slices",
    ways=_ways(
        _KNOWN,
        (
            "generator",
            "png_records",
            "ours",
            "reading",
            "keras",
            "tfds",
            "grain",
            "webdataset",
            "torch",
            "torch2",
            "ffcv",
        ),
    ),
    references=("generator", "reading"),
    prepare=prepare,
)


if __name__ == "__main__":
    script.run(BENCHMARK)
