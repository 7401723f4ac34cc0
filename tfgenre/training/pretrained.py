"""Training on top of a network that others trained, and that stays as it is.

Its features are computed once for each slice, and kept in memory; what is trained is one layer. The
run's network, best.keras, is both in one: from slices to probabilities.
"""

from types import ModuleType

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tqdm import tqdm

from tfgenre.errors import UserError
from tfgenre.records.folder import Records
from tfgenre.training import musicnn, process_state
from tfgenre.training.config import PRETRAINED, ModelConfig, TrainConfig
from tfgenre.training.model import genre_layer
from tfgenre.training.multiworker import Worker

_SLICES_AT_ONCE = 64  # 400 MB in the largest layer of musicnn
# By --model: a module with ORIGIN, a phrase, and features(), slices -> features [batch, n]. The
# records must hold the spectrogram of the same name.
_NETWORKS: dict[str, ModuleType] = {"musicnn": musicnn}


class Base:
    """The network that is not trained.

    Attributes:
        network: uint8 [batch, 128, 128, 1] -> features float32 [batch, n].
        origin: where its weights are from.
    """

    def __init__(self, network: keras.Model, origin: str, *, most_slices: int) -> None:
        self.network, self.origin = network, origin
        self._bar = tqdm(
            total=most_slices, unit="slice", desc="features", leave=False, disable=None
        )

    def __call__(self, images: tf.Tensor) -> NDArray[np.float32]:
        """The features of a batch of slices."""
        slices, found = np.asarray(images), []
        for start in range(0, len(slices), _SLICES_AT_ONCE):
            some = slices[start : start + _SLICES_AT_ONCE]
            found.append(np.asarray(self.network.predict_on_batch(some)))
            self._bar.update(len(some))
        return np.concatenate(found)

    def close(self) -> None:
        """Ends the progress bar: all features are computed."""
        self._bar.close()

    def head(self, config: ModelConfig, *, num_genres: int) -> keras.Model:
        """What is trained: features [batch, n] -> probabilities [batch, num_genres]."""
        features = keras.Input(self.network.output.shape[1:], name="features")
        x = keras.layers.Dropout(config.dropout_rate, name="dropout")(features)
        return keras.Model(features, genre_layer(num_genres)(x), name="head")

    def joined(self, head: keras.Model) -> keras.Model:
        """Both in one: uint8 [batch, 128, 128, 1] -> probabilities [batch, num_genres]."""
        x = self.network.output
        for layer in head.layers[1:]:
            x = layer(x)
        return keras.Model(self.network.input, x, name=self.network.name)


def base_of(config: TrainConfig, records: Records, worker: Worker) -> Base | None:
    """The network that --model names, None if it is one that is trained from scratch.

    Raises:
        UserError: if its weights are not installed, the records hold another spectrogram, or
            several devices are to train.
    """
    name = config.model.model
    if name not in PRETRAINED:
        return None
    if (found := records.manifest.render.spectrogram) != name:
        raise UserError(
            f"--model={name} needs records of --spectrogram={name}, got {found} in {records.path}: "
            f"build others, with --flagfile=flags/ear.cfg."
        )
    if worker.num_devices > 1:
        raise UserError(
            f"--model={name} trains one layer, on one device, got {worker.num_devices}: give "
            "--strategy=one."
        )
    with process_state.dtype_policy("float32"):  # as its weights were published
        network = _NETWORKS[name].features()
    splits = records.manifest.splits
    most_slices = splits["train"].num_slices + splits["validation"].num_slices
    return Base(network, _NETWORKS[name].ORIGIN, most_slices=most_slices)
