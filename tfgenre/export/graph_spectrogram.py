"""The renderer as TensorFlow ops: draws the same slices as `spectrogram`, inside a graph."""

import numpy as np
import tensorflow as tf

from tfgenre.audio.song import RATES_HZ
from tfgenre.config import RenderConfig
from tfgenre.export import graph_mel, graph_musicnn, graph_sox
from tfgenre.spectrogram.palette import FLOOR_DB
from tfgenre.spectrogram.slices import SLICE_SIZE

# 12 dB above full scale. Decoded MP3s exceed it by up to about 6 dB, while the integers that some
# libraries give as floats, up to 32768, are below 4 only where a song is all but silent.
_LARGEST_SAMPLE = 4.0
_PICTURES = {
    "sox": graph_sox.picture,
    "mel": graph_mel.picture,
    "musicnn": graph_musicnn.picture,
}


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
    picture = _PICTURES[config.spectrogram](samples, rate_hz=rate_hz, config=config)
    with tf.control_dependencies([_check_length(picture.num_columns)]):
        starts = _starts(picture.num_columns, config)
    images = tf.map_fn(
        lambda start: tf.transpose(picture.columns(start)[:, SLICE_SIZE - 1 :: -1]),
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
    few_enough = -(-tf.size(starts, tf.int64) // strides) <= 4 * limit
    kept = starts[:: strides[tf.argmax(few_enough)]]
    num_kept = tf.size(kept, tf.int64)
    count = tf.minimum(num_kept, limit)
    return tf.gather(kept, (2 * tf.range(count) + 1) * num_kept // (2 * count))
