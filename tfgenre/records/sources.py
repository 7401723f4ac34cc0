"""Selects the records to read: the shards of a split, and records within them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfgenre.errors import UserError
from tfgenre.records import drawing, sampling
from tfgenre.records.manifest import NAME, Manifest
from tfgenre.records.shards import check_complete, damaged_error, shard_index


@dataclass(frozen=True)
class Source:
    """The records to read.

    Attributes:
        paths: shard files.
        lengths: the number of records in each.
        framed_bytes: the length of every record in its file, in bytes.
        numbers: the records to read, counted over all shards, ascending, int64 [num_slices].
        weights: by which they are drawn, float64 [num_slices]; None means that each is read once.
    """

    paths: tuple[str, ...]
    lengths: tuple[int, ...]
    framed_bytes: int
    numbers: NDArray[np.int64]
    weights: NDArray[np.float64] | None = None

    @property
    def num_slices(self) -> int:
        """Number of records to read, or to draw."""
        return len(self.numbers)

    @property
    def starts(self) -> NDArray[np.int64]:
        """The number of each shard's first record, and of the end; int64 [shards + 1]."""
        return np.cumsum([0, *self.lengths])

    def num_batches(self, batch_size: int) -> int:
        """Number of batches in one pass; the last may be smaller."""
        return math.ceil(self.num_slices / batch_size)

    def partition(self, index: int, count: int) -> "Source":
        """One of count nearly equal parts of these records: a contiguous range of each shard.

        Shards are shuffled, so a range is a random sample.

        Raises:
            UserError: if the part is empty.
        """
        if count == 1:
            return self
        parts = [
            # Rotated by the shard's number, so that small shards go to different parts.
            (np.arange(len(rows)) * count // max(1, len(rows)) + shard) % count
            for shard, rows in enumerate(self.by_shard())
        ]
        chosen = np.concatenate(parts) == index
        if not chosen.any():
            raise UserError(
                f"--partitions={count} leaves parts without slices, as there are only "
                f"{self.num_slices:,}; lower --partitions."
            )
        return self._only(chosen)

    def strided(self, index: int, count: int, *, rows: int | None = None) -> "Source":
        """Every count-th record, starting at index, and only the first `rows` of those."""
        chosen = slice(index, None if rows is None else index + rows * count, count)
        return self._only(chosen)

    def drawn(self, seed: int) -> NDArray[np.int64]:
        """The numbers of an epoch's records, ascending; some are missing, some come again."""
        if self.weights is None:
            return self.numbers
        times = drawing.copies(self.weights, np.random.default_rng(seed).random())
        return np.repeat(self.numbers, times)

    def _only(self, chosen: Any) -> "Source":
        weights = None if self.weights is None else self.weights[chosen]
        return replace(self, numbers=self.numbers[chosen], weights=weights)

    def by_shard(self) -> list[NDArray[np.int64]]:
        """For each shard, the positions in it of the records to read."""
        starts = self.starts
        parts = np.split(self.numbers, np.searchsorted(self.numbers, starts[1:-1]))
        return [part - start for part, start in zip(parts, starts[:-1], strict=True)]


def find(
    records_dir: Path,
    manifest: Manifest,
    split: str,
    *,
    slices_per_genre: int = 0,
    at_most: Sequence[int] | None = None,
    weights: NDArray[np.float64] | None = None,
) -> Source:
    """Finds a split's records.

    Args:
        records_dir: the folder of the shards.
        manifest: its contents.
        split: train, validation or test.
        slices_per_genre: how many of each genre, counted over all splits; 0 means all.
        at_most: how many of each label of this split; None means all.
        weights: by which slices are drawn, one per row of the index, float64 [slices]; None means
            that each is read once.

    Raises:
        UserError: if the split has no slices, or a shard is missing or of another size.
    """
    shards = {shard_index(shard.name): shard for shard in manifest.splits[split].shards}
    kept = drawn_by = None
    if slices_per_genre or at_most is not None or weights is not None:
        rows = sampling.read_index(records_dir / sampling.NAME)
        mask = sampling.split_mask(rows, split, slices_per_genre=slices_per_genre, at_most=at_most)
        kept = sampling.by_shard(rows, split, mask)
        if {index: len(found) for index, found in kept.items()} != {
            index: shard.slices for index, shard in shards.items()
        }:
            raise damaged_error(records_dir / sampling.NAME)
        shards = {index: shard for index, shard in shards.items() if kept[index].any()}
        if weights is not None:
            of_shards = sampling.by_shard(rows, split, weights)
            drawn_by = [of_shards[index][kept[index]] for index in shards]
    if not shards:
        raise UserError(f"The {split} split of {records_dir} has no slices to read.")
    for shard in shards.values():
        check_complete(records_dir / shard.name, shard)
    sizes = {divmod(shard.bytes, shard.slices) for shard in shards.values()}
    if len(sizes) > 1 or any(remainder for _, remainder in sizes):
        raise damaged_error(records_dir / NAME)
    ((framed_bytes, _),) = sizes
    selected = [
        np.ones(shard.slices, bool) if kept is None else kept[i] for i, shard in shards.items()
    ]
    return Source(
        paths=tuple(str(records_dir / shard.name) for shard in shards.values()),
        lengths=tuple(shard.slices for shard in shards.values()),
        framed_bytes=framed_bytes,
        numbers=np.flatnonzero(np.concatenate(selected)),
        weights=None if drawn_by is None else np.concatenate(drawn_by),
    )
