"""The mel spectrogram as TensorFlow ops: the columns of `spectrogram.mel`, in a graph."""

from functools import partial

import numpy as np
import tensorflow as tf

from tfgenre.config import RenderConfig
from tfgenre.export.graph_palette import Picture, palette
from tfgenre.spectrogram.mel import BANDS, DFT_SIZE, bands, centre, window
from tfgenre.spectrogram.slices import SLICE_SIZE


def picture(samples: tf.Tensor, *, rate_hz: tf.Tensor, config: RenderConfig) -> Picture:
    """A song's picture; the arguments are those of `graph_spectrogram.draw_slices`."""
    padded = tf.pad(samples, [[DFT_SIZE // 2, DFT_SIZE]])
    num_samples = tf.size(samples, tf.int64)
    width = 1 + num_samples * config.pixels_per_second // rate_hz
    width = tf.where(num_samples > 0, width, 0)
    return Picture(width, partial(_columns, padded, config))


def _columns(padded: tf.Tensor, config: RenderConfig, start: tf.Tensor) -> tf.Tensor:
    """The 128 columns from one on, uint8 [128, 128], each from the lowest band up."""
    rate_hz, per_second = config.sample_rate_hz, config.pixels_per_second
    numbers = start + tf.range(SLICE_SIZE, dtype=tf.int64)
    centres = centre(numbers, rate_hz=rate_hz, pixels_per_second=per_second)
    frames = tf.gather(padded, centres[:, tf.newaxis] + np.arange(DFT_SIZE))
    spectrum = tf.signal.rfft(tf.cast(frames, tf.float64) * window())
    power = tf.square(tf.math.real(spectrum)) + tf.square(tf.math.imag(spectrum))
    return palette(tf.matmul(power, _weights(rate_hz)))


def _weights(rate_hz: int) -> np.ndarray:
    """Each band's weights, float64 [1025, 128]."""
    found = bands(rate_hz)
    weights = np.zeros((DFT_SIZE // 2 + 1, BANDS))
    columns = np.repeat(np.arange(BANDS), np.diff([*found.starts, len(found.bins)]))
    weights[found.bins, columns] = found.weights
    return weights
