"""A song's picture cut into 128x128 slices, and the key that puts slices into a stable shuffle."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

SLICE_SIZE = 128  # rows and columns
Item = TypeVar("Item")


def cut(columns: Iterable[NDArray[np.uint8]], *, tail: str = "drop") -> Iterator[NDArray[np.uint8]]:
    """Cuts a song's columns into slices, side by side.

    Args:
        columns: uint8 [some, 129] each, one column after the other, each from 0 Hz up.
        tail: what becomes of the columns after the last whole slice: drop leaves them out, overlap
            adds one more slice flush with the song's end.

    Yields:
        uint8 [128, 128]: rows from the second-highest frequency down to 0 Hz, columns in time.
    """
    held = previous = np.zeros((0, SLICE_SIZE + 1), np.uint8)
    for some in columns:
        held = np.concatenate([held, some])
        while len(held) >= SLICE_SIZE:
            previous, held = held[:SLICE_SIZE], held[SLICE_SIZE:]
            yield _upright(previous)
    if tail == "overlap" and len(held) and len(previous):
        yield _upright(np.concatenate([previous, held])[-SLICE_SIZE:])


def _upright(columns: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return columns[:, SLICE_SIZE - 1 :: -1].T


def spread(slices: Iterable[Item], limit: int) -> Iterator[tuple[int, Item]]:
    """At most limit slices, spread evenly over the song, each with its index in the song.

    The song's length is not known before its end. So every slice is kept, then every second, every
    fourth and so on, such that at least twice and at most four times limit candidates are at hand.

    Args:
        slices: all of the song's.
        limit: how many; 0 means all, which are passed on as they come.
    """
    if not limit:
        yield from enumerate(slices)
        return
    stride, kept = 1, list[tuple[int, Item]]()
    for index, image in enumerate(slices):
        if index % stride == 0:
            kept.append((index, image))
        if len(kept) > 4 * limit:
            stride, kept = 2 * stride, kept[::2]
    count = min(limit, len(kept))
    for place in range(count):
        yield kept[(2 * place + 1) * len(kept) // (2 * count)]
