"""Which records are read: the shards of a split, and which of their records."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tfgenre.errors import UserError
from tfgenre.records import sampling
from tfgenre.records.manifest import NAME, Manifest
from tfgenre.records.shards import check_whole, damaged, shard_index


@dataclass(frozen=True)
class Source:
    """The records to read: shard files, and of each which leading records (None: all).

    Attributes:
        paths: shard files.
        lengths: how many records each holds.
        framed_bytes: what every record takes in its file.
        keep: per shard, for its leading records, whether each is read; bool [records].
    """

    paths: tuple[str, ...]
    lengths: tuple[int, ...]
    framed_bytes: int
    keep: tuple[NDArray[np.bool_], ...] | None = None

    @property
    def num_slices(self) -> int:
        """How many records are read."""
        return sum(self.lengths if self.keep is None else (int(mask.sum()) for mask in self.keep))

    def num_batches(self, batch_size: int) -> int:
        """Batches in one pass; the last may be smaller."""
        return math.ceil(self.num_slices / batch_size)

    def partition(self, index: int, count: int) -> "Source":
        """One of count parts of these records, as equal as can be; of each shard, a stretch.

        Shards are in the order of a shuffle, so a stretch is a random draw.

        Raises:
            UserError: if there are fewer records than parts.
        """
        if count == 1:
            return self
        masks = []
        for shard, kept in enumerate(self._kept()):
            stretch = np.arange(len(kept)) * count // max(1, len(kept))
            masks.append(_mask(kept[(stretch + shard) % count == index]))  # so small shards spread
        found = replace(self, keep=tuple(masks))
        if not found.num_slices:
            raise UserError(
                f"--partitions={count} leaves parts without slices: there are {self.num_slices:,}."
            )
        return found

    def of_worker(self, index: int, count: int) -> "Source":
        """One of count parts of these shards, with as equally many records as whole shards allow.

        Raises:
            UserError: if there are fewer shards than parts.
        """
        if count > len(self.paths):
            raise UserError(
                f"{count} workers cannot share {len(self.paths)} shards: build records with "
                f"--num_shards={count} or more, or take fewer workers."
            )
        sizes = [len(kept) for kept in self._kept()]
        shares = np.zeros(count, int)
        mine = []
        for shard in sorted(range(len(sizes)), key=lambda shard: -sizes[shard]):
            poorest = int(shares.argmin())
            shares[poorest] += sizes[shard]
            if poorest == index:
                mine.append(shard)
        mine.sort()
        return replace(
            self,
            paths=tuple(self.paths[shard] for shard in mine),
            lengths=tuple(self.lengths[shard] for shard in mine),
            keep=None if self.keep is None else tuple(self.keep[shard] for shard in mine),
        )

    def strided(self, index: int, count: int, *, rows: int) -> "Source":
        """Every count-th record from an index on, the first rows of them."""
        if count == 1 and rows == self.num_slices:
            return self
        masks, number = [], 0
        for kept in self._kept():
            numbers = np.arange(number, number + len(kept))
            masks.append(_mask(kept[(numbers % count == index) & (numbers < rows * count)]))
            number += len(kept)
        return replace(self, keep=tuple(masks))

    def _kept(self) -> list[NDArray[np.int64]]:
        """The positions of the records that are read, shard by shard."""
        if self.keep is None:
            return [np.arange(length) for length in self.lengths]
        return [np.flatnonzero(mask) for mask in self.keep]


def _mask(positions: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Of a shard's leading records, whether each is at one of these positions."""
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
) -> Source:
    """Finds a split's records.

    Args:
        records_dir: where the shards lie.
        manifest: what that folder holds.
        split: train, validation or test.
        slices_per_genre: how many of each genre, counted over all splits; 0 means all.
        at_most: how many of each label of this split; None means all.

    Raises:
        UserError: if the split has no slices, or a shard is missing or of another size.
    """
    shards = {shard_index(shard.name): shard for shard in manifest.splits[split].shards}
    keep = None
    if slices_per_genre or at_most is not None:
        rows = sampling.read_index(records_dir / sampling.NAME)
        kept = sampling.of_split(rows, split, slices_per_genre=slices_per_genre, at_most=at_most)
        keep = sampling.keep_by_shard(rows, split, kept)
        if not keep.keys() <= shards.keys():
            raise damaged(records_dir / sampling.NAME)
        shards = {index: shards[index] for index in keep}
    if not shards:
        raise UserError(f"The {split} split of {records_dir} has no slices to read.")
    for shard in shards.values():
        check_whole(records_dir / shard.name, shard)
    paths = tuple(str(records_dir / shard.name) for shard in shards.values())
    lengths = tuple(shard.slices for shard in shards.values())
    sizes = {divmod(shard.bytes, shard.slices) for shard in shards.values()}
    if len(sizes) > 1 or any(rest for _, rest in sizes):
        raise damaged(records_dir / NAME)
    ((framed, _),) = sizes
    return Source(paths, lengths, framed, None if keep is None else tuple(keep.values()))
