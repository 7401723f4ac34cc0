"""Conversions of the spectral network to TensorFlow Lite and ONNX."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgenre.config import RenderConfig
from tfgenre.export import conversions, export, saved_model
from tfgenre.records import pipeline
from tfgenre.records.folder import Records
from tfgenre.training import process_state
from tfgenre.training.config import ModelConfig
from tfgenre.training.model import build_model


@pytest.fixture(scope="module")
def spectral(records_dir) -> keras.Model:
    """Trained briefly in bfloat16, so that its moving means and variances have changed."""
    with process_state.seeded(0), process_state.dtype_policy("mixed_bfloat16"):
        model = build_model(ModelConfig(model="spectral"), num_genres=2, render=RenderConfig())
    model.compile(optimizer="adamw", loss="sparse_categorical_crossentropy")
    source = Records.open(records_dir).source("train")
    model.fit(pipeline.validation_dataset(source, 4), epochs=20, verbose=0)
    return model


@pytest.mark.parametrize(
    ("name", "tolerance"), [("tflite", 1e-5), ("tflite_float16", 0.01), ("tflite_int8", 0.15)]
)
def test_tflite_predicts_nearly_the_same(spectral, records_dir, tmp_path, name, tolerance):
    records = Records.open(records_dir)
    network = export.float32(spectral)
    saved_model.save(network, tmp_path, trained_on=records.manifest, vote="hard")
    batches = pipeline.validation_dataset(records.source("test"), 100)
    ((images, _),) = batches.as_numpy_iterator()
    ours = network.predict(images, verbose=0)
    np.testing.assert_allclose(ours, spectral.predict(images, verbose=0), atol=0.05)
    loaded = tf.saved_model.load(tmp_path)
    np.testing.assert_allclose(loaded.from_slices(images)["probabilities"], ours, atol=1e-5)
    content = conversions.to_tflite(tmp_path, name, examples=images)
    np.testing.assert_allclose(conversions.run_tflite(content, images), ours, atol=tolerance)


def test_onnx_predicts_the_same(spectral, tmp_path):
    """The seed's network is not tested: tf2onnx takes a minute and 7 GB for it."""
    pytest.importorskip("tf2onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    network = export.float32(spectral)
    conversions.to_onnx(network, tmp_path / "network.onnx")
    images = np.random.default_rng(0).integers(4, 255, (3, 128, 128, 1), np.uint8)
    session = onnxruntime.InferenceSession(tmp_path / "network.onnx")
    (found,) = session.run(["probabilities"], {"image": images})
    np.testing.assert_allclose(found, network.predict(images, verbose=0), atol=1e-5)
