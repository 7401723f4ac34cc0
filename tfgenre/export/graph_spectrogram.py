"""The renderer as TensorFlow ops: draws the same slices as `spectrogram`, inside a graph."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfgenre.audio.song import RATES_HZ
from tfgenre.config import RenderConfig
from tfgenre.spectrogram.native import (
    DFT_SIZE,
    FLOOR_DB,
    PALETTE_FIRST,
    PALETTE_STEPS,
    ROWS,
    TINY,
    Grid,
    window,
)
from tfgenre.spectrogram.slices import SLICE_SIZE

_MOST_MISSING = DFT_SIZE - 2
# Windows of frames with missing samples: 254 at the end, ..., none, ..., 254 at the start.
_WINDOWS = np.stack([window(missing) for missing in range(-_MOST_MISSING, _MOST_MISSING + 1)])
# 12 dB above full scale. Decoded MP3s exceed it by up to about 6 dB, while the integers that some
# libraries give as floats, up to 32768, are below 4 only where a song is all but silent.
_LARGEST_SAMPLE = 4.0
_DECIBELS_PER_LOG = 10 / np.log(10)


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


def draw_slices(
    samples: tf.Tensor, *, sample_rate_hz: tf.Tensor, config: RenderConfig
) -> tf.Tensor:
    """Draws a song's slices, the same as `render.render`; for use in a tf.function.

    Args:
        samples: mono, float32 [samples], full scale 1; at most 4, so that integers are noticed.
        sample_rate_hz: their sample rate, an integer scalar.
        config: how songs are rendered; samples are not resampled.

    Returns:
        uint8 [slices, 128, 128, 1].

    Raises:
        tf.errors.InvalidArgumentError: when the graph runs, if the rate is not the config's, a
            sample is not finite or too large, the song is silent, or too short for a slice.
    """
    checks = [
        _check_rate(sample_rate_hz, config),
        _check_finite(samples),
        _check_scale(samples),
        _check_audible(samples),
    ]
    with tf.control_dependencies(checks):
        rate_hz = tf.cast(sample_rate_hz, tf.int64)
    song = _song(samples, _grid(rate_hz, config))
    num_columns = _num_columns(song, rate_hz, config.pixels_per_second)
    with tf.control_dependencies([_check_length(num_columns)]):
        starts = _starts(num_columns, config)
    images = tf.map_fn(
        lambda start: _slice(song, start),
        starts,
        fn_output_signature=tf.TensorSpec((SLICE_SIZE, SLICE_SIZE), tf.uint8),
    )
    return images[..., tf.newaxis]


def _check_rate(rate_hz: tf.Tensor, config: RenderConfig) -> tf.Operation:
    if only := config.sample_rate_hz:
        rule = f"sample_rate_hz must be {only}: resample the song to {only} Hz first. It is"
        return tf.debugging.Assert(tf.equal(rate_hz, only), [rule, rate_hz])
    low, high = max(RATES_HZ[0], config.pixels_per_second), RATES_HZ[-1]
    rule = f"sample_rate_hz must be between {low} and {high}. It is"
    return tf.debugging.Assert((rate_hz >= low) & (rate_hz <= high), [rule, rate_hz])


def _check_finite(samples: tf.Tensor) -> tf.Operation:
    finite = tf.reduce_all(tf.math.is_finite(samples))
    return tf.debugging.Assert(finite, ["samples must be finite numbers"])


def _check_scale(samples: tf.Tensor) -> tf.Operation:
    finite = tf.math.is_finite(samples)  # `_check_finite` names the others
    largest = tf.reduce_max(tf.abs(tf.boolean_mask(samples, finite)))
    rule = (
        "samples must be floats whose full scale is 1: divide 16-bit integers by 32768 first. The "
        "largest is"
    )
    return tf.debugging.Assert(largest <= _LARGEST_SAMPLE, [rule, largest])


def _check_length(num_columns: tf.Tensor) -> tf.Operation:
    rule = f"The song is too short: a slice takes {SLICE_SIZE} columns of the picture, it has"
    return tf.debugging.Assert(num_columns >= SLICE_SIZE, [rule, num_columns])


def _check_audible(samples: tf.Tensor) -> tf.Operation:
    quiet = tf.reduce_all(tf.abs(samples) < 10 ** (FLOOR_DB / 20))
    silent = quiet & (tf.size(samples) > 0)
    return tf.debugging.Assert(~silent, ["The song is silent: no sample reaches -120 dB"])


def _grid(rate_hz: tf.Tensor, config: RenderConfig) -> Grid:
    """`Grid.for_rate`, as integers of the graph if songs keep their own sample rates."""
    if config.sample_rate_hz:
        return Grid.for_rate(config.sample_rate_hz, config.pixels_per_second)
    block = rate_hz // config.pixels_per_second
    step = _rounded_ratio(block, _ceil_ratio(block, DFT_SIZE // 2))
    return Grid(step=step, frames_per_column=_rounded_ratio(block, step))


def _rounded_ratio(dividend: tf.Tensor, divisor: tf.Tensor) -> tf.Tensor:
    return (2 * dividend + divisor) // (2 * divisor)


def _ceil_ratio(dividend: tf.Tensor, divisor: tf.Tensor | int) -> tf.Tensor:
    return (dividend + divisor - 1) // divisor


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
    return tf.minimum(width, _ceil_ratio(song.num_frames, song.grid.frames_per_column))


def _starts(num_columns: tf.Tensor, config: RenderConfig) -> tf.Tensor:
    """The first column of each slice, int64 [slices], as in `slices.cut` and `slices.spread`."""
    starts = tf.range(num_columns // SLICE_SIZE) * SLICE_SIZE
    if config.tail == "overlap":
        has_tail = tf.cast(num_columns % SLICE_SIZE > 0, tf.int32)
        starts = tf.concat([starts, tf.repeat(num_columns - SLICE_SIZE, has_tail)], 0)
    return _spread(starts, config.max_slices_per_track) if config.max_slices_per_track else starts


def _spread(starts: tf.Tensor, limit: int) -> tf.Tensor:
    """The choice of `slices.spread`: `limit` of every 2**n-th slice, at most 4 * limit of them."""
    strides = tf.constant(2 ** np.arange(40))
    few_enough = _ceil_ratio(tf.size(starts, tf.int64), strides) <= 4 * limit
    kept = starts[:: strides[tf.argmax(few_enough)]]
    num_kept = tf.size(kept, tf.int64)
    count = tf.minimum(num_kept, limit)
    return tf.gather(kept, (2 * tf.range(count) + 1) * num_kept // (2 * count))


def _slice(song: _Song, start: tf.Tensor) -> tf.Tensor:
    """The slice that begins at a column, uint8 [128, 128]."""
    frames_per_column = song.grid.frames_per_column
    frames = tf.range(SLICE_SIZE * frames_per_column, dtype=tf.int64) + start * frames_per_column
    # The song's last column may have fewer frames.
    counts = tf.cast(frames < song.num_frames, tf.float64)
    squares = _power(song, frames) * counts[:, tf.newaxis]
    sums = tf.reduce_sum(tf.reshape(squares, (SLICE_SIZE, frames_per_column, ROWS)), 1)
    counts = tf.reduce_sum(tf.reshape(counts, (SLICE_SIZE, frames_per_column)), 1)
    columns = _palette(sums / counts[:, tf.newaxis])
    return tf.transpose(columns[:, SLICE_SIZE - 1 :: -1])


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


def _palette(power: tf.Tensor) -> tf.Tensor:
    """Mean power to palette index, uint8; decibels pass through float32, as in SoX."""
    decibels = tf.cast(_DECIBELS_PER_LOG * tf.math.log(tf.maximum(power, TINY)), tf.float32)
    steps = 1 + (1 - tf.cast(decibels, tf.float64) / FLOOR_DB) * PALETTE_STEPS
    steps = tf.minimum(steps, PALETTE_STEPS + 1) * tf.cast(decibels >= FLOOR_DB, tf.float64)
    return tf.cast(steps, tf.uint8) + PALETTE_FIRST
