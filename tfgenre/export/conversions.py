"""Converts the network, from slices on, to TensorFlow Lite and ONNX files."""

from collections.abc import Iterable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tfgenre.export.saved_model import IMAGES

_SIGNATURE = "from_slices"
_SLICES_AT_ONCE = 32


def to_tflite(saved_model: Path, name: str, *, examples: Iterable[NDArray[np.uint8]]) -> bytes:
    """Converts to TensorFlow Lite, with the signature of `GenreClassifier.from_slices`.

    Args:
        saved_model: the folder that `saved_model.save` wrote.
        name: tflite, tflite_float16 (weights of half the size), or tflite_int8 (weights and most of
            the arithmetic in 8-bit integers).
        examples: slices to calibrate the ranges of integers, uint8 [any, 128, 128, 1]; only for
            tflite_int8.

    Returns:
        The content of the file.
    """
    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(saved_model), signature_keys=[_SIGNATURE]
    )
    if name != "tflite":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if name == "tflite_float16":
        converter.target_spec.supported_types = [tf.float16]
    if name == "tflite_int8":
        converter.representative_dataset = lambda: ([image[np.newaxis]] for image in examples)
    content: bytes = converter.convert()
    return content


def run_tflite(content: bytes, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Predicts slices with a TensorFlow Lite network.

    Args:
        content: the content of the file, from `to_tflite`.
        images: uint8 [slices, 128, 128, 1].

    Returns:
        Probabilities, float32 [slices, genres].
    """
    run = tf.lite.Interpreter(model_content=content).get_signature_runner(_SIGNATURE)
    batches = np.split(images, range(_SLICES_AT_ONCE, len(images), _SLICES_AT_ONCE))
    return np.concatenate([run(image=batch)["probabilities"] for batch in batches])


def to_onnx(network: keras.Model, path: Path) -> None:
    """Writes an ONNX file: image uint8 [slices, 128, 128, 1] -> probabilities."""
    import tf2onnx

    predict = tf.function(
        lambda image: {"probabilities": network(image, training=False)}, input_signature=[IMAGES]
    )
    tf2onnx.convert.from_function(predict, input_signature=[IMAGES], output_path=str(path))
