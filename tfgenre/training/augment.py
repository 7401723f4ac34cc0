"""Augmentation of batches of slices: SpecAugment, mixup and low-pass."""

from collections.abc import Callable

import tensorflow as tf

from tfgenre.spectrogram.palette import PALETTE_FIRST
from tfgenre.training.config import AugmentConfig

Batch = tuple[tf.Tensor, tf.Tensor]


def augmenter(config: AugmentConfig, *, seed: int) -> Callable[[tf.Tensor, Batch], Batch]:
    """Returns a function that augments a batch.

    Args:
        config: which augmentations to apply, and how strongly.
        seed: determines the random draws, together with the batch's number.

    Returns:
        number, (image uint8 [batch, 128, 128, 1], label float32 [batch, genres]) -> the augmented
        pair.
    """

    def augment(number: tf.Tensor, batch: Batch) -> Batch:
        image, label = batch
        seeds = tf.random.split([seed, tf.cast(number, tf.int32)], 4)
        if config.lowpass_rows:
            image = low_passed(image, most=config.lowpass_rows, seed=seeds[3])
        if config.mixup_alpha:
            image, label = mixed(image, label, alpha=config.mixup_alpha, seed=seeds[0])
        if config.frequency_mask:
            image = masked(image, axis=1, widest=config.frequency_mask, seed=seeds[1])
        if config.time_mask:
            image = masked(image, axis=2, widest=config.time_mask, seed=seeds[2])
        return image, label

    return augment


def low_passed(image: tf.Tensor, *, most: int, seed: tf.Tensor) -> tf.Tensor:
    """Blanks the highest rows of half of the slices, as codecs do at low bit rates.

    Without it, a network learns to recognise a song's codec, and with it the song's source
    (docs/models.md).

    Args:
        image: uint8 [batch, 128, 128, 1].
        most: the largest number of rows to blank; the number is drawn from 1 to this.
        seed: int [2].
    """
    count = tf.shape(image)[0]
    seeds = tf.random.split(seed, 2)
    chosen = tf.random.stateless_uniform([count], seeds[0]) < 0.5
    rows = tf.random.stateless_uniform([count], seeds[1], 1, most + 1, tf.int32)
    cut = tf.where(chosen, rows, 0)
    above = tf.range(image.shape[1])[None] < cut[:, None]  # row 0 is the highest frequency
    return tf.where(above[:, :, None, None], tf.constant(PALETTE_FIRST, tf.uint8), image)


def masked(image: tf.Tensor, *, axis: int, widest: int, seed: tf.Tensor) -> tf.Tensor:
    """SpecAugment: blanks a band of rows or columns in each slice (Park et al. 2019).

    Args:
        image: uint8 [batch, 128, 128, 1].
        axis: 1 for rows (frequencies), 2 for columns (times).
        widest: the largest band width; the width is drawn from 0 to this.
        seed: int [2].
    """
    size, count = image.shape[axis], tf.shape(image)[0]
    seeds = tf.random.split(seed, 2)
    width = tf.random.stateless_uniform([count, 1], seeds[0], 0, widest + 1, tf.int32)
    share = tf.random.stateless_uniform([count, 1], seeds[1])
    start = tf.cast(share * tf.cast(size - width + 1, tf.float32), tf.int32)
    place = tf.range(size)[None]
    inside = (place >= start) & (place < start + width)
    shape = [count, size, 1, 1] if axis == 1 else [count, 1, size, 1]
    return tf.where(tf.reshape(inside, shape), tf.constant(PALETTE_FIRST, tf.uint8), image)


def mixed(image: tf.Tensor, label: tf.Tensor, *, alpha: float, seed: tf.Tensor) -> Batch:
    """Mixup: blends each slice with its neighbour in the batch (Zhang et al. 2018).

    Args:
        image: uint8 [batch, 128, 128, 1].
        label: float32 [batch, genres].
        alpha: shares are drawn from Beta(alpha, alpha); a small alpha hardly changes most slices.
        seed: int [2].
    """
    seeds = tf.random.split(seed, 2)
    count = tf.shape(image)[0]
    # x / (x + y) is Beta(a, a) if x and y are Gamma(a).
    first, second = (tf.random.stateless_gamma([count], each, alpha) for each in tf.unstack(seeds))
    share = tf.math.divide_no_nan(first, first + second)
    own = tf.reshape(share, [-1, 1, 1, 1])
    pixels = tf.cast(image, tf.float32)
    blended = own * pixels + (1 - own) * tf.roll(pixels, 1, axis=0)
    labels = share[:, None] * label + (1 - share[:, None]) * tf.roll(label, 1, axis=0)
    return tf.cast(tf.round(blended), tf.uint8), labels
