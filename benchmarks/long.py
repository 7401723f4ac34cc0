"""Songs per second of songs of four minutes: all of their slices, and ten of each.

python -m benchmarks.long

MP3s of 44.1 kHz, stereo, 128 kbit/s, rendered by one or two processes; a build is the whole
program. `benchmarks.predict` has their prediction.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import build, inputs, render, script
from benchmarks.ways import Benchmark, Turn, Way
from tfgenre.config import RenderConfig

_TEN = {"max_slices_per_track": 10}


def _rendering(num_workers: int, **options: Any) -> Callable[..., Turn]:
    """Render processes alone."""
    config = RenderConfig(**options)
    return lambda songs, data_dir: render.by_workers(
        songs, num_workers=num_workers, times=2, config=config
    )


def _building(num_workers: int, *flags: str) -> Callable[..., Turn]:
    return lambda songs, data_dir: build.build(
        data_dir, len(songs), num_workers=num_workers, flags=flags
    )


def prepare(folder: Path, smoke: bool) -> dict[str, Any]:
    """Writes the songs."""
    size = {"num_songs": 4, "num_parts": 2} if smoke else {"num_songs": 24}
    songs = inputs.long_songs(folder / "songs", **size)
    return {"songs": songs, "data_dir": str(folder / "songs")}


BENCHMARK = Benchmark(
    "benchmarks.long",
    unit="songs",
    ways={
        "sox": Way("SoX's spectrogram, all slices", _rendering(1)),
        "sox_ten": Way("the same, ten slices", _rendering(1, **_TEN)),
        "mel": Way("mel, all slices", _rendering(1, spectrogram="mel")),
        "mel_ten": Way("the same, ten slices", _rendering(1, spectrogram="mel", **_TEN)),
        "two": Way("mel, two render processes, all slices", _rendering(2, spectrogram="mel")),
        "two_ten": Way("the same, ten slices", _rendering(2, spectrogram="mel", **_TEN)),
        "build": Way("make_records, 2 processes, all slices", _building(2), warm_up=False),
        "build_ten": Way(
            "the same, ten slices", _building(2, "--max_slices_per_track=10"), warm_up=False
        ),
    },
    references=("sox", "mel"),
    prepare=prepare,
)

if __name__ == "__main__":
    script.run(BENCHMARK)
