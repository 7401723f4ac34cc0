"""The spectrogram that the network musicnn was trained on (Pons and Serra 2019), in NumPy.

At 16 kHz, frames of 512 samples every 256, centred at their columns, under a Hann window; 96
triangular bands on the mel scale of Slaney's Auditory Toolbox (1998) from 0 Hz to 8 kHz, each
divided by its width in Hz / 2; log10(1 + 10,000 power). It is librosa's `melspectrogram`, whose
frames are 0 beyond a song's ends since librosa 0.10; those of 2019 were mirrored there.
"""

import functools
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from tfgenre.spectrogram import frames
from tfgenre.spectrogram.palette import PALETTE_FIRST
from tfgenre.spectrogram.slices import SLICE_SIZE

RATE_HZ = 16_000
DFT_SIZE = 512
HOP = 256
BANDS = 96
COMPRESSION = 10_000.0
STEPS_PER_UNIT = 250 / 6  # of log10(1 + 10,000 power), which is 0 to 6 but for the loudest
LARGEST_STEP = 250
_LINEAR_BELOW_HZ, _LINEAR_STEP_HZ = 1000.0, 200 / 3
_LOG_STEP = np.log(6.4) / 27
_FRAMES_AT_ONCE = 256  # their samples take 1 MB


def columns(
    blocks: Iterable[NDArray[np.floating]], *, rate_hz: int, pixels_per_second: int
) -> Iterator[NDArray[np.uint8]]:
    """Draws a song while it is read.

    Args:
        blocks: mono samples, float32 or float64 [samples] each, full scale 1.
        rate_hz: their sample rate, 16,000.
        pixels_per_second: what stands for 62.5.

    Yields:
        uint8 [columns, 128]: consecutive columns, 256 samples apart, each from the lowest band up:
        4 (silence) to 254, and 32 rows of 4 above the bands.
    """
    del rate_hz, pixels_per_second  # `RenderConfig` lets no others through
    for some in frames.centred(
        blocks, size=DFT_SIZE, centre=_centre, num_columns=num_columns, at_once=_FRAMES_AT_ONCE
    ):
        yield _draw(some)


def part(
    read: frames.Read,
    columns: range,
    *,
    rate_hz: int,
    pixels_per_second: int,
    num_samples: int,
) -> NDArray[np.uint8]:
    """Draws some of the columns that a song has, as `columns` does; see `mel.part`."""
    del rate_hz, pixels_per_second
    centres = _centre(np.array(columns))
    (framed,) = frames.some(
        read, centres, size=DFT_SIZE, num_samples=num_samples, at_once=len(centres)
    )
    return _draw(framed)


def _draw(framed: NDArray[np.floating]) -> NDArray[np.uint8]:
    bands = steps(framed).astype(np.uint8) + np.uint8(PALETTE_FIRST)
    return np.pad(bands, [(0, 0), (0, SLICE_SIZE - BANDS)], constant_values=PALETTE_FIRST)


def num_columns(num_samples: int) -> int:
    """The number of columns of a song."""
    return 1 + num_samples // HOP if num_samples else 0


def steps(framed: NDArray[np.floating]) -> NDArray[np.float64]:
    """The bands of some frames in whole steps, [columns, 512] -> [columns, 96]."""
    spectrum = np.fft.rfft(framed * window())
    power = spectrum.real**2 + spectrum.imag**2
    found = np.log10(1 + COMPRESSION * (power @ bands()))
    return np.minimum(np.floor(found * STEPS_PER_UNIT + 0.5), LARGEST_STEP)


@functools.cache
def window() -> NDArray[np.float64]:
    """A periodic Hann window, float64 [512]."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(DFT_SIZE) / DFT_SIZE)


@functools.cache
def bands() -> NDArray[np.float64]:
    """The weight of each frequency in each band, float64 [257, 96]."""
    frequencies_hz = np.arange(DFT_SIZE // 2 + 1) * (RATE_HZ / DFT_SIZE)
    edges = edges_hz()
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising = (frequencies_hz[:, np.newaxis] - low) / (centre - low)
    falling = (high - frequencies_hz[:, np.newaxis]) / (high - centre)
    return np.maximum(0, np.minimum(rising, falling)) * (2 / (high - low))


def edges_hz() -> NDArray[np.float64]:
    """The band edges, float64 [98]: band k rises from edge k to k + 1 and falls to k + 2."""
    linear_below = _LINEAR_BELOW_HZ / _LINEAR_STEP_HZ
    highest = linear_below + np.log(RATE_HZ / 2 / _LINEAR_BELOW_HZ) / _LOG_STEP
    mels = np.linspace(0, highest, BANDS + 2)
    logarithmic = _LINEAR_BELOW_HZ * np.exp(_LOG_STEP * (mels - linear_below))
    return np.where(mels < linear_below, mels * _LINEAR_STEP_HZ, logarithmic)


def _centre(column: NDArray[np.int64]) -> NDArray[np.int64]:
    return column * HOP
