"""Renders some of a song's slices, of which only those parts are read, decoded and drawn.

The slices equal those of the whole song, as `render` draws it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfgenre.audio.parts import Parts, open_parts
from tfgenre.config import RenderConfig
from tfgenre.errors import SkipTrack
from tfgenre.spectrogram import mel, musicnn, native, slices
from tfgenre.spectrogram.palette import PALETTE_FIRST

_DRAW: dict[str, Callable[..., NDArray[np.uint8]]] = {
    "sox": native.part,
    "mel": mel.part,
    "musicnn": musicnn.part,
}
_NUM_COLUMNS: dict[str, Callable[..., int]] = {
    "sox": native.num_columns,
    "mel": mel.num_columns,
    "musicnn": lambda num_samples, **rates: musicnn.num_columns(num_samples),
}


def are_enough(config: RenderConfig) -> bool:
    """Whether a config may leave out slices, and can draw the others alone."""
    return config.max_slices_per_track > 0 and config.renderer == "native"


def render_parts(path: str, config: RenderConfig) -> tuple[NDArray[np.uint8], list[int]]:
    """Renders the slices that `max_slices_per_track` keeps.

    Returns:
        The slices, uint8 [slices, 128, 128], and the position of each in the song.

    Raises:
        SkipTrack: if the song must be decoded whole: it cannot be entered, half of its slices or
            more are kept, or all that are kept are silent.
    """
    with open_parts(path, sample_rate_hz=config.sample_rate_hz) as song:
        rates = {"rate_hz": song.rate_hz, "pixels_per_second": config.pixels_per_second}
        num_columns = _NUM_COLUMNS[config.spectrogram](song.num_samples, **rates)
        starts = slices.starts(num_columns, tail=config.tail)
        kept = list(slices.spread(starts, config.max_slices_per_track))
        if 2 * len(kept) >= len(starts):
            raise SkipTrack("too_short", "most of it is kept")
        images = np.stack([_draw(song, start, config, rates) for _, start in kept])
    if images.max() <= PALETTE_FIRST:
        raise SkipTrack("silent", "the slices that are kept are")
    return images, [index for index, _ in kept]


def _draw(
    song: Parts, start: int, config: RenderConfig, rates: dict[str, Any]
) -> NDArray[np.uint8]:
    columns = _DRAW[config.spectrogram](
        song.read,
        range(start, start + slices.SLICE_SIZE),
        num_samples=song.num_samples,
        **rates,
    )
    return slices.upright(columns[:, : slices.SLICE_SIZE])
