"""musicnn's spectrogram as TensorFlow ops: the columns of `spectrogram.musicnn`, in a graph."""

from functools import partial

import numpy as np
import tensorflow as tf

from tfgenre.config import RenderConfig
from tfgenre.export.graph_palette import Picture
from tfgenre.spectrogram import musicnn
from tfgenre.spectrogram.palette import PALETTE_FIRST
from tfgenre.spectrogram.slices import SLICE_SIZE

_PER_LOG = musicnn.STEPS_PER_UNIT / np.log(10)


def picture(samples: tf.Tensor, *, rate_hz: tf.Tensor, config: RenderConfig) -> Picture:
    """A song's picture; the arguments are those of `graph_spectrogram.draw_slices`."""
    del rate_hz, config  # there is one of each
    padded = tf.pad(samples, [[musicnn.DFT_SIZE // 2, musicnn.DFT_SIZE]])
    num_samples = tf.size(samples, tf.int64)
    width = tf.where(num_samples > 0, 1 + num_samples // musicnn.HOP, 0)
    return Picture(width, partial(_columns, padded))


def _columns(padded: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
    """The 128 columns from one on, uint8 [128, 128], each from the lowest band up."""
    centres = (start + tf.range(SLICE_SIZE, dtype=tf.int64)) * musicnn.HOP
    frames = tf.gather(padded, centres[:, tf.newaxis] + np.arange(musicnn.DFT_SIZE))
    spectrum = tf.signal.rfft(tf.cast(frames, tf.float64) * musicnn.window())
    power = tf.square(tf.math.real(spectrum)) + tf.square(tf.math.imag(spectrum))
    bands = tf.matmul(power, musicnn.bands())
    steps = tf.floor(_PER_LOG * tf.math.log(1 + musicnn.COMPRESSION * bands) + 0.5)
    steps = tf.cast(tf.minimum(steps, musicnn.LARGEST_STEP), tf.uint8)
    return tf.pad(steps, [[0, 0], [0, SLICE_SIZE - musicnn.BANDS]]) + PALETTE_FIRST
