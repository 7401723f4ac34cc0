"""Songs per second of prediction, compared with rendering alone.

python -m benchmarks.predict [--data_dir=~/Music]

With the networks of flags/best.cfg and of flags/seed.cfg, untrained: clips of 30 s, and songs of
four minutes with all slices and with ten, as the program takes them. The ways are measured once the
network is loaded; the last is the whole `tfgenre_predict` program, from start to end. "first s" is
the time until it prints the first song's genre, "songs/s then" the rate of the others.
"""

import subprocess
import sys
import time
from collections.abc import Callable
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

SEED, BEST = "despois", "spectral_small"  # networks
PAIRS = {  # what is compared on the page: a way, and rendering alone
    "clips, flags/best.cfg": ("best", "mel"),
    "songs of four minutes, all slices": ("best_long", "mel_long"),
    "songs of four minutes, ten slices": ("best_ten", "mel_ten"),
    "clips, the seed's network": ("seed", "sox"),
}
_SPECTROGRAMS = {BEST: "mel", SEED: "sox"}
_WORKERS = 2
_CODE = "from tfgenre.programs import predict; predict.run()"


def rendering(songs: str, model: str, *, times: int = 1, limit: int = 0) -> Callable[..., Turn]:
    """Two render processes alone."""

    def start(**settings: Any) -> Turn:
        return by_workers(
            settings[songs], num_workers=_WORKERS, times=times, config=_rendered_for(model, limit)
        )

    return start


def predicting(songs: str, model: str, *, times: int = 1, limit: int = 0) -> Callable[..., Turn]:
    """Rendering and the network together, as in `tfgenre_predict`."""

    def start(**settings: Any) -> Turn:
        from tfgenre.prediction.predict import predict_slices

        network = _network(settings["run_dirs"][model])

        def turn() -> Done:
            predicted = predict_slices(
                network,
                times * settings[songs],
                config=_rendered_for(model, limit),
                batch_size=BATCH_SIZE,
                num_workers=_WORKERS,
            )
            return Done(sum(1 for _ in predicted))

        return turn

    return start


def network(model: str) -> Callable[..., Turn]:
    """The network alone, on the clips' slices in memory."""

    def start(clips: list[str], run_dirs: dict[str, str], **settings: Any) -> Turn:
        images, loaded = _images(clips, _rendered_for(model, 0)), _network(run_dirs[model])

        def turn() -> Done:
            for first in range(0, len(images), BATCH_SIZE):
                loaded.predict_on_batch(images[first : first + BATCH_SIZE, ..., np.newaxis])
            return Done(len(clips))

        return turn

    return start


def program(clips: list[str], run_dirs: dict[str, str], **settings: Any) -> Turn:
    """The whole program."""

    def turn() -> Done:
        command = [sys.executable, "-c", _CODE, f"--run_dir={run_dirs[BEST]}", *clips]
        started = time.perf_counter()
        with subprocess.Popen(
            [*command, "--output_format=csv"], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout
            seconds = [time.perf_counter() - started for _ in process.stdout][1:]  # no header
        if len(seconds) != len(clips):
            raise ChildProcessError(f"tfgenre_predict exited with {process.returncode}")
        then = (len(seconds) - 1) / (seconds[-1] - seconds[0])
        return Done(len(clips), {"first s": seconds[0], "songs/s then": then})

    return turn


def _rendered_for(model: str, limit: int) -> RenderConfig:
    return RenderConfig(spectrogram=_SPECTROGRAMS[model], max_slices_per_track=limit)


def _network(run_dir: str) -> Any:
    run = RunDir(Path(run_dir))
    return run.load_best_model(num_genres=len(run.read_manifest().genres))


def _images(songs: list[str], config: RenderConfig) -> NDArray[np.uint8]:
    """The songs' slices, uint8 [slices, 128, 128]."""
    found = map_with_workers(
        lambda work, song: work(song), songs, config=config, num_workers=_WORKERS
    )
    return np.concatenate([song.images for song in found if isinstance(song, Slices)])


def run_of(model: str) -> Callable[..., None]:
    """A function that writes a run of an untrained network, unless it exists."""

    def write(run_dirs: dict[str, str], **settings: Any) -> None:
        run = RunDir(Path(run_dirs[model]))
        if run.best_model.exists():
            return
        from tfgenre.training.claim import claim
        from tfgenre.training.config import ModelConfig, TrainConfig
        from tfgenre.training.model import build_model

        records = inputs.write_records(
            run.path.with_name(f"records-{model}"),
            num_slices=60,
            num_shards=1,
            spectrogram=_SPECTROGRAMS[model],
        )
        claim(run, TrainConfig(), records)
        build_model(
            ModelConfig(model=model), num_genres=len(records.genres), render=records.manifest.render
        ).save(run.best_model)

    return write


def prepare(folder: Path, smoke: bool) -> dict[str, Any]:
    """Finds the songs of --data_dir, or writes some, and longer ones; names the runs' folders."""
    data_dir = script.folder_of(
        script.DATA_DIR, lambda: inputs.songs(folder / "songs", num_songs=3 if smoke else 120)
    )
    size = {"num_songs": 1, "num_parts": 2} if smoke else {"num_songs": 24}
    return {
        "clips": find_songs([data_dir]),
        "long": inputs.long_songs(folder / "long", **size),
        "run_dirs": {model: str(folder / model) for model in _SPECTROGRAMS},
    }


def _pair(name: str, title: str, songs: str, model: str, **options: int) -> dict[str, Way]:
    picture = _SPECTROGRAMS[model]
    suffix = name.removeprefix("best").removeprefix("seed")
    alone = Way(f"{title}: rendering alone", rendering(songs, model, **options))
    both = Way(f"{title}: prediction", predicting(songs, model, **options), run_of(model))
    return {f"{picture}{suffix}": alone, name: both}


BENCHMARK = Benchmark(
    "benchmarks.predict",
    unit="songs",
    ways={
        **_pair("best", "clips, best.cfg", "clips", BEST, times=2),
        **_pair("best_long", "four minutes, best.cfg", "long", BEST),
        **_pair("best_ten", "four minutes, ten slices, best.cfg", "long", BEST, times=8, limit=10),
        **_pair("seed", "clips, seed.cfg", "clips", SEED),
        "best_network": Way("clips, best.cfg: the network alone", network(BEST), run_of(BEST)),
        "seed_network": Way("clips, seed.cfg: the network alone", network(SEED), run_of(SEED)),
        "program": Way("tfgenre_predict, start to end", program, run_of(BEST), warm_up=False),
    },
    references=(),
    prepare=prepare,
)

if __name__ == "__main__":
    script.run(BENCHMARK)
