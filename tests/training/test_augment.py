"""Augmentation: within bounds, and the same for the same seed."""

import numpy as np
import pytest
import tensorflow as tf

from tfgenre.training.augment import augmenter, low_passed, masked, mixed
from tfgenre.training.config import AugmentConfig

SEED = tf.constant([1, 2])


def batch_of(count: int) -> tuple[tf.Tensor, tf.Tensor]:
    image = np.random.default_rng(0).integers(5, 255, (count, 128, 128, 1), np.uint8)
    return tf.constant(image), tf.one_hot(np.arange(count) % 3, 3)


@pytest.mark.parametrize("axis", [1, 2])
def test_a_band_of_each_slice_is_blanked(axis):
    image, _ = batch_of(200)
    blank = (masked(image, axis=axis, widest=20, seed=SEED).numpy() == 4).all(axis=3 - axis)[..., 0]
    widths = blank.sum(axis=1)
    assert widths.min() == 0
    assert widths.max() == 20
    assert (np.abs(np.diff(blank.astype(int), axis=1)).sum(axis=1) <= 2).all()  # one band
    assert blank.any(axis=0).mean() > 0.9  # bands are everywhere
    untouched = masked(image, axis=axis, widest=0, seed=SEED)
    np.testing.assert_array_equal(untouched, image)


def test_half_of_the_slices_lose_their_highest_rows():
    image, _ = batch_of(400)
    filtered = low_passed(image, most=20, seed=SEED).numpy()
    blank = (filtered == 4).all(axis=2)[..., 0]
    cut = blank.sum(axis=1)
    np.testing.assert_array_equal(blank, np.arange(128) < cut[:, None])  # from the top
    assert set(cut) == set(range(21))
    assert 0.4 < (cut > 0).mean() < 0.6
    np.testing.assert_array_equal(filtered[~blank], image.numpy()[~blank])


def test_pairs_are_blended_with_their_labels():
    image, label = batch_of(64)
    blended, labels = mixed(image, label, alpha=0.5, seed=SEED)
    own = labels.numpy()[np.arange(64), np.arange(64) % 3]
    np.testing.assert_allclose(labels.numpy().sum(axis=1), 1, rtol=1e-5)
    assert own.min() < 0.1
    assert own.max() > 0.9
    for row in (1, 62):
        mean = own[row] * image[row].numpy() + (1 - own[row]) * image[row - 1].numpy()
        np.testing.assert_allclose(blended[row].numpy(), mean, atol=0.51)
    assert blended.dtype == tf.uint8


def test_the_same_seed_and_number_give_the_same():
    config = AugmentConfig(frequency_mask=30, time_mask=30, mixup_alpha=0.3, lowpass_rows=64)
    batch = batch_of(8)
    augment = augmenter(config, seed=5)
    first, same, other = (augment(tf.constant(n, tf.int64), batch)[0] for n in (3, 3, 4))
    np.testing.assert_array_equal(first, same)
    assert (first.numpy() != other.numpy()).any()
