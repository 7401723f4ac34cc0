"""Selects N slices per genre: the N with the smallest sampling keys.

The index beside the shards, a few bytes per slice, makes this possible without reading images. The
keys are hashes, so the sample is random; they are stable, so it is reproducible, and the sample of
1000 slices is a subset of the sample of 1500.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tfgenre.config import SPLITS
from tfgenre.files import write_atomically
from tfgenre.hashing import stable_hash
from tfgenre.records.shards import damaged_error

ScalarT = TypeVar("ScalarT", bound=np.generic)
NAME = "index.npy"
# One row per slice; the rows of a shard are consecutive, in the order of its records.
_FIELDS = [("key", "<i8"), ("label", "<i4"), ("shard", "<i4"), ("split", "<i1")]
# The track is the number of the song's row in tracks.csv; indexes of earlier versions lack it.
INDEX_DTYPE = np.dtype([*_FIELDS, ("track", "<i4")])
_DTYPES = (INDEX_DTYPE, np.dtype(_FIELDS))


def write_index(path: Path, rows: NDArray[np.void]) -> None:
    """Writes rows of dtype INDEX_DTYPE atomically."""
    write_atomically(path, index_bytes(rows))


def index_bytes(rows: NDArray[np.void]) -> bytes:
    """The contents of an index file with these rows of dtype INDEX_DTYPE."""
    buffer = io.BytesIO()
    np.save(buffer, rows, allow_pickle=False)
    return buffer.getvalue()


def read_index(path: Path) -> NDArray[np.void]:
    """Reads rows of dtype INDEX_DTYPE, without track if an earlier version wrote them.

    Raises:
        UserError: if the file is missing or damaged.
    """
    try:
        with path.open("rb") as file:
            rows: NDArray[np.void] = np.load(file, allow_pickle=False)
        if rows.dtype not in _DTYPES:
            raise ValueError("dtype")
    except (OSError, ValueError, EOFError) as error:
        raise damaged_error(path) from error
    return rows


def genre_mask(rows: NDArray[np.void], slices_per_genre: int) -> NDArray[np.bool_]:
    """True for the first slices_per_genre slices of each genre, by key; bool [slices]."""
    return _first_of_labels(rows, [slices_per_genre] * (rows["label"].max(initial=0) + 1))


def _first_of_labels(rows: NDArray[np.void], limits: Sequence[int]) -> NDArray[np.bool_]:
    """True for the first limits[label] slices of each label, by key; bool [slices]."""
    keep = np.zeros(len(rows), bool)
    for label in np.unique(rows["label"]):
        members = np.flatnonzero(rows["label"] == label)
        order = np.argsort(rows["key"][members], kind="stable")
        keep[members[order[: limits[label]]]] = True
    return keep


def split_mask(
    rows: NDArray[np.void],
    split: str,
    *,
    slices_per_genre: int = 0,
    at_most: Sequence[int] | None = None,
) -> NDArray[np.bool_]:
    """True for the selected slices of a split, bool [slices].

    Args:
        rows: of dtype INDEX_DTYPE.
        split: train, validation or test.
        slices_per_genre: how many of each genre, counted over all splits; 0 means all.
        at_most: how many of each label of this split; None means all.
    """
    keep = rows["split"] == SPLITS.index(split)
    if slices_per_genre:
        keep &= genre_mask(rows, slices_per_genre)
    if at_most is not None:
        members = np.flatnonzero(keep)
        keep[members[~_first_of_labels(rows[members], at_most)]] = False
    return keep


def shard_masks(
    rows: NDArray[np.void], split: str, keep: NDArray[np.bool_]
) -> dict[int, NDArray[np.bool_]]:
    """A mask for each shard of a split that has selected slices.

    A shard is sorted by key, so the selected slices are near its start.

    Args:
        rows: of dtype INDEX_DTYPE.
        split: train, validation or test.
        keep: the selected slices, from `split_mask`.

    Returns:
        Shard index -> mask of its records up to the last selected one, bool [records].
    """
    return {
        shard: mask[: np.flatnonzero(mask)[-1] + 1]
        for shard, mask in by_shard(rows, split, keep).items()
        if mask.any()
    }


def by_shard(
    rows: NDArray[np.void], split: str, values: NDArray[ScalarT]
) -> dict[int, NDArray[ScalarT]]:
    """The values of each shard of a split.

    Args:
        rows: of dtype INDEX_DTYPE.
        split: train, validation or test.
        values: one per row, [slices].

    Returns:
        Shard index -> the values of its records, [records], in their order.
    """
    members = np.flatnonzero(rows["split"] == SPLITS.index(split))
    members = members[np.argsort(rows["shard"][members], kind="stable")]
    shards, starts = np.unique(rows["shard"][members], return_index=True)
    parts = np.split(values[members], starts[1:]) if len(shards) else []
    return dict(zip(shards.tolist(), parts, strict=True))


def sampling_key(seed: int, track_id: str, slice_index: int) -> int:
    """A slice's position in the shuffle of its collection; the N smallest keys are the sample."""
    return stable_hash("slice", seed, track_id, slice_index)
