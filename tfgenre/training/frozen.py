"""Training the last layer alone, on top of a network that stays as it is.

Its features are computed once for each slice, and kept in memory. The run's network, best.keras, is
both in one: from slices to probabilities.
"""

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tqdm import tqdm

from tfgenre.errors import UserError
from tfgenre.records.folder import Records
from tfgenre.training import process_state
from tfgenre.training.config import ModelConfig, TrainConfig
from tfgenre.training.initial import initial_network, without_last_layer
from tfgenre.training.model import genre_layer
from tfgenre.training.multiworker import Worker

_SLICES_AT_ONCE = 64  # 400 MB in the largest layer of musicnn


class Base:
    """The network that is not trained.

    Attributes:
        network: uint8 [batch, 128, 128, 1] -> features float32 [batch, n].
    """

    def __init__(self, whole: keras.Model, *, most_slices: int) -> None:
        """See the class.

        Args:
            whole: the network with its last layer, whose weights that of `head` starts from.
            most_slices: how many slices it will be called with, for the progress bar.
        """
        self.network = without_last_layer(whole)
        self._last = whole.layers[-1].get_weights()
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
        x = keras.layers.Dropout(config.dropout_rate, name="feature_dropout")(features)
        layer = genre_layer(num_genres)
        head = keras.Model(features, layer(x), name="head")
        layer.set_weights(self._last)
        return head

    def joined(self, head: keras.Model) -> keras.Model:
        """Both in one: uint8 [batch, 128, 128, 1] -> probabilities [batch, num_genres]."""
        x = self.network.output
        for layer in head.layers[1:]:
            x = layer(x)
        return keras.Model(self.network.input, x, name=self.network.name)


def base_of(config: TrainConfig, records: Records, worker: Worker) -> Base | None:
    """The network below the last layer; None if all layers are trained.

    Raises:
        UserError: if several devices are to train, or as `initial_network`.
    """
    if not config.model.is_frozen:
        return None
    if worker.num_devices > 1:
        raise UserError(
            f"The last layer alone is trained on one device, got {worker.num_devices}: give "
            "--strategy=one, or --freeze=none."
        )
    with process_state.dtype_policy("float32"), process_state.seeded(config.pipeline.seed):
        network = initial_network(config.model, records)
    splits = records.manifest.splits
    most_slices = splits["train"].num_slices + splits["validation"].num_slices
    return Base(network, most_slices=most_slices)
