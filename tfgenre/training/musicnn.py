"""musicnn in Keras' own layers, with the weights that its authors trained.

Pons and Serra, "musicnn: Pre-trained convolutional neural networks for music audio tagging" (2019);
the network is that of Pons et al., "End-to-end learning for music audio tagging at scale" (2018).
MSD_musicnn was trained for 50 tags of the Million Song Dataset. Its weights are files in the Python
package musicnn (ISC licence), whose code is not used.
"""

import importlib.util
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tfgenre.errors import UserError
from tfgenre.spectrogram.musicnn import BANDS, STEPS_PER_UNIT
from tfgenre.spectrogram.palette import PALETTE_FIRST
from tfgenre.spectrogram.slices import SLICE_SIZE

ORIGIN = (
    "the weights of MSD_musicnn (Pons and Serra 2019; ISC licence), trained for 50 tags of the "
    "Million Song Dataset"
)
NUM_FEATURES, NUM_TAGS = 200, 50
_TIMBRAL = (int(0.4 * BANDS), int(0.7 * BANDS))  # bands
_TEMPORAL = (128, 64, 32)  # columns
_MIDDLE = 64  # channels
_FORMAT = {"data_format": "channels_last"}
# Our layers' names and the checkpoint's, in the order in which its graph was built.
_CONVOLUTIONS = (
    "timbral1",
    "timbral2",
    "temporal1",
    "temporal2",
    "temporal3",
    "mid1",
    "mid2",
    "mid3",
)
_NORMALS = ("input", *_CONVOLUTIONS, "pooled", "features")
_DENSE = ("dense", "tags")
Weights = Mapping[str, NDArray[Any]]


def features() -> keras.Model:
    """The network up to its layer before the last, with its authors' weights, not to be trained.

    Returns:
        uint8 [batch, 128, 128, 1], slices of `--spectrogram=musicnn` -> float32 [batch, 200].

    Raises:
        UserError: if the package with the weights is not installed.
    """
    weights = read_weights()
    network = tags()
    for name, values in arranged(weights).items():
        network.get_layer(name).set_weights(values)
    network.trainable = False
    return keras.Model(network.input, network.get_layer("features_normal").output, name="musicnn")


def tags() -> keras.Model:
    """The whole network, with initial weights: a slice -> the probability of each of 50 tags.

    After normalisation, five parallel convolutions: two over 7 columns and 0.4 or 0.7 of the bands
    (timbre), three over 128, 64 or 32 columns (rhythm); each keeps its maximum over the bands. Then
    three convolutions over 7 columns with residual connections; the maximum and mean over time of
    all of these; a dense layer of 200 units.
    """
    image = keras.Input((SLICE_SIZE, SLICE_SIZE, 1), dtype="uint8", name="image")
    x = keras.layers.Rescaling(1 / STEPS_PER_UNIT, -PALETTE_FIRST / STEPS_PER_UNIT)(image)
    x = keras.layers.Cropping2D(((SLICE_SIZE - BANDS, 0), (0, 0)), **_FORMAT)(x)
    x = _normal("input")(x)
    padded = keras.layers.ZeroPadding2D((0, 3), **_FORMAT)(x)
    front = [
        _front(padded, 204, (bands, 7), f"timbral{number}", padding="valid")
        for number, bands in enumerate(_TIMBRAL, start=1)
    ]
    front += [
        _front(x, 51, (1, columns), f"temporal{number}", padding="same")
        for number, columns in enumerate(_TEMPORAL, start=1)
    ]
    found = [keras.layers.Concatenate()(front)]
    for number in (1, 2, 3):
        x = keras.layers.Conv1D(
            _MIDDLE, 7, padding="same", activation="relu", name=f"mid{number}", **_FORMAT
        )(found[-1])
        x = _normal(f"mid{number}")(x)
        found.append(x if number == 1 else keras.layers.Add()([x, found[-1]]))
    every = keras.layers.Concatenate()(found)
    largest = keras.layers.GlobalMaxPooling1D(**_FORMAT)(every)
    mean = keras.layers.GlobalAveragePooling1D(**_FORMAT)(every)
    x = _normal("pooled")(keras.layers.Concatenate()([largest, mean]))
    x = keras.layers.Dense(NUM_FEATURES, activation="relu", name="dense")(x)
    x = _normal("features")(x)
    return keras.Model(image, keras.layers.Dense(NUM_TAGS, activation="sigmoid", name="tags")(x))


