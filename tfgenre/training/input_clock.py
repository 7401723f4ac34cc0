"""How long training waits for its input, and how fast the input is by itself."""

import time
from typing import Any

import tensorflow as tf


class InputClock:
    """Counts the seconds that a dataset's reader waits for elements."""

    def __init__(self) -> None:
        self._waited = tf.Variable(0.0, dtype=tf.float64, trainable=False)

    @property
    def seconds(self) -> float:
        """The seconds waited so far."""
        return float(self._waited)

    def timed(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        """The dataset, with its reader's waiting time counted.

        The reader pulls from the zipped dataset, which first reads the clock and then pulls the
        element; neither step is prefetched. The clock itself costs 0.5 ms, so elements should be
        chunks of several batches.
        """
        requested = tf.data.Dataset.range(tf.int64.max).map(lambda _: tf.timestamp())
        options = tf.data.Options()
        options.experimental_optimization.inject_prefetch = False  # tf.data would add one itself
        timed = tf.data.Dataset.zip((requested, dataset)).map(self._count)
        return timed.with_options(options)

    def _count(self, requested: tf.Tensor, element: Any) -> Any:
        with tf.control_dependencies(tf.nest.flatten(element)):
            waited = tf.timestamp() - requested
        with tf.control_dependencies([self._waited.assign_add(waited)]):
            return tf.nest.map_structure(tf.identity, element)


def slices_per_second(dataset: tf.data.Dataset, *, seconds: float) -> float:
    """The throughput of a dataset whose slices are not used, after its first batch.

    Args:
        dataset: pairs whose second element is [batch, ...].
        seconds: how long to read; the dataset is repeated as needed.
    """
    batches = iter(dataset.repeat())
    next(batches)
    num_slices, started = 0, time.monotonic()
    while time.monotonic() - started < seconds:
        num_slices += int(next(batches)[1].shape[0])
    return num_slices / (time.monotonic() - started)
