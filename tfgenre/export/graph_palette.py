"""What the pictures in a graph share: what one is, and `spectrogram.palette` as TensorFlow ops."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfgenre.spectrogram.palette import FLOOR_DB, PALETTE_FIRST, PALETTE_STEPS, TINY

_DECIBELS_PER_LOG = 10 / np.log(10)


class Picture(NamedTuple):
    """A song's picture, drawn part by part.

    Attributes:
        num_columns: an int64 scalar.
        columns: a column's number, an int64 scalar -> it and the next 127, uint8 [128, 128 or
            more], each from the lowest frequency up.
    """

    num_columns: tf.Tensor
    columns: Callable[[tf.Tensor], tf.Tensor]


def palette(power: tf.Tensor) -> tf.Tensor:
    """Mean power, float64, to palette indices, uint8; decibels pass through float32, as in SoX."""
    decibels = tf.cast(_DECIBELS_PER_LOG * tf.math.log(tf.maximum(power, TINY)), tf.float32)
    steps = 1 + (1 - tf.cast(decibels, tf.float64) / FLOOR_DB) * PALETTE_STEPS
    steps = tf.minimum(steps, PALETTE_STEPS + 1) * tf.cast(decibels >= FLOOR_DB, tf.float64)
    return tf.cast(steps, tf.uint8) + PALETTE_FIRST