def _front(
    x: keras.KerasTensor, filters: int, size: tuple[int, int], name: str, *, padding: str
) -> keras.KerasTensor:
    """A convolution over [bands, columns], and its maximum over the bands: [columns, filters]."""
    x = keras.layers.Conv2D(
        filters, size, padding=padding, activation="relu", name=name, **_FORMAT
    )(x)
    x = _normal(name)(x)
    x = keras.layers.MaxPooling2D((x.shape[1], 1), **_FORMAT)(x)
    return keras.layers.Reshape((SLICE_SIZE, filters))(x)


def _normal(name: str) -> keras.layers.BatchNormalization:
    return keras.layers.BatchNormalization(epsilon=0.001, name=f"{name}_normal")


def read_weights() -> dict[str, NDArray[np.float32]]:
    """The variables in the package's checkpoint, by name, without those of its optimizer.

    Raises:
        UserError: if the package is not installed.
    """
    found = importlib.util.find_spec("musicnn")
    if found is None or not found.submodule_search_locations:
        raise UserError(
            "--model=musicnn needs the weights in the package musicnn, whose own code is not used: "
            "pip install --no-deps musicnn==0.1.0"
        )
    folder = Path(found.submodule_search_locations[0]) / "MSD_musicnn"
    with tempfile.TemporaryDirectory() as scratch:
        for name in (".index", ".data-00000-of-00001"):  # load_checkpoint needs a name before these
            Path(scratch, f"weights{name}").symlink_to(folder / name)
        reader = tf.train.load_checkpoint(str(Path(scratch, "weights")))
        names = reader.get_variable_to_shape_map()
        return {
            name: reader.get_tensor(name)
            for name in names
            if "/Adam" not in name and not name.endswith("_power")
        }


def arranged(weights: Weights) -> dict[str, list[NDArray[Any]]]:
    """The weights of each layer of `tags`, from the variables of the checkpoint."""
    found = {}
    for number, name in enumerate(_CONVOLUTIONS):
        kernel, bias = _variables(weights, "conv2d", number, ("kernel", "bias"))
        found[name] = [_kernel(name, kernel), bias]
    for number, name in enumerate(_NORMALS):
        parts = ("gamma", "beta", "moving_mean", "moving_variance")
        found[f"{name}_normal"] = _variables(weights, "batch_normalization", number, parts)
    for number, name in enumerate(_DENSE):
        found[name] = _variables(weights, "dense", number, ("kernel", "bias"))
    # There, each channel's maximum and mean are neighbours; here, all maxima come first.
    order = np.arange(len(found["dense"][0])).reshape(-1, 2).T.ravel()
    found["pooled_normal"] = [values[order] for values in found["pooled_normal"]]
    found["dense"][0] = found["dense"][0][order]
    return found


def _variables(
    weights: Weights, kind: str, number: int, parts: tuple[str, ...]
) -> list[NDArray[Any]]:
    scope = f"{kind}_{number}" if number else kind
    return [weights[f"{scope}/{part}"] for part in parts]


def _kernel(name: str, kernel: NDArray[Any]) -> NDArray[Any]:
    """A kernel [columns, bands, 1, filters] for pictures [rows, columns], the highest row first."""
    if name.startswith("mid"):
        return kernel[:, :, 0]
    return kernel.transpose(1, 0, 2, 3)[::-1]
