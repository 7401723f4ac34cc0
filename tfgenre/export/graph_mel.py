"""The mel spectrogram as TensorFlow ops: the columns of `spectrogram.mel`, in a graph."""

import numpy as np
import tensorflow as tf

from tfgenre.config import RenderConfig
from tfgenre.export.graph_palette import Columns, palette
from tfgenre.spectrogram.mel import BANDS, DFT_SIZE, bands, window
from tfgenre.spectrogram.slices import SLICE_SIZE


def picture(
    samples: tf.Tensor, *, rate_hz: tf.Tensor, config: RenderConfig
) -> tuple[tf.Tensor, Columns]:
    """Prepares a song's picture.

    Args:
        samples: mono, float32 [samples].
        rate_hz: their sample rate, an int64 scalar.
        config: how songs are rendered.

    Returns:
        The number of columns, an int64 scalar, and what draws them.
    """
    padded = tf.pad(samples, [[DFT_SIZE // 2, DFT_SIZE]])
    num_samples = tf.size(samples, tf.int64)
    num_columns = tf.where(
        num_samples > 0, 1 + num_samples * config.pixels_per_second // rate_hz, 0
    )
    return num_columns, lambda start: _columns(padded, start, config)


def _columns(padded: tf.Tensor, start: tf.Tensor, config: RenderConfig) -> tf.Tensor:
    """The 128 columns from one on, uint8 [128, 128], each from the lowest band up."""
    rate, per_second = config.sample_rate_hz, config.pixels_per_second
    numbers = start + tf.range(SLICE_SIZE, dtype=tf.int64)
    centres = (2 * numbers * rate + per_second) // (2 * per_second)
    frames = tf.gather(padded, centres[:, tf.newaxis] + np.arange(DFT_SIZE))
    spectrum = tf.signal.rfft(tf.cast(frames, tf.float64) * window())
    power = tf.square(tf.math.real(spectrum)) + tf.square(tf.math.imag(spectrum))
    return palette(tf.matmul(power, _weights(rate)))


def _weights(rate_hz: int) -> np.ndarray:
    """Each band's weights, float64 [1025, 128]."""
    found = bands(rate_hz)
    weights = np.zeros((DFT_SIZE // 2 + 1, BANDS))
    columns = np.repeat(np.arange(BANDS), np.diff([*found.starts, len(found.bins)]))
    weights[found.bins, columns] = found.weights
    return weights
