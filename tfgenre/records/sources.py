"""Selects the records to read: the shards of a split, and records within them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

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
        keep: for each shard, a mask of its leading records, bool [records]; None means all records.
        weights: for each shard, those by which its records are drawn, float64 [records]; None means
            that each is read once.
    """

    paths: tuple[str, ...]
    lengths: tuple[int, ...]
    framed_bytes: int
    keep: tuple[NDArray[np.bool_], ...] | None = None
    weights: tuple[NDArray[np.float64], ...] | None = None

    @property
    def num_slices(self) -> int:
        """Number of records to read, or to draw."""
        return sum(self.lengths if self.keep is None else (int(mask.sum()) for mask in self.keep))

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
        masks = []
        for shard, kept in enumerate(self._kept()):
            part = np.arange(len(kept)) * count // max(1, len(kept))
            # Rotated by the shard's number, so that small shards go to different parts.
            masks.append(_mask(kept[(part + shard) % count == index]))
        source = replace(self, keep=tuple(masks))
        if not source.num_slices:
            raise UserError(
                f"--partitions={count} leaves parts without slices, as there are only "
                f"{self.num_slices:,}; lower --partitions."
            )
        return source

    def of_worker(self, index: int, count: int) -> "Source":
        """One of count parts of these shards, as equal in records as whole shards allow.

        Raises:
            UserError: if there are fewer shards than parts.
        """
        if count > len(self.paths):
            raise UserError(
                f"{count} workers cannot share {len(self.paths)} shards: build records with "
                f"--num_shards={count} or more, or use fewer workers."
            )
        sizes = [len(kept) for kept in self._kept()]
        shares = np.zeros(count, int)
        mine = []
        for shard in sorted(range(len(sizes)), key=lambda shard: -sizes[shard]):
            smallest = int(shares.argmin())
            shares[smallest] += sizes[shard]
            if smallest == index:
                mine.append(shard)
        mine.sort()
        return self._of_shards(mine, None if self.keep is None else [self.keep[i] for i in mine])

    def strided(self, index: int, count: int, *, rows: int) -> "Source":
        """Every count-th record, starting at index, and only the first `rows` of those."""
        if count == 1 and rows == self.num_slices:
            return self
        masks, number = [], 0
        for kept in self._kept():
            numbers = np.arange(number, number + len(kept))
            masks.append(_mask(kept[(numbers % count == index) & (numbers < rows * count)]))
            number += len(kept)
        return replace(self, keep=tuple(masks))

    def copies(self, seed: int) -> NDArray[np.int64]:
        """How often each of these records comes in an epoch, int64 [num_slices]."""
        if self.weights is None:
            return np.ones(self.num_slices, np.int64)
        pairs = zip(self.weights, self._kept(), strict=True)
        weights = np.concatenate([weights[kept] for weights, kept in pairs])
        return drawing.copies(weights, np.random.default_rng(seed).random())

    def drawn(self, seed: int) -> "Source":
        """The records of an epoch: a shard is listed again for those that come again."""
        if self.weights is None:
            return self
        kept = self._kept()
        ends = np.cumsum([len(positions) for positions in kept])
        copies = np.split(self.copies(seed), ends[:-1])
        chosen = [
            (shard, _mask(positions[number > listed]))
            for shard, (positions, number) in enumerate(zip(kept, copies, strict=True))
            for listed in range(number.max(initial=0))
        ]
        shards, masks = zip(*chosen, strict=True)
        return replace(self._of_shards(shards, masks), weights=None)

    def _of_shards(
        self, shards: Sequence[int], keep: Sequence[NDArray[np.bool_]] | None
    ) -> "Source":
        """These shards, with other masks."""
        return replace(
            self,
            paths=tuple(self.paths[shard] for shard in shards),
            lengths=tuple(self.lengths[shard] for shard in shards),
            keep=None if keep is None else tuple(keep),
            weights=None if self.weights is None else tuple(self.weights[i] for i in shards),
        )

    def _kept(self) -> list[NDArray[np.int64]]:
        """For each shard, the positions of the records to read."""
        if self.keep is None:
            return [np.arange(length) for length in self.lengths]
        return [np.flatnonzero(mask) for mask in self.keep]


def _mask(positions: NDArray[np.int64]) -> NDArray[np.bool_]:
    """A mask of a shard's leading records, True at these positions."""
    mask = np.zeros(positions.max(initial=-1) + 1, bool)
    mask[positions] = True
    return mask


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
    keep = rows = None
    selects = bool(slices_per_genre) or at_most is not None
    if selects or weights is not None:
        rows = sampling.read_index(records_dir / sampling.NAME)
    if rows is not None and selects:
        kept = sampling.split_mask(rows, split, slices_per_genre=slices_per_genre, at_most=at_most)
        keep = sampling.shard_masks(rows, split, kept)
        if not keep.keys() <= shards.keys():
            raise damaged_error(records_dir / sampling.NAME)
        shards = {index: shards[index] for index in keep}
    if not shards:
        raise UserError(f"The {split} split of {records_dir} has no slices to read.")
    for shard in shards.values():
        check_complete(records_dir / shard.name, shard)
    paths = tuple(str(records_dir / shard.name) for shard in shards.values())
    lengths = tuple(shard.slices for shard in shards.values())
    sizes = {divmod(shard.bytes, shard.slices) for shard in shards.values()}
    if len(sizes) > 1 or any(remainder for _, remainder in sizes):
        raise damaged_error(records_dir / NAME)
    ((framed_bytes, _),) = sizes
    masks = None if keep is None else tuple(keep.values())
    if rows is None or weights is None:
        return Source(paths, lengths, framed_bytes, masks)
    of_shards = sampling.by_shard(rows, split, weights)
    if any(len(of_shards.get(index, ())) != shard.slices for index, shard in shards.items()):
        raise damaged_error(records_dir / sampling.NAME)
    return Source(paths, lengths, framed_bytes, masks, tuple(of_shards[index] for index in shards))
