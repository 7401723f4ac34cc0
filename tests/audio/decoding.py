"""Decodes whole songs for tests."""

from pathlib import Path

import numpy as np

from tfgenre.audio.song import open_audio


def mono(path: Path) -> np.ndarray:
    """All mono samples of a song at its own rate."""
    with open_audio(str(path)) as song:
        return np.concatenate(list(song.blocks))
