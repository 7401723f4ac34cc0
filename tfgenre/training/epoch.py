"""The batches of one epoch, as training takes them: shuffled, encoded, with draws to augment by."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tfgenre.config import MAX_SEED
from tfgenre.hashing import stable_hash
from tfgenre.records.chunks import in_python
from tfgenre.records.pipeline import in_batches
from tfgenre.training.augment import DRAWS, draw, mix_labels
from tfgenre.training.config import AugmentConfig

# The keywords seed and start, a number of batches -> as from `pipeline.training_chunks`.
Chunks = Callable[..., tf.data.Dataset]


def epoch_dataset(
    chunks: Chunks,
    *,
    epoch: int,
    start: int = 0,
    batch_size: int,
    seed: int,
    augment: AugmentConfig,
    num_genres: int,
    label_smoothing: float = 0.0,
    group: int = 0,
    worker: int = 0,
    timed: Callable[[tf.data.Dataset], tf.data.Dataset] = lambda chunks: chunks,
) -> tf.data.Dataset:
    """The batches of one epoch, independent of the epochs before it.

    A second pass gives the same batches: Keras on JAX reads one batch before it starts training.

    Args:
        chunks: reads a pass, such as `pipeline.training_chunks` of some records.
        epoch: its number; with the seed it determines the order and the augmentation.
        start: the number of its batches to leave out.
        batch_size: slices per batch.
        seed: the run's seed.
        augment: how slices are augmented.
        num_genres: the number of labels.
        label_smoothing: the share of a label that is spread over all labels.
        group: how many slices of a batch share a device; 0: all.
        worker: the number of the worker that reads; each draws other augmentation.
        timed: measures how long training waits for a chunk; see `InputClock.timed`.

    Returns:
        (image uint8 [batch, 128, 128, 1], label float32 [batch, num_genres]). With augmentation,
        draws float32 [batch, 6] are beside the image; `augment.Augment` applies them.
    """
    epoch_seed = stable_hash("epoch", seed, epoch) % MAX_SEED
    encoded = _one_hot_rows(num_genres, smoothing=label_smoothing)

    def prepare(
        first: int, labels: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Draws for the batches of a chunk, and their labels."""
        targets, draws = encoded[labels], np.zeros((len(labels), len(DRAWS)), np.float32)
        for number in range(-(-len(labels) // batch_size) if augment.is_on else 0):
            batch = slice(number * batch_size, (number + 1) * batch_size)
            size = len(labels[batch])
            draws[batch] = draw(
                augment, seed=epoch_seed + worker, batch=int(first) + number, size=size
            )
            # Devices take complete batches only.
            groups = group if size == batch_size else 0
            targets[batch] = mix_labels(targets[batch], draws[batch, 0], group=groups)
        return draws, targets

    outputs = [tf.TensorSpec([None, width]) for width in (len(DRAWS), num_genres)]

    def prepared(first: tf.Tensor, image: tf.Tensor, label: tf.Tensor) -> Any:
        draws, targets = in_python(prepare, (first, label), outputs)
        return ((image, draws) if augment.is_on else image), targets

    read = chunks(seed=epoch_seed, start=start).map(prepared, num_parallel_calls=1)
    return in_batches(read, batch_size, timed=timed)


def _one_hot_rows(num_genres: int, *, smoothing: float) -> NDArray[np.float32]:
    """The encoding of each label, float32 [genres, genres]."""
    rows = np.eye(num_genres, dtype=np.float32) * (1 - smoothing)
    return rows + np.float32(smoothing / num_genres)
