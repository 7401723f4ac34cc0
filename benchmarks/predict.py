"""Songs a second of a prediction, against rendering them only and judging their slices only.

python -m benchmarks.predict [--run_dir=runs/demo] [--songs=data/demo] [--rounds=7]

The ways take turns, once the network is loaded. CPU time is this process' and its children's.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from absl import app, flags

from benchmarks.measuring import ratio, timed
from tfgenre.config import RenderConfig
from tfgenre.datasets.folder import find_songs
from tfgenre.programs.launch import quiet_tensorflow
from tfgenre.render import Slices
from tfgenre.run_dir import RunDir
from tfgenre.workers import map_with_workers

_RUN_DIR = flags.DEFINE_string("run_dir", "runs/demo", "The folder of a run.")
_SONGS = flags.DEFINE_string("songs", "data/demo", "Songs, in folders or not.")
_NUM_WORKERS = flags.DEFINE_integer("num_workers", 2, "Render processes.", lower_bound=1)
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 110, "Slices a step.", lower_bound=1)
_ROUNDS = flags.DEFINE_integer("rounds", 7, "How often each way has its turn.", lower_bound=1)


def rendered(songs: list[str], config: RenderConfig) -> np.ndarray:
    """The songs' slices, uint8 [slices, 128, 128]."""
    workers = _NUM_WORKERS.value
    found = map_with_workers(
        lambda work, song: work(song), songs, config=config, num_workers=workers
    )
    return np.concatenate([song.images for song in found if isinstance(song, Slices)])


def judged(model: Any, images: np.ndarray) -> None:
    """Runs the network over slices."""
    for start in range(0, len(images), _BATCH_SIZE.value):
        model.predict_on_batch(images[start : start + _BATCH_SIZE.value, ..., np.newaxis])


def main(argv: list[str]) -> None:
    """Measures and prints."""
    if len(argv) > 1:
        raise app.UsageError(f"Unexpected arguments: {' '.join(argv[1:])}")
    with quiet_tensorflow():
        from tfgenre.predict import judge_songs
    run_dir = RunDir(Path(os.path.expanduser(_RUN_DIR.value)))
    trained_on = run_dir.read_manifest()
    model = run_dir.load_best_model(num_genres=len(trained_on.genres))
    songs, config = find_songs([_SONGS.value]), RenderConfig(**trained_on.config["render"])
    images = rendered(songs, config)
    options = {"batch_size": _BATCH_SIZE.value, "num_workers": _NUM_WORKERS.value}
    ways: dict[str, Callable[[], object]] = {
        "render": lambda: rendered(songs, config),
        "network": lambda: judged(model, images),
        "predict": lambda: list(judge_songs(model, songs, config=config, **options)),
    }
    ways["network"]()
    turns = range(_ROUNDS.value)
    samples = np.array([[timed(way) for way in ways.values()] for _ in turns])
    print(f"{len(songs):,} songs, {len(images):,} slices")
    print(f"{'way':<10}{'songs/s':>10}{'slices/s':>10}{'CPU s':>8}")
    for column, way in enumerate(ways):
        wall, cpu = np.median(samples[:, column], axis=0)
        print(f"{way:<10}{len(songs) / wall:>10.1f}{len(images) / wall:>10.0f}{cpu:>8.1f}")
    seconds = samples[:, :, 0]
    print(f"predict's time of both: {ratio(seconds[:, 2] / (seconds[:, 0] + seconds[:, 1]))}")


if __name__ == "__main__":
    app.run(main)
