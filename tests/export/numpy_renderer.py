"""The slices that the renderer draws, to compare a graph's with."""

import numpy as np

from tfgenre.config import RenderConfig
from tfgenre.spectrogram import slices
from tfgenre.spectrogram.render import DRAW


def drawn_by_numpy(samples: np.ndarray, rate_hz: int, config: RenderConfig) -> np.ndarray:
    how = {"rate_hz": rate_hz, "pixels_per_second": config.pixels_per_second}
    columns = DRAW[config.spectrogram]([samples], **how)
    cut = slices.cut(columns, tail=config.tail)
    return np.stack([image for _, image in slices.spread(cut, config.max_slices_per_track)])
