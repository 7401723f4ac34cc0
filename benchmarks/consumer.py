"""Consumes batches as a training step would, but without a network."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.ways import Done, Turn

if TYPE_CHECKING:
    import tensorflow as tf

BATCH_SIZE = 110
BUFFER = 2048
Batch = tuple[Any, Any]
_PAGE_BYTES = 4096


def reading(
    one_pass: Callable[[], Iterable[Any]],
    seconds: float,
    *,
    count: Callable[[Any], int] | None = None,
) -> Turn:
    """A turn that takes batches for some seconds, pass after pass; the first pass is completed.

    Args:
        one_pass: gives the batches of a pass: (image uint8 [batch, 128, 128, 1], label [batch]).
        seconds: how long.
        count: counts the slices of a batch, if batches have another form.
    """
    is_cached = False  # whether all files are in the page cache

    def turn() -> Done:
        nonlocal is_cached
        amount, end = 0, time.monotonic() + seconds
        while True:
            for batch in one_pass():
                amount += count(batch) if count else taken(*batch)
                if is_cached and time.monotonic() > end:
                    return Done(amount)
            is_cached = True
            if time.monotonic() > end:
                return Done(amount)

    return turn


def taken(image: Any, label: Any) -> int:
    """Reads one byte per memory page of a batch; returns how many slices it has.

    Args:
        image: uint8 [batch, 128, 128, 1].
        label: [batch].

    Raises:
        ValueError: if these are not a batch of slices.
    """
    if image.dtype != np.uint8 or image.shape[1:] != (128, 128, 1) or len(label) != len(image):
        raise ValueError(
            "a batch must be uint8 [batch, 128, 128, 1] with one label per slice, got "
            f"{image.dtype} {image.shape} with {len(label)} labels"
        )
    image.reshape(-1)[::_PAGE_BYTES].sum()
    return len(image)


def tensors(dataset: "tf.data.Dataset") -> Callable[[], Iterator[Batch]]:
    """Passes over a dataset's batches, as arrays that share the tensors' memory."""

    def one_pass() -> Iterator[Batch]:
        for image, label in dataset:
            yield np.asarray(memoryview(image)), label

    return one_pass
