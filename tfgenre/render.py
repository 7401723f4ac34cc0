"""A song's path becomes its slices, or the reason why not. Building and predicting both call it."""

import shutil

import numpy as np
from numpy.typing import NDArray

from tfgenre import audio, slices, spectrogram
from tfgenre.config import RenderConfig
from tfgenre.errors import SkipTrack, UserError


def render(path: str, config: RenderConfig) -> NDArray[np.uint8]:
    """Renders a song.

    Args:
        path: the sound file.
        config: pixels a second and which renderer draws.

    Returns:
        uint8 [slices, 128, 128], at least one slice.

    Raises:
        SkipTrack: with one of the reasons in `errors.SKIP_REASONS`.
    """
    picture = draw(path, config)
    if picture.size and picture.max() == spectrogram.PALETTE_FIRST:
        raise SkipTrack("silent", "nothing above -120 dB")
    cut = slices.cut(picture)
    if not len(cut):
        columns = picture.shape[1]
        raise SkipTrack("too_short", f"{columns} columns, a slice takes {slices.SLICE_SIZE}")
    return cut


def check_renderer(config: RenderConfig) -> None:
    """Raises UserError if the renderer is a program that is not installed."""
    if config.renderer == "sox" and shutil.which("sox") is None:
        raise UserError(
            "--renderer=sox: the sox program is not installed (apt-get install sox "
            "libsox-fmt-mp3); --renderer=native draws the same pictures without it."
        )


def draw(path: str, config: RenderConfig) -> NDArray[np.uint8]:
    """A song's whole picture, uint8 [129, columns], as `spectrogram.spectrogram` gives it.

    Raises:
        SkipTrack: as `render`.
    """
    pixels_per_second = config.pixels_per_second
    with audio.open_audio(path) as song:
        if config.renderer == "sox":
            seconds = song.seconds if song.guessed_length else None
            return spectrogram.sox_spectrogram(
                path, pixels_per_second=pixels_per_second, seconds=seconds
            )
        return spectrogram.spectrogram(
            song.blocks, rate_hz=song.rate_hz, pixels_per_second=pixels_per_second
        )
