"""The networks: their size, layers and invariances."""

import keras
import numpy as np
import pytest

from tfgenre.training.config import INITIALIZERS, MODELS, ModelConfig
from tfgenre.training.model import build_model


def test_the_seeds_network():
    model = build_model(ModelConfig(), num_genres=6)
    assert model.count_params() == 34_250_950
    assert model.input.dtype == "uint8"
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.filters for layer in convolutions] == [64, 128, 256, 512]
    assert {layer.kernel_size for layer in convolutions} == {(2, 2)}
    assert model.get_layer("dense").units == 1024
    assert model.get_layer("dropout").rate == 0.8  # the seed keeps 0.2


def test_the_spectral_network():
    model = build_model(ModelConfig(model="spectral"), num_genres=6)
    assert model.count_params() == 989_190
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv1D)]
    assert [layer.filters for layer in convolutions] == [192, 256, 384]
    assert model.get_layer("conv1").input.shape == (None, 64, 256)
    assert model.get_layer("dropout").rate == 0.8


def test_the_spectral_network_is_invariant_to_gain():
    model = build_model(ModelConfig(model="spectral"), num_genres=3)
    quiet = np.random.default_rng(0).integers(20, 120, (4, 128, 128, 1), np.uint8)
    loud = quiet + np.uint8(100)  # gain is a sum in decibels
    found = [model.predict_on_batch(images) for images in (quiet, loud)]
    np.testing.assert_allclose(found[0], found[1], atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_probabilities_of_slices(name):
    model = build_model(ModelConfig(model=name), num_genres=3)
    assert (model.name, model.input.dtype) == (name, "uint8")
    slices = np.random.default_rng(0).integers(4, 255, (2, 128, 128, 1), np.uint8)
    probabilities = model.predict_on_batch(slices)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_layers_are_keras_own(name):
    """So that best.keras loads where tfgenre is not installed."""
    model = build_model(ModelConfig(model=name), num_genres=3)
    assert {type(layer).__module__.partition(".")[0] for layer in model.layers} == {"keras"}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("initializer", INITIALIZERS)
def test_initializers_are_for_convolutions(initializer, name):
    config = ModelConfig(model=name, initializer=initializer, activation="elu", dropout_rate=0.5)
    model = build_model(config, num_genres=2)
    kernel = model.get_layer("conv2").kernel_initializer
    assert type(kernel).__name__.lower() == initializer.replace("_", "")
    activations = {layer.activation for layer in model.layers if hasattr(layer, "activation")}
    assert keras.activations.elu in activations
    assert keras.activations.relu not in activations
    dense = np.asarray(model.get_layer("genre").kernel)
    assert np.abs(dense).max() <= 0.04 + 1e-6


@pytest.mark.parametrize("name", MODELS)
def test_a_users_data_format_changes_nothing(name):
    config = ModelConfig(model=name)
    expected = build_model(config, num_genres=3)
    keras.config.set_image_data_format("channels_first")
    try:
        model = build_model(config, num_genres=3)
        found = keras.Model.from_config(model.get_config())
    finally:
        keras.config.set_image_data_format("channels_last")
    shapes = [layer.output.shape for layer in expected.layers]
    assert [layer.output.shape for layer in model.layers] == shapes
    assert [layer.output.shape for layer in found.layers] == shapes
