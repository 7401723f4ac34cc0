"""A mel spectrogram in NumPy: 128 bands, evenly spaced in pitch as people hear it.

Frames of 2,048 samples, centred at their columns, under a Hann window; triangular bands on the mel
scale of O'Shaughnessy (1987), 2595 log10(1 + f / 700), from 20 Hz to 20 kHz. It is librosa's
`melspectrogram(htk=True, norm=1)` in decibels, but for bands narrower than the distance of two
frequencies of the transform, which are empty there and take the nearest frequency here. A
full-scale sine wave on such a frequency has a power of 1 in it, 0 dB.
"""

import functools
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfgenre.spectrogram import frames
from tfgenre.spectrogram.palette import palette

DFT_SIZE = 2048
BANDS = 128
LOWEST_HZ, HIGHEST_HZ = 20.0, 20_000.0
_FRAMES_AT_ONCE = 64  # their samples take 1 MB: a core's own cache has 1 or 2 MB


class Bands(NamedTuple):
    """The bands as weighted sums over the transform's frequencies.

    Attributes:
        bins: the frequencies of the first band, of the second and so on, int64 [terms].
        weights: the weight of each, float32 [terms]; those of a band sum to 1.
        starts: where each band begins in these, int64 [128].
    """

    bins: NDArray[np.int64]
    weights: NDArray[np.float32]
    starts: NDArray[np.int64]


def window() -> NDArray[np.float64]:
    """A periodic Hann window, float64 [2048], that sums to 2."""
    shape = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(DFT_SIZE) / DFT_SIZE)
    return shape * (2 / shape.sum())


def edges_hz(rate_hz: int, num_bands: int = BANDS) -> NDArray[np.float64]:
    """The band edges, float64 [bands + 2]: band k rises from edge k to k + 1 and falls to k + 2.

    The last is 20 kHz, or half the sample rate if that is lower.
    """
    lowest, highest = (_mel(hz) for hz in (LOWEST_HZ, min(HIGHEST_HZ, rate_hz / 2)))
    return 700 * (10 ** (np.linspace(lowest, highest, num_bands + 2) / 2595) - 1)


def _mel(hz: float) -> float:
    return float(2595 * np.log10(1 + hz / 700))


@functools.cache
def bands(rate_hz: int) -> Bands:
    """The bands at a sample rate."""
    frequencies_hz = np.arange(DFT_SIZE // 2 + 1) * (rate_hz / DFT_SIZE)
    weights = triangles(frequencies_hz, edges_hz(rate_hz))
    numbers, bins = np.nonzero(weights)
    starts = np.searchsorted(numbers, np.arange(BANDS))
    return Bands(bins, weights[numbers, bins].astype(np.float32), starts)


def triangles(
    frequencies_hz: NDArray[np.floating], edges: NDArray[np.floating]
) -> NDArray[np.float64]:
    """The weight of each frequency in each band, float64 [bands, frequencies]; a band's sum is 1.

    Args:
        frequencies_hz: in any order, [frequencies].
        edges: of the bands in Hz, [bands + 2]; a band without a frequency takes the nearest.
    """
    low, centre, high = (each[:, np.newaxis] for each in (edges[:-2], edges[1:-1], edges[2:]))
    rising = (frequencies_hz - low) / (centre - low)
    falling = (high - frequencies_hz) / (high - centre)
    weights = np.maximum(0, np.minimum(rising, falling))
    empty = np.flatnonzero(~weights.any(axis=1))
    weights[empty, np.abs(frequencies_hz - centre[empty]).argmin(axis=1)] = 1
    return weights / weights.sum(axis=1, keepdims=True)


def centre(column: Any, *, rate_hz: int, pixels_per_second: int) -> Any:
    """The sample at which a column is centred; integers of any kind, arrays and tensors too."""
    return (2 * column * rate_hz + pixels_per_second) // (2 * pixels_per_second)


def num_columns(num_samples: int, *, rate_hz: int, pixels_per_second: int) -> int:
    """The number of columns of a song: one at its start, and at every step within it."""
    return 1 + num_samples * pixels_per_second // rate_hz if num_samples else 0


def columns(
    blocks: Iterable[NDArray[np.floating]], *, rate_hz: int, pixels_per_second: int
) -> Iterator[NDArray[np.uint8]]:
    """Draws a song while it is read.

    Args:
        blocks: mono samples, float32 or float64 [samples] each, full scale 1.
        rate_hz: their sample rate.
        pixels_per_second: columns per second; `centre` says where each is.

    Yields:
        uint8 [columns, 128]: consecutive columns, each from the lowest band up, palette indices 4
        (at or below -120 dB) to 254 (0 dB).
    """
    rates = {"rate_hz": rate_hz, "pixels_per_second": pixels_per_second}
    for some in frames.centred(
        blocks,
        size=DFT_SIZE,
        centre=functools.partial(centre, **rates),
        num_columns=functools.partial(num_columns, **rates),
        at_once=_FRAMES_AT_ONCE,
    ):
        yield _draw(some, rate_hz)


def part(
    read: frames.Read,
    columns: range,
    *,
    rate_hz: int,
    pixels_per_second: int,
    num_samples: int,
) -> NDArray[np.uint8]:
    """Draws some of the columns that a song has, as `columns` does.

    Args:
        read: reads the song's samples from start to before stop.
        columns: which.
        rate_hz: the sample rate.
        pixels_per_second: columns per second.
        num_samples: the length of the song.

    Returns:
        uint8 [columns, 128].
    """
    centres = centre(np.array(columns), rate_hz=rate_hz, pixels_per_second=pixels_per_second)
    found = frames.some(
        read, centres, size=DFT_SIZE, num_samples=num_samples, at_once=_FRAMES_AT_ONCE
    )
    return np.concatenate([_draw(framed, rate_hz) for framed in found])


_WINDOW = window()


def _draw(framed: NDArray[np.floating], rate_hz: int) -> NDArray[np.uint8]:
    """Draws the columns of some frames, [columns, 2048] -> uint8 [columns, 128]."""
    # In float32, quiet bands beside a loud tone would be a step off.
    parts = np.fft.rfft(framed * _WINDOW).view(np.float64)  # real and imaginary parts alternate
    parts *= parts
    # Transposed, [frequencies, columns]: sums then run along the columns, several at once.
    power = np.empty((DFT_SIZE // 2 + 1, len(framed)), np.float32)
    np.add(parts[:, 0::2].T, parts[:, 1::2].T, out=power, casting="same_kind")
    found = bands(rate_hz)
    terms = power.take(found.bins, axis=0)
    terms *= found.weights[:, np.newaxis]
    return palette(np.add.reduceat(terms, found.starts)).T
