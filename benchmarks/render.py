"""What a song's slices cost: the seed's way, the sox program, NumPy, and decoding alone.

python -m benchmarks.render [--song=song.mp3] [--rounds=20]

They take turns, so that a machine whose speed drifts drifts for all of them. A turn is a few songs
in a row, as a worker has them. CPU time is this process' and its children's. A ratio is the median
of its rounds' ratios.
"""

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from absl import app, flags
from PIL import Image

from benchmarks.measuring import ratio, timed
from tfgenre.config import RenderConfig
from tfgenre.datasets import demo
from tfgenre.render import render

_SONG = flags.DEFINE_string("song", None, "A sound file; if not given, a song is synthesized.")
_ROUNDS = flags.DEFINE_integer("rounds", 20, "How often each way has its turn.", lower_bound=1)
_PIXELS_PER_SECOND = flags.DEFINE_integer("pps", 50, "Columns a second.", lower_bound=1)


def seeds_way(song: str, pixels_per_second: int) -> None:
    """SoX to a temporary mono MP3, SoX again to a PNG, Pillow to a PNG a slice."""
    with tempfile.TemporaryDirectory() as folder:
        mono, picture = f"{folder}/mono.mp3", f"{folder}/picture.png"
        subprocess.run(["sox", song, mono, "remix", "1,2"], check=True, stderr=subprocess.DEVNULL)
        draw = ["spectrogram", "-Y", "200", "-X", str(pixels_per_second), "-m", "-r", "-o", picture]
        subprocess.run(["sox", mono, "-n", *draw], check=True, stderr=subprocess.DEVNULL)
        with Image.open(picture) as image:
            for left in range(0, image.width - 127, 128):
                image.crop((left, 1, left + 128, 129)).save(f"{folder}/{left}.png")


def with_renderer(renderer: str) -> Callable[[str, int], None]:
    """Our way, by one of the renderers."""

    def way(song: str, pixels_per_second: int) -> None:
        config = RenderConfig(
            renderer=renderer, pixels_per_second=pixels_per_second, sample_rate_hz=0
        )
        render(song, config)

    return way


def decode_only(song: str, pixels_per_second: int) -> None:
    """What no way can do without, by the library that we read songs with."""
    soundfile.read(song)


SONGS_A_TURN = 4
SEED, DECODE = "seed: sox, mp3, sox, png, slices", "soundfile.read alone"
WAYS: dict[str, Callable[[str, int], None]] = {
    SEED: seeds_way,
    "--renderer=sox": with_renderer("sox"),
    "--renderer=native": with_renderer("native"),
    DECODE: decode_only,
}


def measure(way: Callable[[str, int], None], song: str, pixels_per_second: int) -> np.ndarray:
    """CPU and wall milliseconds a song, float64 [2]."""

    def turn() -> None:
        for _ in range(SONGS_A_TURN):
            way(song, pixels_per_second)

    wall, cpu = timed(turn)
    return 1000 / SONGS_A_TURN * np.array([cpu, wall])


def table(samples: dict[str, np.ndarray]) -> str:
    """Medians of the rounds, and ratios of CPU times with their quartiles.

    Args:
        samples: for each way, CPU and wall milliseconds, float64 [rounds, 2].
    """
    lines = [f"{'':<34}{'CPU ms':>8}{'wall ms':>9}{'seed / this':>22}{'this / decoding':>22}"]
    for name, rows in samples.items():
        cpu, wall = np.median(rows, axis=0)
        faster = ratio(samples[SEED][:, 0] / rows[:, 0])
        slower = ratio(rows[:, 0] / samples[DECODE][:, 0])
        lines.append(f"{name:<34}{cpu:>8.1f}{wall:>9.1f}{faster:>22}{slower:>22}")
    return "\n".join(lines)


def main(argv: list[str]) -> None:
    """Measures and prints."""
    if len(argv) > 1:
        raise app.UsageError(f"Unexpected arguments: {' '.join(argv[1:])}")
    with tempfile.TemporaryDirectory() as folder:
        song = _SONG.value or str(Path(folder, "song.mp3"))
        if not _SONG.value:
            demo.write_song(demo.SONGS[-1], Path(song), seed=0)
        samples: dict[str, list[np.ndarray]] = {name: [] for name in WAYS}
        for number in range(_ROUNDS.value + 1):
            for name, way in WAYS.items():
                sample = measure(way, song, _PIXELS_PER_SECOND.value)
                if number:  # the first round warms up
                    samples[name].append(sample)
    print(table({name: np.array(rows) for name, rows in samples.items()}))


if __name__ == "__main__":
    app.run(main)
