"""musicnn computes what its authors' network does."""

import importlib.util

import numpy as np
import pytest

from tfgenre.errors import UserError
from tfgenre.spectrogram import musicnn as pictures
from tfgenre.training import musicnn

# Of the slice below, by the authors' own graph and checkpoint in TensorFlow 2.21, in float32, with
# a placeholder of 128 columns instead of 187.
TAGS = np.array(
    """
    0.013374 0.016543 0.014807 0.022814 0.204389 0.040147 0.026442 0.007938 0.001714 0.165514
    0.020319 0.000779 0.093892 0.003887 0.004499 0.020744 0.003984 0.012597 0.064169 0.001689
    0.016378 0.003579 0.021898 0.097596 0.000908 0.022846 0.010318 0.000368 0.273535 0.006862
    0.085787 0.004696 0.006332 0.005635 0.004659 0.002126 0.002788 0.020385 0.002212 0.001441
    0.005387 0.011681 0.000243 0.008287 0.014101 0.002334 0.002984 0.005194 0.022415 0.000887
    """.split(),
    float,
)
FEATURES = np.array(  # every tenth
    """
    0.337384 1.671639 1.075734 1.435117 -0.135947 0.339422 -0.249889 0.281348 1.500487 -0.363855
    -0.352639 0.011980 -0.157421 2.288665 0.677002 0.681599 -0.755857 1.079294 1.734728 0.334907
    """.split(),
    float,
)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """A slice of a chord with vibrato and noise, uint8 [1, 128, 128, 1]."""
    time_s = np.arange(127 * 256 + 1) / 16_000
    phases = [2 * np.pi * hz * time_s + 0.3 * np.sin(10 * time_s) for hz in (220, 277.2, 329.6)]
    noise = np.random.default_rng(0).normal(0, 0.003, len(time_s))
    samples = 0.2 * np.sin(phases).sum(axis=0) * (1 + np.cos(9 * time_s)) / 2 + noise
    columns = np.concatenate(list(pictures.columns([samples], rate_hz=16000, pixels_per_second=62)))
    return columns.T[np.newaxis, ::-1, :, np.newaxis]


def test_its_tags_are_the_authors(images):
    network = musicnn.tags()
    for name, values in musicnn.arranged(musicnn.read_weights()).items():
        network.get_layer(name).set_weights(values)
    found = np.asarray(network.predict_on_batch(images))[0]
    np.testing.assert_allclose(found, TAGS, atol=1e-5)


def test_its_features_are_the_authors(images):
    network = musicnn.features()
    assert network.output.shape == (None, musicnn.NUM_FEATURES)
    assert not network.trainable_variables
    found = np.asarray(network.predict_on_batch(images))[0]
    np.testing.assert_allclose(found[::10], FEATURES, atol=1e-4)


def test_every_variable_is_used_once():
    weights = musicnn.read_weights()
    assert len(weights) == 64
    numbers = {
        name: np.arange(values.size).reshape(values.shape) for name, values in weights.items()
    }
    first = 0
    for values in numbers.values():
        values += first
        first += values.size
    used = np.concatenate([v.ravel() for each in musicnn.arranged(numbers).values() for v in each])
    np.testing.assert_array_equal(np.sort(used), np.arange(first))
    layers = {layer.name: layer for layer in musicnn.tags().layers if layer.weights}
    assert layers.keys() == musicnn.arranged(weights).keys()


def test_without_the_package(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install --no-deps musicnn==0\.1\.0"):
        musicnn.features()
