"""By which weights slices are drawn, and how much each genre counts."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tfgenre.records.folder import Records
from tfgenre.training.config import TrainConfig


def draw_weights(
    records: Records, config: TrainConfig, at_most: Sequence[int] | None
) -> NDArray[np.float64] | None:
    """The weights by which slices are drawn, one per row of the index; None if they are not."""
    if config.pipeline.sampling == "slice":
        return None
    limit = config.pipeline.slices_per_genre
    return records.artist_weights("train", slices_per_genre=limit, at_most=at_most)


def class_weights(
    records: Records,
    config: TrainConfig,
    at_most: Sequence[int] | None,
    drawn_by: NDArray[np.float64] | None,
) -> dict[int, float] | None:
    """Class weights that give every genre in training the same total; None if all are equal.

    They are 1 on average over slices, or over draws by the weights `drawn_by`.
    """
    if config.class_weights == "none":
        return None
    limit = config.pipeline.slices_per_genre
    counts = records.count_slices("train", slices_per_genre=limit, at_most=at_most)
    if drawn_by is not None:
        shares = np.bincount(records.index()["label"], drawn_by, minlength=len(counts))
        counts = counts.sum() * shares / shares.sum()
    present = np.count_nonzero(counts)
    weights = counts.sum() / (present * np.where(counts > 0, counts, 1))
    return dict(enumerate(weights.tolist()))
