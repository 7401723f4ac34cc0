"""The frames of a song's columns, each centred at its column, while the song is read."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from tfgenre.spectrogram.sample_buffer import SampleBuffer

# Reads the samples of a song from start to before stop, neither beyond its ends.
Read = Callable[[int, int], NDArray[np.floating]]


def around(read: Read, start: int, stop: int, *, num_samples: int) -> NDArray[np.floating]:
    """The samples from start to before stop, 0 beyond the song's ends, [stop - start]."""
    first, last = max(0, start), min(stop, num_samples)
    samples = read(first, last) if first < last else np.zeros(0)
    if (first, last) == (start, stop):
        return samples
    return np.pad(samples, (first - start, stop - start - len(samples) - (first - start)))


def some(
    read: Read, centres: NDArray[np.int64], *, size: int, num_samples: int, at_once: int
) -> Iterator[NDArray[np.floating]]:
    """Yields the frames of some consecutive columns, those that `centred` gives.

    Args:
        read: reads the song.
        centres: the sample at which each is centred, int64 [columns].
        size: the length of a frame in samples, even.
        num_samples: the length of the song.
        at_once: how many frames are yielded at once; fewer at the end.

    Yields:
        Floats [columns, size].
    """
    start = int(centres[0]) - size // 2
    samples = around(read, start, int(centres[-1]) + size // 2, num_samples=num_samples)
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)
    for first in range(0, len(centres), at_once):
        yield frames[centres[first : first + at_once] - centres[0]]


def centred(
    blocks: Iterable[NDArray[np.floating]],
    *,
    size: int,
    centre: Callable[[NDArray[np.int64]], NDArray[np.int64]],
    num_columns: Callable[[int], int],
    at_once: int,
) -> Iterator[NDArray[np.float64]]:
    """Yields the frames of consecutive columns; beyond the song's ends they are 0.

    Args:
        blocks: mono samples, float32 or float64 [samples] each.
        size: the length of a frame in samples, even.
        centre: columns -> the sample at which each is centred; the first at sample 0.
        num_columns: the number of samples -> that of columns.
        at_once: how many frames are yielded at once; fewer at the end.

    Yields:
        float64 [columns, size], valid until the next.
    """
    buffer = SampleBuffer(np.zeros(size // 2))  # it begins where the next column's frame does
    num_samples = drawn = 0

    def starts(count: int) -> NDArray[np.int64]:
        """Where the frames of the next columns start in the buffer, int64 [count]."""
        places = centre(drawn + np.arange(count))
        return places - places[0]

    def frames(places: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.lib.stride_tricks.sliding_window_view(buffer.samples, size)[places]

    following = starts(at_once + 1)
    for block in blocks:
        num_samples += len(block)
        buffer.append(block)
        while len(buffer.samples) >= max(following[-2] + size, following[-1]):
            yield frames(following[:-1])
            buffer.discard(int(following[-1]))
            drawn += at_once
            following = starts(at_once + 1)
    left = num_columns(num_samples) - drawn
    buffer.append(np.zeros(size))
    if left:
        yield frames(starts(left))
