"""Augmentation: within bounds, the same for the same seed, and the same on any backend."""

import keras
import numpy as np
import pytest

from tfgenre.training.augment import Augment, augmented, draw, mix_labels
from tfgenre.training.config import NOT_AUGMENTED, AugmentConfig

ALL = AugmentConfig(frequency_mask=30, time_mask=30, mixup_alpha=0.3, lowpass_rows=64)


def slices(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(5, 255, (count, 128, 128, 1), np.uint8)


def only(**options) -> AugmentConfig:
    return AugmentConfig(**{"mixup_alpha": 0.0, "lowpass_rows": 0} | options)


def applied(config: AugmentConfig, images: np.ndarray, *, group: int = 0) -> np.ndarray:
    draws = draw(config, seed=1, batch=2, size=len(images))
    return keras.ops.convert_to_numpy(Augment(config, group=group)(images, draws))


@pytest.mark.parametrize(("name", "axis"), [("frequency_mask", 1), ("time_mask", 2)])
def test_a_band_of_each_slice_is_blanked(name, axis):
    images = slices(200)
    blank = (applied(only(**{name: 20}), images) == 4).all(axis=3 - axis)[..., 0]
    widths = blank.sum(axis=1)
    assert widths.min() == 0
    assert widths.max() == 20
    assert (np.abs(np.diff(blank.astype(int), axis=1)).sum(axis=1) <= 2).all()  # one band
    assert blank.any(axis=0).mean() > 0.9  # bands are everywhere


def test_half_of_the_slices_lose_their_highest_rows():
    images = slices(400)
    filtered = applied(only(lowpass_rows=20), images)
    blank = (filtered == 4).all(axis=2)[..., 0]
    cut = blank.sum(axis=1)
    np.testing.assert_array_equal(blank, np.arange(128) < cut[:, None])  # from the top
    assert set(cut) == set(range(21))
    assert 0.4 < (cut > 0).mean() < 0.6
    np.testing.assert_array_equal(filtered[~blank], images[~blank])


@pytest.mark.parametrize("group", [0, 16])
def test_pairs_are_blended_with_their_labels(group):
    images, config = slices(64), only(mixup_alpha=0.5)
    blended = applied(config, images, group=group)
    draws = draw(config, seed=1, batch=2, size=64)
    labels = mix_labels(np.eye(64, dtype=np.float32), draws[:, 0], group=group)
    np.testing.assert_allclose(labels.sum(axis=1), 1, rtol=1e-5)
    assert labels.diagonal().min() < 0.1
    assert labels.diagonal().max() > 0.9
    mixed = labels @ images.reshape(64, -1).astype(np.float32)
    np.testing.assert_allclose(blended.reshape(64, -1), mixed, atol=0.51)
    others = (labels > 0) & ~np.eye(64, dtype=bool)
    for row, column in zip(*others.nonzero(), strict=True):  # its neighbour in the same group
        assert row // (group or 64) == column // (group or 64)
    assert blended.dtype == np.uint8


def test_the_same_seed_and_batch_give_the_same():
    first, same, *others = (
        draw(ALL, seed=seed, batch=batch, size=8)
        for seed, batch in [(5, 3), (5, 3), (5, 4), (6, 3)]
    )
    np.testing.assert_array_equal(first, same)
    assert all((first != other).any() for other in others)


@pytest.mark.parametrize("config", [NOT_AUGMENTED, ALL])
def test_zeros_change_nothing(config):
    images = slices(6)
    unchanged = Augment(config)(images, np.zeros((6, 6), np.float32))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(unchanged), images)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_the_network_sees_what_is_drawn(policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        image = keras.Input((128, 128, 1), dtype="uint8")
        network = keras.Model(image, keras.layers.Rescaling(1.0, dtype="float32")(image))
        images, draws = slices(8), draw(ALL, seed=0, batch=0, size=8)
        seen = augmented(network, ALL).predict_on_batch((images, draws))
    finally:
        keras.config.set_dtype_policy(before)
    expected = keras.ops.convert_to_numpy(Augment(ALL)(images, draws))
    np.testing.assert_array_equal(seen, expected)
