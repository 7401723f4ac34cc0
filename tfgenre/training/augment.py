"""Augmentation of batches of slices: SpecAugment, mixup and low-pass.

What is done to each slice is drawn with the batch. The pixels change in the training step, on its
device: on the processor that reads, that would cost five times as much as reading.
"""

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from tfgenre.spectrogram.palette import PALETTE_FIRST
from tfgenre.spectrogram.slices import SLICE_SIZE
from tfgenre.training.config import AugmentConfig

# Of each slice: the share of another slice that is mixed in; how many of the highest rows are
# blanked; the first blank row, and how many; the same of columns. Zeros change nothing.
DRAWS = ("mixed_in", "cut_rows", "row", "rows", "column", "columns")


def draw(config: AugmentConfig, *, seed: int, batch: int, size: int) -> NDArray[np.float32]:
    """Draws what is done to each slice of a batch.

    Mixup's shares are from Beta(alpha, alpha) (Zhang et al. 2018); the first and size of the blank
    bands are as in SpecAugment (Park et al. 2019). Low-pass is for half of the slices: without it,
    a network learns to recognise a song's codec, and with it the song's source (docs/models.md).

    Args:
        config: which augmentations to apply, and how strongly.
        seed: determines the draws, together with the batch's number.
        batch: its number.
        size: how many slices it has.

    Returns:
        float32 [size, 6], the columns of `DRAWS`.
    """
    rng = np.random.default_rng([seed, batch])
    drawn = np.zeros((size, len(DRAWS)), np.float32)
    if config.lowpass_rows:
        rows = rng.integers(1, config.lowpass_rows + 1, size)
        drawn[:, 1] = np.where(rng.random(size) < 0.5, rows, 0)
    if config.mixup_alpha:
        drawn[:, 0] = rng.beta(config.mixup_alpha, config.mixup_alpha, size)
    for first, widest in ((2, config.frequency_mask), (4, config.time_mask)):
        width = rng.integers(0, widest + 1, size)
        drawn[:, first] = np.floor(rng.random(size) * (SLICE_SIZE - width + 1))
        drawn[:, first + 1] = width
    return drawn


def mix_labels(
    labels: NDArray[np.float32], mixed_in: NDArray[np.float32], *, group: int = 0
) -> NDArray[np.float32]:
    """The labels of slices that `Augment` blends.

    Args:
        labels: float32 [slices, genres].
        mixed_in: the share of another slice in each, float32 [slices].
        group: as of `Augment`.
    """
    groups = labels.reshape(-1, group or len(labels), labels.shape[-1])
    others = np.roll(groups, 1, axis=1).reshape(labels.shape)
    return labels + mixed_in[:, None] * (others - labels)


class Augment(keras.layers.Layer):
    """Augments slices as drawn.

    It takes images uint8 [batch, 128, 128, 1] and draws float32 [batch, 6], and gives images of the
    same dtype and shape.
    """

    def __init__(self, config: AugmentConfig, *, group: int = 0) -> None:
        """See the class.

        Args:
            config: which augmentations may be drawn.
            group: slices are mixed with their neighbours in groups of so many, those of one
                device; 0: in the whole batch.
        """
        super().__init__(dtype="float32", name="augment")
        self._config, self._group = config, group

    def call(self, image: Any, draws: Any) -> Any:
        """See the class."""
        draws = ops.reshape(draws, (-1, len(DRAWS), 1, 1, 1))
        mixed_in, cut_rows, row, rows, column, columns = (draws[:, i] for i in range(len(DRAWS)))
        place = ops.arange(SLICE_SIZE, dtype="float32")  # row 0 is the highest frequency
        vertical, horizontal = place[:, None, None], place[None, :, None]
        pixels = ops.cast(image, "float32")
        if self._config.lowpass_rows:
            pixels = ops.where(vertical < cut_rows, float(PALETTE_FIRST), pixels)
        if self._config.mixup_alpha:
            pixels += mixed_in * (self._neighbours(pixels) - pixels)
        if self._config.frequency_mask:
            is_blank = (vertical >= row) & (vertical < row + rows)
            pixels = ops.where(is_blank, float(PALETTE_FIRST), pixels)
        if self._config.time_mask:
            is_blank = (horizontal >= column) & (horizontal < column + columns)
            pixels = ops.where(is_blank, float(PALETTE_FIRST), pixels)
        return ops.cast(ops.round(pixels), "uint8")

    def compute_output_spec(self, image: Any, draws: Any) -> keras.KerasTensor:
        """The output is like the images."""
        return keras.KerasTensor(image.shape, "uint8")

    def _neighbours(self, pixels: Any) -> Any:
        if not self._group:
            return ops.roll(pixels, 1, axis=0)
        groups = ops.reshape(pixels, (-1, self._group, SLICE_SIZE, SLICE_SIZE, 1))
        return ops.reshape(ops.roll(groups, 1, axis=1), (-1, SLICE_SIZE, SLICE_SIZE, 1))


def augmented(network: keras.Model, config: AugmentConfig, *, group: int = 0) -> keras.Model:
    """The network behind `Augment`: (images, draws) -> probabilities; it shares its weights."""
    image = keras.Input(network.input.shape[1:], dtype="uint8", name="image")
    draws = keras.Input((len(DRAWS),), dtype="float32", name="draws")
    probabilities = network(Augment(config, group=group)(image, draws))
    return keras.Model((image, draws), probabilities, name=f"augmented_{network.name}")
