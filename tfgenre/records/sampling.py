"""Which slices 'N slices a genre' are: the N with the smallest sampling keys.

The index, a few bytes a slice beside the shards, tells so without reading images. As the keys are
hashes, the choice is a random draw; as they are stable, it is the same every time, and the draw of
1000 slices is part of the draw of 1500.
"""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tfgenre.config import SPLITS
from tfgenre.files import write_atomically
from tfgenre.hashing import stable_hash
from tfgenre.records.shards import damaged

NAME = "index.npy"
# One row a slice; rows of a split's shard are consecutive and in the order of its records.
INDEX_DTYPE = np.dtype([("key", "<i8"), ("label", "<i4"), ("shard", "<i4"), ("split", "<i1")])


def write_index(path: Path, rows: NDArray[np.void]) -> None:
    """Writes rows of dtype INDEX_DTYPE, whole or not at all."""
    write_atomically(path, index_bytes(rows))


def index_bytes(rows: NDArray[np.void]) -> bytes:
    """The contents of an index file of rows of dtype INDEX_DTYPE."""
    buffer = io.BytesIO()
    np.save(buffer, rows, allow_pickle=False)
    return buffer.getvalue()


def read_index(path: Path) -> NDArray[np.void]:
    """Reads rows of dtype INDEX_DTYPE.

    Raises:
        UserError: if the file is missing or damaged.
    """
    try:
        with path.open("rb") as file:
            rows: NDArray[np.void] = np.load(file, allow_pickle=False)
        if rows.dtype != INDEX_DTYPE:
            raise ValueError("dtype")
    except (OSError, ValueError, EOFError) as error:
        raise damaged(path) from error
    return rows


def chosen(rows: NDArray[np.void], slices_per_genre: int) -> NDArray[np.bool_]:
    """True for each slice that is among the first slices_per_genre of its genre, bool [slices]."""
    return _first(rows, [slices_per_genre] * (rows["label"].max(initial=0) + 1))


def _first(rows: NDArray[np.void], limits: Sequence[int]) -> NDArray[np.bool_]:
    """True for each slice that is among the first of its label, so many of each, bool [slices]."""
    keep = np.zeros(len(rows), bool)
    for label in np.unique(rows["label"]):
        members = np.flatnonzero(rows["label"] == label)
        order = np.argsort(rows["key"][members], kind="stable")
        keep[members[order[: limits[label]]]] = True
    return keep


def of_split(
    rows: NDArray[np.void],
    split: str,
    *,
    slices_per_genre: int = 0,
    at_most: Sequence[int] | None = None,
) -> NDArray[np.bool_]:
    """True for each slice of a split that is chosen, bool [slices].

    Args:
        rows: of dtype INDEX_DTYPE.
        split: train, validation or test.
        slices_per_genre: how many of each genre, counted over all splits; 0 means all.
        at_most: how many of each label of this split; None means all.
    """
    keep = rows["split"] == SPLITS.index(split)
    if slices_per_genre:
        keep &= chosen(rows, slices_per_genre)
    if at_most is not None:
        found = np.flatnonzero(keep)
        keep[found[~_first(rows[found], at_most)]] = False
    return keep


def keep_by_shard(
    rows: NDArray[np.void], split: str, keep: NDArray[np.bool_]
) -> dict[int, NDArray[np.bool_]]:
    """For each shard of a split that has chosen slices: which, up to the last one, bool [records].

    Keys order a shard, so what is chosen is nearly all at its start.

    Args:
        rows: of dtype INDEX_DTYPE.
        split: train, validation or test.
        keep: what is chosen, as `of_split` gives it.
    """
    in_split = rows["split"] == SPLITS.index(split)
    masks = {}
    for shard in np.unique(rows["shard"][in_split]):
        mask = keep[in_split & (rows["shard"] == shard)]
        if mask.any():
            masks[int(shard)] = mask[: np.flatnonzero(mask)[-1] + 1]
    return masks


def sampling_key(seed: int, track_id: str, slice_index: int) -> int:
    """Where a slice stands in the shuffle of its collection: the N smallest keys are N draws."""
    return stable_hash("slice", seed, track_id, slice_index)
