"""How long training waits for its input, measured where it waits."""

import time

import tensorflow as tf


class InputClock:
    """Counts the seconds in which whoever reads a dataset waits for the next batch."""

    def __init__(self) -> None:
        self._waited = tf.Variable(0.0, dtype=tf.float64, trainable=False)

    @property
    def seconds(self) -> float:
        """Waited so far."""
        return float(self._waited)

    def timed(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        """The dataset, with its reader's waiting counted.

        The reader asks the zipped dataset, which first looks at the clock, and then asks for the
        batch; neither step is prefetched.
        """
        asked = tf.data.Dataset.range(tf.int64.max).map(lambda _: tf.timestamp())
        options = tf.data.Options()
        options.experimental_optimization.inject_prefetch = False  # nor by tf.data itself
        timed = tf.data.Dataset.zip((asked, dataset)).map(self._count)
        return timed.with_options(options)

    def _count(self, asked: tf.Tensor, batch: tf.Tensor) -> tf.Tensor:
        with tf.control_dependencies(tf.nest.flatten(batch)):
            waited = tf.timestamp() - asked
        with tf.control_dependencies([self._waited.assign_add(waited)]):
            return tf.nest.map_structure(tf.identity, batch)


def slices_a_second(dataset: tf.data.Dataset, *, seconds: float) -> float:
    """How fast a dataset gives slices when nothing else is done with them, once it is under way.

    Args:
        dataset: pairs whose first is [batch, ...].
        seconds: how long it is read, over and over.
    """
    batches = iter(dataset.repeat())
    next(batches)
    num_slices, started = 0, time.monotonic()
    while time.monotonic() - started < seconds:
        num_slices += int(next(batches)[0].shape[0])
    return num_slices / (time.monotonic() - started)
