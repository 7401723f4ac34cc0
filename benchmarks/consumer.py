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
_STEPS_PER_CALL = 10  # as on a GPU, see `hardware.steps_per_call`


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


def compiled(dataset: "tf.data.Dataset", seconds: float) -> Turn:
    """Like `reading`, as Keras' training loop takes batches: in a compiled function.

    Args:
        dataset: a pass; the first tensor of its elements is the images, or anything [batch, ...].
        seconds: how long.
    """
    import tensorflow as tf

    def taken_by(iterator: tf.data.Iterator) -> tf.Tensor:
        amount = touched = 0
        for _ in tf.range(_STEPS_PER_CALL):
            element = iterator.get_next_as_optional()
            if element.has_value():
                batch = tf.nest.flatten(element.get_value())[0]
                amount += tf.shape(batch)[0]
                if batch.dtype == tf.uint8:
                    pages = tf.reshape(batch, [-1])[::_PAGE_BYTES]
                    touched += tf.reduce_sum(tf.cast(pages, tf.int32))
        return amount + 0 * touched

    take = tf.function(taken_by)

    def one_pass() -> Iterator[int]:
        iterator = iter(dataset)
        while amount := int(take(iterator)):
            yield amount

    return reading(one_pass, seconds, count=int)
