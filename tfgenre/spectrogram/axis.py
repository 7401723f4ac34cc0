"""The frequency axis of a picture: where in a slice a frequency is."""

import numpy as np
from numpy.typing import NDArray

from tfgenre.config import RenderConfig
from tfgenre.spectrogram import mel, musicnn, native
from tfgenre.spectrogram.slices import SLICE_SIZE

_LINEAR_HZ = (0, 5_000, 10_000, 15_000, 20_000)
_MEL_HZ = (100, 500, 1_000, 2_000, 5_000, 10_000)


def ticks(config: RenderConfig) -> dict[float, str]:
    """Frequencies to name at the axis of a picture.

    Args:
        config: how songs are rendered.

    Returns:
        Labels by height, a share of the picture: 0 is its lower edge, 1 its upper one.
    """
    rate_hz = config.sample_rate_hz
    if not rate_hz:
        return {0.0: "0 Hz", 1.0: "half the\nsample rate"}
    named_hz = _LINEAR_HZ if config.spectrogram == "sox" else _MEL_HZ
    at_hz = [hz for hz in named_hz if hz < rate_hz / 2]
    heights = _heights(np.array(at_hz), config)
    return {
        float(height): f"{hz // 1000} kHz" if hz >= 1000 else f"{hz} Hz"
        for hz, height in zip(at_hz, heights, strict=True)
    }


def _heights(at_hz: NDArray[np.int64], config: RenderConfig) -> NDArray[np.float64]:
    """The height of each frequency in the picture; a row's own is at the row's middle."""
    if config.spectrogram == "sox":
        rows = at_hz / (config.sample_rate_hz / native.DFT_SIZE)
    elif config.spectrogram == "mel":
        rows = np.interp(at_hz, mel.edges_hz(config.sample_rate_hz)[1:-1], np.arange(mel.BANDS))
    else:
        rows = np.interp(at_hz, musicnn.edges_hz()[1:-1], np.arange(musicnn.BANDS))
    return (rows + 0.5) / SLICE_SIZE
