"""Generated songs and records, the same in every run, for when the flags name no real ones."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
import soundfile

from tfgenre.config import BuildConfig, RenderConfig, SplitConfig
from tfgenre.datasets import demo
from tfgenre.datasets.demo_styles import GENRES
from tfgenre.records.example import Example
from tfgenre.records.folder import Records
from tfgenre.records.sampling import sampling_key
from tfgenre.records.synthetic import write_examples
from tfgenre.spectrogram.render import Slices, render

_VALIDATION_SLICES = 110


def songs(folder: Path, *, num_songs: int) -> Path:
    """Writes songs of the demo, one folder per genre; songs after the 60th are copies.

    Args:
        folder: where to write them.
        num_songs: how many.

    Returns:
        The folder.
    """
    originals = demo.SONGS[:: max(1, len(demo.SONGS) // num_songs)][:num_songs]
    paths = [
        folder / GENRES[song.genre] / f"{number}-0.mp3" for number, song in enumerate(originals)
    ]
    with ProcessPoolExecutor() as pool:
        list(pool.map(demo.write_song, originals, paths, [0] * len(paths)))
    for number in range(len(paths), num_songs):
        original = paths[number % len(paths)]
        name = original.stem.replace("-0", f"-{number // len(paths)}")
        shutil.copyfile(original, original.with_stem(name))
    return folder


def long_songs(folder: Path, *, num_songs: int, num_parts: int = 8) -> list[str]:
    """Writes long songs, MP3s of 44.1 kHz, stereo, 128 kbit/s.

    Args:
        folder: where to write them, in a folder per genre.
        num_songs: how many.
        num_parts: how many songs of the demo, of half a minute, are in each; 8 are four minutes.

    Returns:
        Their paths.
    """
    paths = []
    short = sorted(songs(folder / "short", num_songs=num_parts).rglob("*.mp3"))
    parts = [soundfile.read(path, always_2d=True)[0][:, [0, -1]] for path in short]
    shutil.rmtree(folder / "short")
    for number in range(num_songs):
        first = number % len(parts)
        paths.append(folder / GENRES[number % 2] / f"{number}.mp3")
        paths[-1].parent.mkdir(parents=True, exist_ok=True)
        samples = np.concatenate(parts[first:] + parts[:first])
        options = {"bitrate_mode": "CONSTANT", "compression_level": 0.7}
        soundfile.write(paths[-1], samples, 44100, format="MP3", **options)
    return [str(path) for path in paths]


def write_records(
    folder: Path, *, num_slices: int, num_shards: int, spectrogram: str = "sox"
) -> Records:
    """Writes records of some songs' slices, each shifted along time.

    Args:
        folder: where to write them.
        num_slices: how many to train on; 110 more are for validation.
        num_shards: how many shards the training slices fill, of nearly equal size.
        spectrogram: what the manifest says was drawn; it is SoX's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    bounds = np.linspace(0, num_slices, num_shards + 1).astype(int)
    sizes = {"train": np.diff(bounds).tolist(), "validation": [_VALIDATION_SLICES], "test": []}
    slices = _slices(folder / "songs", num_slices + _VALIDATION_SLICES)
    shards = {split: (islice(slices, size) for size in found) for split, found in sizes.items()}
    return write_examples(folder, _config(num_shards, spectrogram), shards, num_shards=num_shards)


def _config(num_shards: int, spectrogram: str) -> BuildConfig:
    return BuildConfig(
        dataset="demo",
        genres=GENRES,
        num_shards=num_shards,
        split=SplitConfig(split_by="track"),
        render=RenderConfig(spectrogram=spectrogram),
    )


def _slices(scratch: Path, num_slices: int) -> Iterator[Example]:
    rendered = []
    for path in sorted(songs(scratch, num_songs=len(GENRES)).rglob("*.mp3")):
        found = render(str(path), RenderConfig())
        assert isinstance(found, Slices)
        rendered += [(GENRES.index(path.parent.name), image) for image in found.images]
    shutil.rmtree(scratch)
    rng = np.random.default_rng(0)
    for number in range(num_slices):
        label, image = rendered[number % len(rendered)]
        shifted = np.roll(image, rng.integers(128), axis=1)
        track_id, index = str(number // 10), number % 10
        key = sampling_key(0, track_id, index)
        yield Example(shifted.tobytes(), label, track_id, index, key)
