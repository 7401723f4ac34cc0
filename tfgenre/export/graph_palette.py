"""Power to pixels as TensorFlow ops: `spectrogram.palette`, in a graph."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfgenre.spectrogram.palette import FLOOR_DB, PALETTE_FIRST, PALETTE_STEPS, TINY

# A column's number, an int64 scalar -> it and the next 127, uint8 [128, 128 or more], each from the
# lowest frequency up.
Columns = Callable[[tf.Tensor], tf.Tensor]
_DECIBELS_PER_LOG = 10 / np.log(10)


def palette(power: tf.Tensor) -> tf.Tensor:
    """Mean power, float64, to palette indices, uint8; decibels pass through float32, as in SoX."""
    decibels = tf.cast(_DECIBELS_PER_LOG * tf.math.log(tf.maximum(power, TINY)), tf.float32)
    steps = 1 + (1 - tf.cast(decibels, tf.float64) / FLOOR_DB) * PALETTE_STEPS
    steps = tf.minimum(steps, PALETTE_STEPS + 1) * tf.cast(decibels >= FLOOR_DB, tf.float64)
    return tf.cast(steps, tf.uint8) + PALETTE_FIRST
