"""Batches of slices varied at random, so that a network does not learn them by heart."""

from collections.abc import Callable

import tensorflow as tf

from tfgenre.training.config import AugmentConfig

Batch = tuple[tf.Tensor, tf.Tensor]
_SILENCE = 4  # the lowest index that a picture holds


def augmenter(config: AugmentConfig, *, seed: int) -> Callable[[tf.Tensor, Batch], Batch]:
    """A function that varies a batch.

    Args:
        config: what is varied, and how much.
        seed: decides the draws, together with the batch's number.

    Returns:
        number, (image uint8 [batch, 128, 128, 1], label float32 [batch, genres]) -> the pair,
        varied.
    """

    def vary(number: tf.Tensor, batch: Batch) -> Batch:
        image, label = batch
        seeds = tf.random.split([seed, tf.cast(number, tf.int32)], 4)
        if config.lowpass_rows:
            image = low_passed(image, most=config.lowpass_rows, seed=seeds[3])
        if config.mixup_alpha:
            image, label = mixed_up(image, label, alpha=config.mixup_alpha, seed=seeds[0])
        if config.frequency_mask:
            image = masked(image, axis=1, widest=config.frequency_mask, seed=seeds[1])
        if config.time_mask:
            image = masked(image, axis=2, widest=config.time_mask, seed=seeds[2])
        return image, label

    return vary


def low_passed(image: tf.Tensor, *, most: int, seed: tf.Tensor) -> tf.Tensor:
    """Half of the slices lose their highest rows, as a codec of a low bit rate cuts them off.

    Else a network hears which codec a song went through, and so which source it came from
    (docs/models.md).

    Args:
        image: uint8 [batch, 128, 128, 1].
        most: 1 to this many rows are blanked.
        seed: int [2].
    """
    count = tf.shape(image)[0]
    seeds = tf.random.split(seed, 2)
    chosen = tf.random.stateless_uniform([count], seeds[0]) < 0.5
    rows = tf.random.stateless_uniform([count], seeds[1], 1, most + 1, tf.int32)
    cut = tf.where(chosen, rows, 0)
    above = tf.range(image.shape[1])[None] < cut[:, None]  # the first row is the highest
    return tf.where(above[:, :, None, None], tf.constant(_SILENCE, tf.uint8), image)


def masked(image: tf.Tensor, *, axis: int, widest: int, seed: tf.Tensor) -> tf.Tensor:
    """SpecAugment: each slice has a band of rows or columns blanked (Park et al. 2019).

    Args:
        image: uint8 [batch, 128, 128, 1].
        axis: 1 blanks rows, which are frequencies, 2 columns, which are times.
        widest: the band has 0 to this many.
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
    return tf.where(tf.reshape(inside, shape), tf.constant(_SILENCE, tf.uint8), image)


def mixed_up(image: tf.Tensor, label: tf.Tensor, *, alpha: float, seed: tf.Tensor) -> Batch:
    """Mixup: each slice is blended with the next one of its batch (Zhang et al. 2018).

    Args:
        image: uint8 [batch, 128, 128, 1].
        label: float32 [batch, genres].
        alpha: of the Beta distribution of the share; small values leave most slices nearly alone.
        seed: int [2].
    """
    seeds = tf.random.split(seed, 2)
    count = tf.shape(image)[0]
    # A draw from Beta(a, a) is x / (x + y) of two draws from Gamma(a).
    first, second = (tf.random.stateless_gamma([count], each, alpha) for each in tf.unstack(seeds))
    share = tf.math.divide_no_nan(first, first + second)
    own = tf.reshape(share, [-1, 1, 1, 1])
    pixels = tf.cast(image, tf.float32)
    blended = own * pixels + (1 - own) * tf.roll(pixels, 1, axis=0)
    labels = share[:, None] * label + (1 - share[:, None]) * tf.roll(label, 1, axis=0)
    return tf.cast(tf.round(blended), tf.uint8), labels
