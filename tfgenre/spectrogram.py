"""SoX's spectrogram effect: in NumPy, and through the sox program itself.

Both give what `sox IN -n remix - spectrogram -Y 200 -X PPS -m -r` draws: palette indices, 129 rows
from the highest frequency down to 0 Hz, one column every 1 / PPS seconds. The algorithm is that of
SoX 14.4.2 (`spectrogram.c`); docs/architecture.md tells it in words.
"""

import io
import math
import os
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image

from tfgenre.errors import SkipTrack

DFT_SIZE = 256
ROWS = DFT_SIZE // 2 + 1
FLOOR_DB = -120.0
_SOX_TIMEOUT_S = 900  # for a sox whose caller was killed; the worker's own limit comes first
PALETTE_FIRST = 4
PALETTE_STEPS = 249
_FRAMES_A_CHUNK = 224  # half a megabyte each of frames and of their spectra


@dataclass(frozen=True)
class Grid:
    """Where SoX puts its analysis frames: frame k ends `first + k * step` samples into the song."""

    step: int
    frames_per_column: int

    @classmethod
    def for_rate(cls, rate_hz: int, pixels_per_second: int) -> "Grid":
        """The grid of a song's sample rate.

        Raises:
            SkipTrack: if a column would be shorter than one sample.
        """
        block = rate_hz // pixels_per_second
        if block < 1:
            reason = f"{rate_hz} Hz cannot give {pixels_per_second} pixels a second"
            raise SkipTrack("decode_error", reason)
        step = int(block / math.ceil(block / (DFT_SIZE // 2)) + 0.5)
        return cls(step=step, frames_per_column=int(block / step + 0.5))

    @property
    def lead(self) -> int:
        """Half of the overlap between neighbouring frames, in samples."""
        return (DFT_SIZE - self.step) // 2

    @property
    def first(self) -> int:
        """Samples into the song at which the first frame ends."""
        return self.step + self.lead

    def num_frames(self, num_samples: int) -> int:
        """Frames of a whole song, those that reach past its end included."""
        left_over = num_samples % self.step
        fed = num_samples + self.lead
        if left_over >= self.step // 2:
            fed += self.step - left_over
        return max(0, (fed - self.first) // self.step + 1) if num_samples else 0

    def missing(self, frames: NDArray[np.int64], num_samples: int) -> NDArray[np.int64]:
        """How many samples each frame lacks: positive at the song's start, negative at its end."""
        ends = self.first + frames * self.step
        return np.where(ends <= num_samples, np.maximum(DFT_SIZE - ends, 0), num_samples - ends)


def window(missing: int = 0) -> NDArray[np.float64]:
    """A Hann window over the samples that exist, float64 [256], normalised as SoX does it.

    Args:
        missing: samples lacking at the start of the frame (positive) or at its end (negative).
    """
    points = 1 + DFT_SIZE - abs(missing)
    start = max(missing, 0)
    full = np.zeros(DFT_SIZE + 1)
    full[start : start + points] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(points) / (points - 1))
    shape = full[:DFT_SIZE]
    return shape * (2 / shape.sum() * ((points - 1) / DFT_SIZE) ** 2)


_WHOLE_WINDOW = window()


def columns(
    blocks: Iterable[NDArray[np.float64]], *, rate_hz: int, pixels_per_second: int
) -> Iterator[NDArray[np.uint8]]:
    """Draws a song while it is read.

    Args:
        blocks: mono samples, float64 [any] each, full scale 1.
        rate_hz: their sample rate.
        pixels_per_second: columns a second asked for; SoX rounds to whole frames.

    Yields:
        uint8 [some, 129]: columns one after the other, each from 0 Hz up, palette indices 4 (at or
        below -120 dB) to 254 (0 dB).
    """
    pen = _Pen(Grid.for_rate(rate_hz, pixels_per_second))
    drawn = np.zeros((0, ROWS), np.uint8)
    num_yielded = 0
    for more in pen.draw(blocks):
        drawn = np.concatenate([drawn, more])
        # Columns are a little narrower than asked for, but SoX sizes the picture as if they were
        # not: those that may be cut off at the end wait until the song turns out longer.
        ready = _width(pen.num_samples, rate_hz, pixels_per_second) - num_yielded
        num_yielded += min(ready, len(drawn))
        yield drawn[:ready]
        drawn = drawn[ready:]
    yield drawn[: (_width(pen.num_samples, rate_hz, pixels_per_second) or 800) - num_yielded]


def _width(num_samples: int, rate_hz: int, pixels_per_second: int) -> int:
    """Columns of a whole song; SoX takes 800 where this is 0."""
    return int(pixels_per_second * (num_samples / rate_hz) + 0.5)


def spectrogram(
    blocks: Iterable[NDArray[np.float64]], *, rate_hz: int, pixels_per_second: int
) -> NDArray[np.uint8]:
    """Draws a whole song: `columns` as SoX's picture, uint8 [129, columns], row 0 the highest."""
    drawn = columns(blocks, rate_hz=rate_hz, pixels_per_second=pixels_per_second)
    return np.concatenate([np.zeros((0, ROWS), np.uint8), *drawn])[:, ::-1].T


class _Pen:
    """Turns a stream of samples into columns, uint8 [some, 129], lowest frequency first.

    It draws in chunks whose arrays, made once a song, stay in a core's own cache.
    """

    def __init__(self, grid: Grid) -> None:
        self.num_samples = 0
        self._grid = grid
        self._frames_drawn = 0
        self._held = np.zeros(DFT_SIZE - grid.first)  # the first frames reach back before the song
        columns = max(1, _FRAMES_A_CHUNK // grid.frames_per_column)
        self._chunk = columns * grid.frames_per_column  # frames
        self._windowed = np.empty((self._chunk, DFT_SIZE))
        self._squares = np.empty((self._chunk, 2 * ROWS))
        self._power = np.empty((self._chunk, ROWS))

    def draw(self, blocks: Iterable[NDArray[np.float64]]) -> Iterator[NDArray[np.uint8]]:
        """All columns; before and after the song there is silence."""
        for block in blocks:
            self.num_samples += len(block)
            self._held = np.concatenate([self._held, block])
            while len(self._held) >= (self._chunk - 1) * self._grid.step + DFT_SIZE:
                yield self._draw(self._chunk)
        left = self._grid.num_frames(self.num_samples) - self._frames_drawn
        silence = np.zeros(max(0, left * self._grid.step + DFT_SIZE - len(self._held)))
        self._held = np.concatenate([self._held, silence])
        while left > 0:
            yield self._draw(min(left, self._chunk))
            left -= self._chunk

    def _draw(self, count: int) -> NDArray[np.uint8]:
        """The columns of the next frames, the first of which starts where the held samples do."""
        step = self._grid.step
        frames = sliding_window_view(self._held, DFT_SIZE)[: count * step : step]
        windowed = np.multiply(frames, _WHOLE_WINDOW, out=self._windowed[:count])
        missing = self._grid.missing(self._frames_drawn + np.arange(count), self.num_samples)
        for k in np.flatnonzero(missing):
            windowed[k] = frames[k] * window(int(missing[k]))
        self._frames_drawn += count
        self._held = self._held[count * step :]
        spectrum = np.fft.rfft(windowed).view(np.float64)  # real and imaginary parts in turn
        squares = np.square(spectrum, out=self._squares[:count])
        power = np.add(squares[:, 0::2], squares[:, 1::2], out=self._power[:count])
        return _palette(_column_means(power, self._grid.frames_per_column))


def _column_means(power: NDArray[np.float64], frames_per_column: int) -> NDArray[np.float64]:
    """Means over each column's frames; the last column may have fewer frames than the others."""
    whole = len(power) // frames_per_column * frames_per_column
    sums = power[:whole].reshape(-1, frames_per_column, ROWS).sum(axis=1)
    means = [sums * (1 / frames_per_column)]
    if whole < len(power):
        means.append(power[whole:].mean(axis=0, keepdims=True))
    return np.concatenate(means)


def _palette(power: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Mean power to palette index; decibels pass through float32, as in SoX."""
    audible = np.maximum(power, np.finfo(float).tiny)  # silence has no logarithm
    decibels = (10 * np.log10(audible)).astype(np.float32).astype(np.float64)
    steps = np.clip(1 + (1 - decibels / FLOOR_DB) * PALETTE_STEPS, 0, PALETTE_STEPS + 1)
    steps[decibels < FLOOR_DB] = 0
    return steps.astype(np.uint8) + np.uint8(PALETTE_FIRST)


def sox_spectrogram(
    path: str, *, pixels_per_second: int, sample_rate_hz: int = 0, seconds: float | None = None
) -> NDArray[np.uint8]:
    """Draws a song with the sox program, through pipes alone.

    Args:
        path: the sound file.
        pixels_per_second: columns a second.
        sample_rate_hz: what SoX converts the samples to; 0 keeps the file's own rate.
        seconds: at least the song's length where SoX would guess it (MP3), else None.

    Returns:
        uint8 [129, columns], as `spectrogram`; at most SoX's 200,000 columns.

    Raises:
        SkipTrack: if SoX cannot draw the file; the detail is SoX's own sentence.
    """
    # An absolute path: SoX takes a leading "-" for an option and a leading "|" for a command.
    command = ["sox", "-D", "-V1", "--no-glob", os.path.abspath(path), "-n", "remix", "-"]
    if sample_rate_hz:
        command += ["rate", "-v", str(sample_rate_hz)]
    command += ["spectrogram", "-Y", "200", "-X", str(pixels_per_second), "-m", "-r", "-o", "-"]
    if seconds is not None:
        command += ["-d", f"{seconds:.6f}"]
    done = subprocess.run(
        command, capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=_SOX_TIMEOUT_S
    )
    if done.returncode or not done.stdout:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise SkipTrack("decode_error", lines[-1] if lines else f"sox exit {done.returncode}")
    with Image.open(io.BytesIO(done.stdout)) as image:
        return np.asarray(image)
