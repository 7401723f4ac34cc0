"""What a song's slices cost: the seed's way, the sox program, NumPy, and decoding alone.

python -m benchmarks.render [--song=song.mp3] [--rounds=10]

The four take turns, so that a machine whose speed drifts drifts for all of them. CPU seconds are
this process' and its children's.
"""

import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from absl import app, flags
from PIL import Image

from tfgenre.audio import open_audio
from tfgenre.config import RenderConfig
from tfgenre.datasets import demo
from tfgenre.render import render

_SONG = flags.DEFINE_string("song", None, "A sound file; if not given, a song is synthesized.")
_ROUNDS = flags.DEFINE_integer("rounds", 10, "How often each way has its turn.", lower_bound=1)
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
    """What no way can do without."""
    with open_audio(song) as audio:
        for _ in audio.blocks:
            pass


WAYS: dict[str, Callable[[str, int], None]] = {
    "seed: sox, mp3, sox, png, slices": seeds_way,
    "--renderer=sox": with_renderer("sox"),
    "--renderer=native": with_renderer("native"),
    "decode and mix only": decode_only,
}


def measure(way: Callable[[str, int], None], song: str, pixels_per_second: int) -> np.ndarray:
    """CPU and wall milliseconds of one call, float64 [2]."""
    cpu, wall = cpu_seconds(), time.perf_counter()
    way(song, pixels_per_second)
    return 1000 * np.array([cpu_seconds() - cpu, time.perf_counter() - wall])


def cpu_seconds() -> float:
    """CPU seconds of this process and of its finished children."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def table(samples: dict[str, list[np.ndarray]]) -> str:
    """Medians, and each way's CPU time as a multiple of the native renderer's."""
    base = statistics.median(cpu for cpu, _ in samples["--renderer=native"])
    lines = [f"{'':<36}{'CPU ms':>8}{'wall ms':>9}{'CPU ratio':>11}"]
    for name, rows in samples.items():
        cpu, wall = (statistics.median(column) for column in zip(*rows, strict=True))
        lines.append(f"{name:<36}{cpu:>8.1f}{wall:>9.1f}{cpu / base:>11.2f}")
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
    print(table(samples))


if __name__ == "__main__":
    app.run(main)
