"""Training in several processes at once, on one machine or many: which of them this one is.

Every process runs the same program on its share of each batch, and Keras on JAX keeps their
networks alike (keras.distribution). The first of them, the chief, writes the run's folder.
"""

import atexit
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import keras

from tfgenre.errors import Failure, UserError

# What keras.distribution.initialize reads.
_ENVIRONMENT = tuple(
    f"KERAS_DISTRIBUTION_{name}" for name in ("JOB_ADDRESSES", "NUM_PROCESSES", "PROCESS_ID")
)
_LOST = re.compile("(UNKNOWN|INTERNAL|UNAVAILABLE|ABORTED|CANCELLED|DEADLINE_EXCEEDED): ")  # of XLA


@dataclass(frozen=True)
class Worker:
    """One of the processes that train one network together.

    Attributes:
        index: which, from 0.
        count: of how many.
        num_devices: devices of all of them, each of which takes the same share of a batch.
    """

    index: int = 0
    count: int = 1
    num_devices: int = 1

    @property
    def is_chief(self) -> bool:
        """Whether this one writes the run's folder."""
        return self.index == 0

    def batch_size(self, of_all: int) -> int:
        """How many slices of a batch are a worker's.

        Raises:
            UserError: if the batch cannot be divided evenly.
        """
        if of_all % self.num_devices:
            raise UserError(
                f"--batch_size={of_all} must be a multiple of the {self.num_devices} devices that "
                "train together."
            )
        return of_all // self.count

    def rows(self, of_all: int) -> int:
        """How many of some rows are a worker's; a rest too small for all is left out."""
        return of_all // self.num_devices * self.num_devices // self.count


def join() -> None:
    """Waits for the other processes, and makes one cluster of them. Before any computation.

    Raises:
        UserError: if this backend cannot, or the environment does not say who is who.
    """
    if keras.backend.backend() != "jax":
        raise UserError(
            "--strategy=multiworker needs Keras on JAX: pip install jax, and set KERAS_BACKEND=jax "
            "for each worker (docs/scale.md)."
        )
    if missing := [name for name in _ENVIRONMENT if not os.environ.get(name)]:
        raise UserError(
            f"--strategy=multiworker: {', '.join(missing)} must be set for each worker "
            "(docs/scale.md)."
        )
    try:
        keras.distribution.initialize()
    except (RuntimeError, ValueError) as error:
        values = ", ".join(f"{name}={os.environ[name]}" for name in _ENVIRONMENT)
        said = str(error).partition("\n")[0]
        raise UserError(f"The workers did not find each other ({said}): {values}.") from error


@contextmanager
def distributed() -> Iterator[None]:
    """Within, Keras on JAX spreads each batch over all devices of all workers."""
    # Each worker reads its own share: Keras would have all of them read everything.
    with _distribution(keras.distribution.DataParallel(auto_shard_dataset=False)):
        yield


@contextmanager
def alone() -> Iterator[None]:
    """Within, Keras does not wait for the other workers, as it would even to save a network."""
    with _distribution(None):
        yield


@contextmanager
def _distribution(chosen: keras.distribution.DataParallel | None) -> Iterator[None]:
    before = keras.distribution.distribution()
    keras.distribution.set_distribution(chosen)
    try:
        yield
    finally:
        keras.distribution.set_distribution(before)


@contextmanager
def ending_together(worker: Worker) -> Iterator[None]:
    """Ends the program at once if one of several workers fails, and says if it was another one.

    Raises:
        Failure: if an error came of another worker's end.
    """
    try:
        yield
    except BaseException as error:
        if worker.count == 1:
            raise
        # At its end a program waits for the other workers, for minutes, and aborts if one is gone.
        atexit.register(os._exit, Failure.status)
        if _LOST.match(said := str(error).partition("\n")[0]):
            raise Failure(
                f"Another worker is gone ({said}). Give the same commands again, all of them: the "
                "run goes on after its last finished epoch."
            ) from error
        raise
