"""Songs per second of rendering: the seed's way, the sox program, NumPy, and decoding alone.

python -m benchmarks.render [--data_dir=~/Music] [--ways=seed,native]
"""

import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any

import soundfile
from PIL import Image

from benchmarks import inputs, script
from benchmarks.ways import Benchmark, Done, Turn, Way
from tfgenre.audio.search import find_songs
from tfgenre.config import RenderConfig
from tfgenre.spectrogram.render import render
from tfgenre.spectrogram.workers import map_with_workers

_PIXELS_PER_SECOND = 50
_MOST_SONGS = 60
_OWN_RATE = RenderConfig(sample_rate_hz=0)


def draw_as_seed(song: str) -> None:
    """SoX to a temporary mono MP3, SoX again to a PNG, Pillow to one PNG per slice."""
    with tempfile.TemporaryDirectory() as folder:
        mono, picture = f"{folder}/mono.mp3", f"{folder}/picture.png"
        subprocess.run(["sox", song, mono, "remix", "1,2"], check=True, stderr=subprocess.DEVNULL)
        draw = ["spectrogram", "-Y", "200", "-X", str(_PIXELS_PER_SECOND), "-m", "-r"]
        draw += ["-o", picture]
        subprocess.run(["sox", mono, "-n", *draw], check=True, stderr=subprocess.DEVNULL)
        with Image.open(picture) as image:
            for left in range(0, image.width - 127, 128):
                image.crop((left, 1, left + 128, 129)).save(f"{folder}/{left}.png")


def seed(songs: list[str], *, num_workers: int) -> Turn:
    """The seed's way, by several processes at once."""

    def turn() -> Done:
        with ThreadPool(num_workers) as pool:  # threads: the work is done in child processes
            pool.map(draw_as_seed, songs, chunksize=1)
        return Done(len(songs))

    return turn


def one_by_one(songs: list[str], *, work: Callable[[str], Any]) -> Turn:
    """In this process, one song after the other."""

    def turn() -> Done:
        for song in songs:
            work(song)
        return Done(len(songs))

    return turn


def by_workers(
    songs: list[str],
    *,
    num_workers: int,
    times: int = 1,
    config: RenderConfig = _OWN_RATE,
) -> Turn:
    """By render processes, as in a build and a prediction; starting them counts too.

    Args:
        songs: sound files.
        num_workers: render processes.
        times: how often each song is rendered.
        config: how.
    """

    def turn() -> Done:
        found = map_with_workers(
            lambda worker, song: worker(song),
            times * songs,
            config=config,
            num_workers=num_workers,
        )
        return Done(sum(1 for _ in found))

    return turn


def _drawing(**options: Any) -> Callable[..., Turn]:
    return partial(one_by_one, work=partial(render, config=RenderConfig(**options)))


def prepare(folder: Path, smoke: bool) -> dict[str, Any]:
    """Finds the songs of --data_dir, or writes some."""
    data_dir = script.folder_of(
        script.DATA_DIR, lambda: inputs.songs(folder / "songs", num_songs=2 if smoke else 24)
    )
    return {"songs": find_songs([data_dir])[:_MOST_SONGS]}


BENCHMARK = Benchmark(
    "benchmarks.render",
    unit="songs",
    ways={
        "seed": Way("the seed's: sox, mp3, sox, png, slices", partial(seed, num_workers=1)),
        "sox": Way("--renderer=sox", _drawing(renderer="sox", sample_rate_hz=0)),
        "native": Way("--renderer=native", _drawing(sample_rate_hz=0)),
        "mel": Way("--spectrogram=mel, 44.1 kHz", _drawing(spectrogram="mel")),
        "decoding": Way("soundfile.read alone", partial(one_by_one, work=soundfile.read)),
        "seed2": Way("the seed's, 2 processes", partial(seed, num_workers=2)),
        "native1": Way("native, 1 render process", partial(by_workers, num_workers=1, times=10)),
        "native2": Way("native, 2 render processes", partial(by_workers, num_workers=2, times=10)),
    },
    references=("seed", "decoding"),
    prepare=prepare,
)

if __name__ == "__main__":
    script.run(BENCHMARK)
