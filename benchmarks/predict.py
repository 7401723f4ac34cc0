"""Songs per second of prediction, compared with rendering alone and the network alone.

python -m benchmarks.predict [--data_dir=~/Music]

The first ways are measured once the network is loaded; the last is the whole `tfgenre_predict`
program, from start to end. "first s" is the time until it prints the first song's genre, "songs/s
then" the rate of the others.
"""

import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import inputs, script
from benchmarks.consumer import BATCH_SIZE
from benchmarks.render import by_workers
from benchmarks.ways import Benchmark, Done, Turn, Way
from tfgenre.audio.search import find_songs
from tfgenre.config import RenderConfig
from tfgenre.spectrogram.render import Slices
from tfgenre.spectrogram.workers import map_with_workers
from tfgenre.training.run_dir import RunDir

_DEFAULT = RenderConfig()
_CODE = "from tfgenre.programs import predict; predict.run()"


def rendering(songs: list[str], run_dir: str) -> Turn:
    """Two render processes alone."""
    return by_workers(songs, num_workers=2)


def network(songs: list[str], run_dir: str) -> Turn:
    """The network alone, on slices in memory."""
    model, images = _model(run_dir), _rendered(songs)

    def turn() -> Done:
        for start in range(0, len(images), BATCH_SIZE):
            model.predict_on_batch(images[start : start + BATCH_SIZE, ..., np.newaxis])
        return Done(len(songs))

    return turn


def predicting(
    songs: list[str], run_dir: str, *, num_workers: int, config: RenderConfig = _DEFAULT
) -> Turn:
    """Rendering and the network together, as in `tfgenre_predict`."""
    from tfgenre.prediction.predict import predict_slices

    model = _model(run_dir)

    def turn() -> Done:
        predicted = predict_slices(
            model,
            songs,
            config=config,
            batch_size=BATCH_SIZE,
            num_workers=num_workers,
        )
        return Done(sum(1 for _ in predicted))

    return turn


def program(songs: list[str], run_dir: str) -> Turn:
    """The whole program."""

    def turn() -> Done:
        command = [sys.executable, "-c", _CODE, f"--run_dir={run_dir}", *songs]
        started = time.perf_counter()
        with subprocess.Popen(
            [*command, "--output_format=csv"], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout
            seconds = [time.perf_counter() - started for _ in process.stdout][1:]  # no header
        if len(seconds) != len(songs):
            raise ChildProcessError(f"tfgenre_predict exited with {process.returncode}")
        then = (len(seconds) - 1) / (seconds[-1] - seconds[0])
        return Done(len(songs), {"first s": seconds[0], "songs/s then": then})

    return turn


def _model(run_dir: str) -> Any:
    run = RunDir(Path(run_dir))
    return run.load_best_model(num_genres=len(run.read_manifest().genres))


def _rendered(songs: list[str]) -> NDArray[np.uint8]:
    """The songs' slices, uint8 [slices, 128, 128]."""
    found = map_with_workers(
        lambda work, song: work(song), songs, config=RenderConfig(), num_workers=2
    )
    return np.concatenate([song.images for song in found if isinstance(song, Slices)])


def write_run(songs: list[str], run_dir: str, *, model: str = "despois") -> None:
    """Writes a run of an untrained network, unless it exists."""
    from tfgenre.training.claim import claim
    from tfgenre.training.config import ModelConfig, TrainConfig
    from tfgenre.training.model import build_model

    run = RunDir(Path(run_dir))
    if not run.best_model.exists():
        records = inputs.write_records(run.path.parent / "records", num_slices=60, num_shards=1)
        claim(run, TrainConfig(), records)
        build_model(
            ModelConfig(model=model), num_genres=len(records.genres), render=records.manifest.render
        ).save(run.best_model)


def prepare(folder: Path, smoke: bool) -> dict[str, Any]:
    """Finds the songs of --data_dir, or writes some; names the run's folder."""
    data_dir = script.folder_of(
        script.DATA_DIR, lambda: inputs.songs(folder / "songs", num_songs=3 if smoke else 120)
    )
    return {"songs": find_songs([data_dir]), "run_dir": str(folder / "run")}


BENCHMARK = Benchmark(
    "benchmarks.predict",
    unit="songs",
    ways={
        "rendering": Way("2 render processes alone", rendering),
        "network": Way("the network alone", network, write_run),
        "one": Way("both, 1 render process", partial(predicting, num_workers=1), write_run),
        "two": Way("both, 2 render processes", partial(predicting, num_workers=2), write_run),
        "program": Way("tfgenre_predict, start to end", program, write_run, warm_up=False),
    },
    references=("rendering", "one"),
    prepare=prepare,
)

if __name__ == "__main__":
    script.run(BENCHMARK)
