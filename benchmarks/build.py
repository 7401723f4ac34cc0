"""Songs a second of a whole build, by 1, 2, ... render processes, which take turns.

python -m benchmarks.build [--data_dir=~/Music] [--workers=1,2] [--rounds=7]

Wall time is that of the build: processes start, render, shards are written, then the manifest. CPU
time is this process' and its children's.
"""

import os
import tempfile
from pathlib import Path

import numpy as np
from absl import app, flags

from benchmarks.measuring import ratio, timed
from tfgenre import build, datasets
from tfgenre.config import BuildConfig
from tfgenre.datasets import demo
from tfgenre.local import LocalRunner
from tfgenre.plan import Plan, make_plan

_DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "Songs, a folder a genre; if not given, the demo's, eight times over."
)
_WORKERS = flags.DEFINE_list("workers", ["1", "2"], "Numbers of render processes.")
_ROUNDS = flags.DEFINE_integer("rounds", 7, "How often each has its turn.", lower_bound=1)
_COPIES = 8


def copies(data_dir: Path) -> Path:
    """The demo collection, each song under several names."""
    demo.synthesize(data_dir / "once")
    for song in (data_dir / "once").rglob("*.mp3"):
        name = song.relative_to(data_dir / "once")
        for number in range(_COPIES):
            link = data_dir / "often" / name.parts[0] / str(number) / Path(*name.parts[1:])
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(song)
    return data_dir / "often"


def measure(plan: Plan, num_workers: int) -> np.ndarray:
    """Wall and CPU seconds of a build, float64 [2]."""
    with tempfile.TemporaryDirectory() as folder:
        runner = LocalRunner(num_workers)
        return np.array(timed(lambda: build.build(plan, Path(folder), runner=runner)))


def main(argv: list[str]) -> None:
    """Measures and prints."""
    if len(argv) > 1:
        raise app.UsageError(f"Unexpected arguments: {' '.join(argv[1:])}")
    numbers = [int(text) for text in _WORKERS.value]
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(os.path.expanduser(_DATA_DIR.value)) if _DATA_DIR.value else None
        catalogue = datasets.load("folder", data_dir or copies(Path(folder)))
        plan = make_plan(catalogue, BuildConfig(dataset="folder"))
        samples = np.array(
            [[measure(plan, number) for number in numbers] for _ in range(_ROUNDS.value)]
        )
    print(f"{plan.num_tracks:,} songs, {len(plan.units)} units")
    print(f"{'processes':>9}{'songs/s':>10}{'CPU s':>8}{f'faster than {numbers[0]}':>24}")
    for column, number in enumerate(numbers):
        wall, cpu = np.median(samples[:, column], axis=0)
        faster = ratio(samples[:, 0, 0] / samples[:, column, 0])
        print(f"{number:>9}{plan.num_tracks / wall:>10.1f}{cpu:>8.1f}{faster:>24}")


if __name__ == "__main__":
    app.run(main)
