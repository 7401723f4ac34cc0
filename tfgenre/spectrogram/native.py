"""SoX's spectrogram effect in NumPy, pixel for pixel.

`sox IN -n remix - spectrogram -Y 200 -X PPS -m -r` draws palette indices, 129 rows from the highest
frequency down to 0 Hz, one column every 1 / PPS seconds. The algorithm is that of SoX 14.4.2
(`spectrogram.c`), described in docs/sox.md.
"""

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfgenre.errors import SkipTrack
from tfgenre.spectrogram.frames import Read, around
from tfgenre.spectrogram.palette import palette
from tfgenre.spectrogram.sample_buffer import SampleBuffer

DFT_SIZE = 256
ROWS = DFT_SIZE // 2 + 1
_FRAMES_PER_CHUNK = 196  # their samples and spectra take 0.8 MB; a core's own cache has 1 or 2 MB
_CHUNKS_AT_ONCE = 4  # about one slice
Samples = NDArray[np.float32] | NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
    """Where SoX puts its analysis frames: frame k ends `first + k * step` samples into the song."""

    step: int
    frames_per_column: int

    @classmethod
    def for_rate(cls, rate_hz: int, pixels_per_second: int) -> "Grid":
        """The grid for a song's sample rate.

        Raises:
            SkipTrack: if a column would be shorter than one sample.
        """
        block = rate_hz // pixels_per_second
        if block < 1:
            detail = f"{rate_hz} Hz is too low for {pixels_per_second} pixels per second"
            raise SkipTrack("decode_error", detail)
        step = int(block / math.ceil(block / (DFT_SIZE // 2)) + 0.5)
        return cls(step=step, frames_per_column=int(block / step + 0.5))

    @property
    def lead(self) -> int:
        """Half the overlap between neighbouring frames, in samples."""
        return (DFT_SIZE - self.step) // 2

    @property
    def first(self) -> int:
        """Where the first frame ends, in samples into the song."""
        return self.step + self.lead

    def num_frames(self, num_samples: int) -> int:
        """The number of frames in a song, including those that reach past its end."""
        remainder = num_samples % self.step
        fed = num_samples + self.lead
        if remainder >= self.step // 2:
            fed += self.step - remainder
        return max(0, (fed - self.first) // self.step + 1) if num_samples else 0

    def missing(self, frames: NDArray[np.int64], num_samples: int) -> NDArray[np.int64]:
        """How many samples each frame lacks at its start (positive) or end (negative), int64."""
        ends = self.first + frames * self.step
        return np.where(ends <= num_samples, np.maximum(DFT_SIZE - ends, 0), num_samples - ends)


def window(missing: int = 0) -> NDArray[np.float64]:
    """A Hann window over the samples that exist, float64 [256], normalised as in SoX.

    Args:
        missing: samples lacking at the frame's start (positive) or at its end (negative).
    """
    points = 1 + DFT_SIZE - abs(missing)
    start = max(missing, 0)
    full = np.zeros(DFT_SIZE + 1)
    full[start : start + points] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(points) / (points - 1))
    shape = full[:DFT_SIZE]
    return shape * (2 / shape.sum() * ((points - 1) / DFT_SIZE) ** 2)


_WHOLE_WINDOW = window()


def columns(
    blocks: Iterable[Samples], *, rate_hz: int, pixels_per_second: int
) -> Iterator[NDArray[np.uint8]]:
    """Draws a song while it is read.

    Args:
        blocks: mono samples, float32 or float64 [samples] each, full scale 1.
        rate_hz: their sample rate.
        pixels_per_second: requested columns per second; SoX rounds to whole frames.

    Yields:
        uint8 [columns, 129]: consecutive columns, each from 0 Hz up, palette indices 4 (at or below
        -120 dB) to 254 (0 dB).

    Raises:
        SkipTrack: if a column would be shorter than one sample.
    """
    grid = Grid.for_rate(rate_hz, pixels_per_second)
    stream = _ColumnStream(grid, np.zeros(DFT_SIZE - grid.first))  # before the song
    drawn = np.zeros((0, ROWS), np.uint8)
    num_yielded = 0
    for more in stream.draw(blocks):
        drawn = np.concatenate([drawn, more])
        # SoX computes the picture's width from the requested column rate, but its columns are a
        # little narrower. Columns beyond that width wait here until more samples have arrived.
        ready = _width(stream.num_samples, rate_hz, pixels_per_second) - num_yielded
        num_yielded += min(ready, len(drawn))
        yield drawn[:ready]
        drawn = drawn[ready:]
    yield drawn[: (_width(stream.num_samples, rate_hz, pixels_per_second) or 800) - num_yielded]


def num_columns(num_samples: int, *, rate_hz: int, pixels_per_second: int) -> int:
    """The number of columns that `columns` gives."""
    grid = Grid.for_rate(rate_hz, pixels_per_second)
    drawn = -(-grid.num_frames(num_samples) // grid.frames_per_column)
    return min(drawn, _width(num_samples, rate_hz, pixels_per_second) or 800)


def part(
    read: Read,
    columns: range,
    *,
    rate_hz: int,
    pixels_per_second: int,
    num_samples: int,
) -> NDArray[np.uint8]:
    """Draws some of a song's columns as `columns` does, uint8 [columns, 129]; see `mel.part`."""
    grid = Grid.for_rate(rate_hz, pixels_per_second)
    first = columns.start * grid.frames_per_column
    last = min(columns.stop * grid.frames_per_column, grid.num_frames(num_samples))
    start = grid.first + first * grid.step - DFT_SIZE
    stop = grid.first + (last - 1) * grid.step
    samples = around(read, start, stop, num_samples=num_samples)
    stream = _ColumnStream(grid, samples, frames_drawn=first, num_samples=num_samples)
    return palette(np.concatenate(list(stream.rest(last))))


def _width(num_samples: int, rate_hz: int, pixels_per_second: int) -> int:
    """The number of columns in a song; where it is 0, SoX takes 800."""
    return int(pixels_per_second * (num_samples / rate_hz) + 0.5)


def spectrogram(
    blocks: Iterable[Samples], *, rate_hz: int, pixels_per_second: int
) -> NDArray[np.uint8]:
    """Draws a whole song as SoX's picture, uint8 [129, columns], row 0 the highest frequency."""
    drawn = columns(blocks, rate_hz=rate_hz, pixels_per_second=pixels_per_second)
    return np.concatenate([np.zeros((0, ROWS), np.uint8), *drawn])[:, ::-1].T


class _ColumnStream:
    """Turns a stream of samples into columns, uint8 [columns, 129], lowest frequency first.

    It works in chunks, whose arrays are allocated once per song and fit into a core's own cache.
    """

    def __init__(
        self,
        grid: Grid,
        samples: NDArray[np.floating],
        *,
        frames_drawn: int = 0,
        num_samples: int = 0,
    ) -> None:
        """See the class.

        Args:
            grid: where the frames are.
            samples: from the start of the next frame on.
            frames_drawn: the number of frames before that one.
            num_samples: how much of the song is known.
        """
        self.num_samples = num_samples
        self._grid = grid
        self._frames_drawn = frames_drawn
        self._buffer = SampleBuffer(samples)
        columns = max(1, _FRAMES_PER_CHUNK // grid.frames_per_column)
        self._chunk = columns * grid.frames_per_column  # frames
        self._windowed = np.empty((self._chunk, DFT_SIZE))

    def draw(self, blocks: Iterable[Samples]) -> Iterator[NDArray[np.uint8]]:
        """Yields all columns; the song is padded with silence on both sides."""
        power = self._power(blocks)
        while chunks := list(itertools.islice(power, _CHUNKS_AT_ONCE)):
            yield palette(np.concatenate(chunks))

    def _power(self, blocks: Iterable[Samples]) -> Iterator[NDArray[np.float64]]:
        """Yields the mean power of all columns, float64 [columns, 129]."""
        for block in blocks:
            self.num_samples += len(block)
            self._buffer.append(block)
            while len(self._buffer.samples) >= (self._chunk - 1) * self._grid.step + DFT_SIZE:
                yield self._transform(self._chunk)
        last = self._grid.num_frames(self.num_samples)
        self._buffer.append(np.zeros((last - self._frames_drawn) * self._grid.step + DFT_SIZE))
        yield from self.rest(last)

    def rest(self, last: int) -> Iterator[NDArray[np.float64]]:
        """Yields the mean power of the columns up to a frame; all samples must be there."""
        while (left := last - self._frames_drawn) > 0:
            yield self._transform(min(left, self._chunk))

    def _transform(self, count: int) -> NDArray[np.float64]:
        """The power of the next frames' columns; the first frame starts where the buffer does."""
        step, samples = self._grid.step, self._buffer.samples
        strides = (step * samples.itemsize, samples.itemsize)
        frames = np.ndarray((count, DFT_SIZE), samples.dtype, buffer=samples.data, strides=strides)
        windowed = np.multiply(frames, _WHOLE_WINDOW, out=self._windowed[:count])
        for k, missing in self._incomplete(count):
            windowed[k] = frames[k] * window(missing)
        self._frames_drawn += count
        self._buffer.discard(count * step)
        spectrum = np.fft.rfft(windowed).view(np.float64)  # real and imaginary parts alternate
        squares = _mean_squares(spectrum, self._grid.frames_per_column)
        return squares[:, 0::2] + squares[:, 1::2]

    def _incomplete(self, count: int) -> Iterator[tuple[int, int]]:
        """Which of the next frames lack samples, each with how many; see `Grid.missing`."""
        first_end = self._grid.first + self._frames_drawn * self._grid.step
        last_end = first_end + (count - 1) * self._grid.step
        if first_end < DFT_SIZE or last_end > self.num_samples:
            missing = self._grid.missing(self._frames_drawn + np.arange(count), self.num_samples)
            for k in np.flatnonzero(missing):
                yield int(k), int(missing[k])


def _mean_squares(frames: NDArray[np.float64], frames_per_column: int) -> NDArray[np.float64]:
    """Mean squares over each column's frames; the last column may have fewer frames."""
    whole = len(frames) // frames_per_column * frames_per_column
    columns = frames[:whole].reshape(-1, frames_per_column, frames.shape[1])
    means = np.einsum("cfk,cfk->ck", columns, columns)
    means *= 1 / frames_per_column
    if whole == len(frames):
        return means
    return np.concatenate([means, np.square(frames[whole:]).mean(axis=0, keepdims=True)])
