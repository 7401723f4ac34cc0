"""The networks: their size, layers and invariances."""

import keras
import numpy as np
import pytest

from tfgenre.config import RenderConfig
from tfgenre.spectrogram import mel
from tfgenre.training.config import FROM_SCRATCH, INITIALIZERS, ModelConfig
from tfgenre.training.model import build_model


def test_the_seeds_network():
    config = ModelConfig(model="despois", dropout_rate=0.8)
    model = build_model(config, num_genres=6, render=RenderConfig())
    assert model.count_params() == 34_250_950
    assert model.input.dtype == "uint8"
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.filters for layer in convolutions] == [64, 128, 256, 512]
    assert {layer.kernel_size for layer in convolutions} == {(2, 2)}
    assert model.get_layer("dense").units == 1024
    assert model.get_layer("dropout").rate == 0.8  # the seed keeps 0.2


@pytest.mark.parametrize(
    ("name", "spectrogram", "num_inputs", "filters", "num_weights"),
    [
        ("spectral", "mel", 256, [192, 256, 384], 989_190),
        ("spectral_small", "mel", 256, [64, 96, 128], 175_110),
        ("spectral", "sox", 96, [192, 256, 384], 871_814),
        ("spectral_small", "sox", 96, [64, 96, 128], 139_654),
    ],
)
def test_the_spectral_networks(name, spectrogram, num_inputs, filters, num_weights):
    render = RenderConfig(spectrogram=spectrogram)
    model = build_model(ModelConfig(model=name), num_genres=6, render=render)
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv1D)]
    assert [layer.filters for layer in convolutions] == filters
    assert model.get_layer("conv1").input.shape == (None, 64, num_inputs)
    assert model.get_layer("dropout").rate == 0.5
    assert model.count_params() == num_weights


def test_soxs_rows_become_mel_bands():
    """A loud row changes the bands around its frequency, the others as little as their mean."""
    model = build_model(ModelConfig(model="spectral"), num_genres=2, render=RenderConfig())
    bands = keras.Model(model.input, model.get_layer("mel_bands").output)
    weights = np.asarray(model.get_layer("mel_bands").get_weights()[0])
    assert not model.get_layer("mel_bands").trainable
    np.testing.assert_allclose(weights.sum(axis=0), 1, rtol=1e-6)
    picture = np.full((1, 128, 128, 1), 60, np.uint8)
    picture[:, 128 - 1 - 6] = 200  # 6 * 44100 / 256 = 1034 Hz
    found = np.asarray(bands.predict_on_batch(picture))[0].mean(axis=0)
    edges_hz = mel.edges_hz(44100, 48)
    around = (edges_hz[:-2] < 1034) & (edges_hz[2:] > 1034)
    assert set(np.flatnonzero(found > found.mean())) == set(np.flatnonzero(weights[121] > 0))
    assert set(np.flatnonzero(around)) <= set(np.flatnonzero(found > found.mean()))


def test_the_spectral_network_is_invariant_to_gain():
    model = build_model(ModelConfig(model="spectral"), num_genres=3, render=RenderConfig())
    quiet = np.random.default_rng(0).integers(20, 120, (4, 128, 128, 1), np.uint8)
    loud = quiet + np.uint8(100)  # gain is a sum in decibels
    found = [model.predict_on_batch(images) for images in (quiet, loud)]
    np.testing.assert_allclose(found[0], found[1], atol=1e-5)


@pytest.mark.parametrize("name", FROM_SCRATCH)
def test_probabilities_of_slices(name):
    model = build_model(ModelConfig(model=name), num_genres=3, render=RenderConfig())
    assert (model.name, model.input.dtype) == (name, "uint8")
    slices = np.random.default_rng(0).integers(4, 255, (2, 128, 128, 1), np.uint8)
    probabilities = model.predict_on_batch(slices)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("name", FROM_SCRATCH)
def test_layers_are_keras_own(name):
    """So that best.keras loads where tfgenre is not installed."""
    model = build_model(ModelConfig(model=name), num_genres=3, render=RenderConfig())
    assert {type(layer).__module__.partition(".")[0] for layer in model.layers} == {"keras"}


@pytest.mark.parametrize("name", FROM_SCRATCH)
@pytest.mark.parametrize("initializer", INITIALIZERS)
def test_initializers_are_for_convolutions(initializer, name):
    config = ModelConfig(model=name, initializer=initializer, activation="elu", dropout_rate=0.5)
    model = build_model(config, num_genres=2, render=RenderConfig())
    kernel = model.get_layer("conv2").kernel_initializer
    assert type(kernel).__name__.lower() == initializer.replace("_", "")
    activations = {layer.activation for layer in model.layers if hasattr(layer, "activation")}
    assert keras.activations.elu in activations
    assert keras.activations.relu not in activations
    dense = np.asarray(model.get_layer("genre").kernel)
    assert np.abs(dense).max() <= 0.04 + 1e-6


@pytest.mark.parametrize("name", FROM_SCRATCH)
def test_a_users_data_format_changes_nothing(name):
    config = ModelConfig(model=name)
    expected = build_model(config, num_genres=3, render=RenderConfig())
    keras.config.set_image_data_format("channels_first")
    try:
        model = build_model(config, num_genres=3, render=RenderConfig())
        found = keras.Model.from_config(model.get_config())
    finally:
        keras.config.set_image_data_format("channels_last")
    shapes = [layer.output.shape for layer in expected.layers]
    assert [layer.output.shape for layer in model.layers] == shapes
    assert [layer.output.shape for layer in found.layers] == shapes
