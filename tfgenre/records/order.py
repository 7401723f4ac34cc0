"""The order in which a pass reads slices: computed before it, not drawn from a buffer.

It is a function of the slices and a seed, and costs 8 bytes a slice. So a pass can begin in its
middle, any number of threads reads it in the same order, and workers take parts of it.
"""

import numpy as np
from numpy.typing import NDArray

BLOCK = 64  # records that follow each other, 1 MB; a disk or a store reads them at once
Part = tuple[int, int]  # index and count


def shuffled(
    numbers: NDArray[np.int64], *, seed: int, window: int, part: Part = (0, 1)
) -> NDArray[np.int64]:
    """Shuffles blocks of neighbours, and then the slices within windows of blocks.

    Args:
        numbers: of the records to read, ascending; some may come more than once.
        seed: determines the order.
        window: of how many slices; up to this number, the shuffle is one over all slices.
        part: index and count: only this part of the blocks, for one of several workers. Parts
            differ in size by at most one slice.

    Returns:
        The numbers in their order, int64 [slices].
    """
    rng = np.random.default_rng(seed)
    order = numbers[_shuffled_blocks(numbers // BLOCK, rng)]
    order = order[slice(*_bounds(len(order), part))]
    for start in range(0, len(order), window):
        rng.shuffle(order[start : start + window])
    return order


def part_size(total: int, part: Part) -> int:
    """How many of `total` slices are in a part."""
    start, end = _bounds(total, part)
    return end - start


def _bounds(total: int, part: Part) -> tuple[int, int]:
    index, count = part
    return total * index // count, total * (index + 1) // count


def _shuffled_blocks(blocks: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """The positions of `blocks`, whose equal values are together, with the groups shuffled."""
    starts = np.flatnonzero(np.diff(blocks, prepend=-1))
    lengths = np.diff(starts, append=len(blocks))
    chosen = rng.permutation(len(starts))
    lengths = lengths[chosen]
    ends = np.cumsum(lengths)
    return np.arange(len(blocks)) + np.repeat(starts[chosen] - (ends - lengths), lengths)
