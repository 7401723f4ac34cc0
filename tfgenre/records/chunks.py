"""A dataset of what a reader reads, many slices at a time.

An element of tf.data costs as much as reading some twenty slices, so its elements are few; they are
divided into batches later, without copying.
"""

import atexit
import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tfgenre.records.readers import Reader

_THREADS = max(1, min(4, (os.cpu_count() or 1) // 2))


def chunks_in_order(
    reader: Reader,
    order_of: Callable[[int], NDArray[np.int64]],
    seeds: tf.data.Dataset,
    *,
    batch_size: int,
    positions: tuple[int, int],
    window: int,
) -> tf.data.Dataset:
    """The slices between two positions of an order, whole batches at a time.

    Args:
        reader: reads them.
        order_of: a seed -> the numbers of the records in their order, int64 [slices].
        seeds: int64 [], the same for each chunk of a pass.
        batch_size: slices per batch.
        positions: the first, which begins a batch, and the end.
        window: the number of positions that the reader expects at a time; a whole number of chunks.

    Returns:
        (number of the first batch int64 [], image uint8 [slices, 128, 128, 1], or what the reader
        keeps of it, label int64 [slices]).
    """
    begin, end = positions
    size = chunk_slices(reader, batch_size)

    def read(seed: int, chunk: int) -> tuple[np.int64, NDArray[Any], NDArray[np.int64]]:
        numbers, first = order_of(int(seed)), max(begin, int(chunk) * size)
        if first == begin:
            reader.expect(numbers[begin : (begin // window + 2) * window])
        elif first % window == 0:
            reader.expect(numbers[first + window : first + 2 * window])
        found = reader.read(numbers[first : (int(chunk) + 1) * size])
        return np.int64(first // batch_size), *found

    dtype, shape = reader.kept
    outputs = (
        tf.TensorSpec([], tf.int64),
        tf.TensorSpec([None, *shape], dtype),
        tf.TensorSpec([None], tf.int64),
    )
    chunks = tf.data.Dataset.range(begin // size, -(-end // size))
    read_chunks = tf.data.Dataset.zip((seeds, chunks)).map(
        lambda seed, chunk: in_python(read, (seed, chunk), outputs),
        num_parallel_calls=_THREADS,
        deterministic=True,
    )
    # Nothing here is for tf.data to tune. While it tunes, the end of an iterator sometimes waits
    # for its next round: 0.1 s and more.
    options = tf.data.Options()
    options.autotune.enabled = False
    return read_chunks.with_options(options)


def chunk_slices(reader: Reader, batch_size: int) -> int:
    """How many slices are read at a time: whole batches."""
    return max(1, reader.chunk // batch_size) * batch_size


def in_python(
    function: Callable[..., Any], inputs: Sequence[tf.Tensor], outputs: Sequence[tf.TensorSpec]
) -> tuple[tf.Tensor, ...]:
    """Calls a function of arrays, which depends on nothing else, in a dataset.

    Args:
        function: returns a tuple of arrays.
        inputs: its arguments.
        outputs: what it returns.
    """

    def called(*arrays: Any) -> Any:
        _calls.count()
        return function(*arrays)

    types = [spec.dtype for spec in outputs]
    found = tf.numpy_function(called, inputs, types, stateful=False)
    for tensor, spec in zip(found, outputs, strict=True):
        tensor.set_shape(spec.shape)
    return tuple(found)


class _Calls:
    """Ends a dataset's calls of Python before Python ends.

    TensorFlow makes them ahead, in its own threads. One of these that called when Python has ended
    would wait forever, and the program for it.
    """

    _QUIET_S = 0.1

    def __init__(self) -> None:
        self._has_ended = threading.Event()
        self._last = -self._QUIET_S
        atexit.register(self._end)

    def count(self) -> None:
        """Notes a call, or refuses it."""
        self._last = time.monotonic()
        if self._has_ended.is_set():
            raise RuntimeError("the program ends")

    def _end(self) -> None:
        """Waits until what is prepared ahead is complete: then no more calls are made."""
        self._has_ended.set()
        while (passed := time.monotonic() - self._last) < self._QUIET_S:
            time.sleep(self._QUIET_S - passed)


_calls = _Calls()
