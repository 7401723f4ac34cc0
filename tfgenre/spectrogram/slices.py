"""Cuts a song's picture into 128x128 slices, and picks some of them."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

SLICE_SIZE = 128  # rows and columns
Item = TypeVar("Item")


def cut(columns: Iterable[NDArray[np.uint8]], *, tail: str = "drop") -> Iterator[NDArray[np.uint8]]:
    """Cuts a song's columns into slices, side by side.

    Args:
        columns: uint8 [columns, rows] each: consecutive columns, each from the lowest frequency up,
            of 128 rows or more.
        tail: what to do with columns after the last whole slice: `drop` leaves them out, `overlap`
            adds a slice that ends where the song does.

    Yields:
        uint8 [128, 128]: the lowest 128 rows, from the highest of them down, columns in time.
    """
    rest = previous = np.zeros((0, SLICE_SIZE), np.uint8)
    for some in columns:
        rest = np.concatenate([rest, some[:, :SLICE_SIZE]])
        while len(rest) >= SLICE_SIZE:
            previous, rest = rest[:SLICE_SIZE], rest[SLICE_SIZE:]
            yield upright(previous)
    if tail == "overlap" and len(rest) and len(previous):
        yield upright(np.concatenate([previous, rest])[-SLICE_SIZE:])


def starts(num_columns: int, *, tail: str = "drop") -> list[int]:
    """The first column of each slice that `cut` gives."""
    found = list(range(0, num_columns - SLICE_SIZE + 1, SLICE_SIZE))
    has_rest = found and num_columns % SLICE_SIZE
    return [*found, num_columns - SLICE_SIZE] if tail == "overlap" and has_rest else found


def upright(columns: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Columns, each from the lowest frequency up, as a picture [rows, columns]."""
    return columns[:, ::-1].T


def spread(slices: Iterable[Item], limit: int) -> Iterator[tuple[int, Item]]:
    """Picks slices spread evenly over the song, each with its index in the song.

    The song's length is unknown until its end. So this keeps every slice, then every second, every
    fourth and so on, such that 2 to 4 times limit candidates remain.

    Args:
        slices: all slices of the song.
        limit: the most to pick; 0 picks all, and yields each as it arrives.
    """
    if not limit:
        yield from enumerate(slices)
        return
    stride, candidates = 1, list[tuple[int, Item]]()
    for index, image in enumerate(slices):
        if index % stride == 0:
            candidates.append((index, image))
        if len(candidates) > 4 * limit:
            stride, candidates = 2 * stride, candidates[::2]
    count = min(limit, len(candidates))
    for place in range(count):
        yield candidates[(2 * place + 1) * len(candidates) // (2 * count)]
