"""SoX's spectrogram as TensorFlow ops: the columns of `spectrogram.native`, in a graph."""

from functools import partial
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfgenre.config import RenderConfig
from tfgenre.export.graph_palette import Picture, palette
from tfgenre.spectrogram.native import DFT_SIZE, ROWS, Grid, window
from tfgenre.spectrogram.slices import SLICE_SIZE

_MOST_MISSING = DFT_SIZE - 2
# Windows of frames with missing samples: 254 at the end, ..., none, ..., 254 at the start.
_WINDOWS = np.stack([window(missing) for missing in range(-_MOST_MISSING, _MOST_MISSING + 1)])


class _Song(NamedTuple):
    """A song to draw; numbers are int64 scalars, or Python's where the sample rate is known.

    Attributes:
        padded: float32 [any], the samples with a frame of silence before and after them.
        num_samples: the number of samples without that silence.
        num_frames: the number of frames, as `Grid.num_frames` counts them.
        grid: where the frames are.
    """

    padded: tf.Tensor
    num_samples: tf.Tensor
    num_frames: tf.Tensor
    grid: Grid


def picture(samples: tf.Tensor, *, rate_hz: tf.Tensor, config: RenderConfig) -> Picture:
    """A song's picture; the arguments are those of `graph_spectrogram.draw_slices`."""
    song = _song(samples, _grid(rate_hz, config))
    width = _num_columns(song, rate_hz, config.pixels_per_second)
    return Picture(width, partial(_columns, song))


def _grid(rate_hz: tf.Tensor, config: RenderConfig) -> Grid:
    """`Grid.for_rate`, as integers of the graph if songs keep their own sample rates."""
    if config.sample_rate_hz:
        return Grid.for_rate(config.sample_rate_hz, config.pixels_per_second)
    block = rate_hz // config.pixels_per_second
    step = _rounded_ratio(block, -(-block // (DFT_SIZE // 2)))
    return Grid(step=step, frames_per_column=_rounded_ratio(block, step))


def _rounded_ratio(dividend: tf.Tensor, divisor: tf.Tensor) -> tf.Tensor:
    return (2 * dividend + divisor) // (2 * divisor)


def _song(samples: tf.Tensor, grid: Grid) -> _Song:
    silence = tf.zeros([DFT_SIZE])
    padded = tf.concat([silence, samples, silence], 0)
    num_samples = tf.size(samples, tf.int64)
    left_over = num_samples % grid.step
    padding = tf.where(left_over >= grid.step // 2, grid.step - left_over, 0)
    num_frames = (num_samples + grid.lead + padding - grid.first) // grid.step + 1
    return _Song(padded, num_samples, tf.maximum(num_frames, 0), grid)


def _num_columns(song: _Song, rate_hz: tf.Tensor, pixels_per_second: int) -> tf.Tensor:
    """The columns of the picture; for 0, SoX takes 800, but such songs have no slices."""
    seconds = tf.cast(song.num_samples, tf.float64) / tf.cast(rate_hz, tf.float64)
    width = tf.cast(pixels_per_second * seconds + 0.5, tf.int64)
    return tf.minimum(width, -(-song.num_frames // song.grid.frames_per_column))


def _columns(song: _Song, start: tf.Tensor) -> tf.Tensor:
    """The 128 columns from one on, uint8 [128, 129], each from 0 Hz up."""
    frames_per_column = song.grid.frames_per_column
    frames = tf.range(SLICE_SIZE * frames_per_column, dtype=tf.int64) + start * frames_per_column
    # The song's last column may have fewer frames.
    counts = tf.cast(frames < song.num_frames, tf.float64)
    squares = _power(song, frames) * counts[:, tf.newaxis]
    sums = tf.reduce_sum(tf.reshape(squares, (SLICE_SIZE, frames_per_column, ROWS)), 1)
    counts = tf.reduce_sum(tf.reshape(counts, (SLICE_SIZE, frames_per_column)), 1)
    return palette(sums / counts[:, tf.newaxis])


def _power(song: _Song, frames: tf.Tensor) -> tf.Tensor:
    """The squared spectrum of some frames, float64 [frames, 129]."""
    ends = song.grid.first + frames * song.grid.step
    lacks_end = song.num_samples - ends
    missing = tf.where(lacks_end >= 0, tf.maximum(DFT_SIZE - ends, 0), lacks_end)
    missing = tf.maximum(missing, -_MOST_MISSING)
    last = tf.size(song.padded, tf.int64) - 1
    places = tf.minimum(ends[:, tf.newaxis] + np.arange(DFT_SIZE), last)
    samples = tf.cast(tf.gather(song.padded, places), tf.float64)
    spectrum = tf.signal.rfft(samples * tf.gather(_WINDOWS, missing + _MOST_MISSING))
    return tf.square(tf.math.real(spectrum)) + tf.square(tf.math.imag(spectrum))
