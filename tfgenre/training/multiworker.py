"""Training one network in several processes (workers), on one machine or many.

Every worker runs the same program on its share of each batch, and Keras on JAX keeps their networks
identical (keras.distribution). The first worker, the chief, writes the run's folder.
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
# How XLA's errors begin when another worker has ended.
_LOST = re.compile("(UNKNOWN|INTERNAL|UNAVAILABLE|ABORTED|CANCELLED|DEADLINE_EXCEEDED): ")


@dataclass(frozen=True)
class Worker:
    """One of the processes that train one network together.

    Attributes:
        index: its number, from 0.
        count: the number of workers.
        num_devices: the devices of all workers; each device takes the same share of a batch.
    """

    index: int = 0
    count: int = 1
    num_devices: int = 1

    @property
    def is_chief(self) -> bool:
        """Whether this worker writes the run's folder."""
        return self.index == 0

    def batch_size(self, total: int) -> int:
        """The number of slices in a worker's share of a batch.

        Raises:
            UserError: if the batch cannot be divided evenly among the devices.
        """
        if total % self.num_devices:
            raise UserError(
                f"--batch_size={total} must be a multiple of the {self.num_devices} devices that "
                "train together."
            )
        return total // self.count

    def group(self, total: int) -> int:
        """How many slices of a batch are on each device; 0 if all are on one."""
        return total // self.num_devices if self.num_devices > 1 else 0

    def rows(self, total: int) -> int:
        """The number of rows in a worker's share; a remainder too small for all is left out."""
        return total // self.num_devices * self.num_devices // self.count


def join() -> None:
    """Waits for the other workers, and joins their cluster; call it before any computation.

    Raises:
        UserError: if the Keras backend is not JAX, the environment does not identify the workers,
            or they cannot be reached.
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
        reason = str(error).partition("\n")[0]
        raise UserError(f"The workers cannot reach each other ({reason}): {values}.") from error


@contextmanager
def distributed() -> Iterator[None]:
    """A context in which Keras on JAX divides each batch among all devices of all workers."""
    # Our pipeline already gives each worker its own share.
    with _distribution(keras.distribution.DataParallel(auto_shard_dataset=False)):
        yield


@contextmanager
def undistributed() -> Iterator[None]:
    """A context in which Keras does not wait for other workers, as it otherwise does on saving."""
    with _distribution(None):
        yield


@contextmanager
def _distribution(distribution: keras.distribution.DataParallel | None) -> Iterator[None]:
    before = keras.distribution.distribution()
    keras.distribution.set_distribution(distribution)
    try:
        yield
    finally:
        keras.distribution.set_distribution(before)


def wait_for_all(worker: Worker) -> None:
    """Returns once all workers have called it."""
    if worker.count > 1:
        from jax.experimental import multihost_utils

        multihost_utils.sync_global_devices("tfgenre")


@contextmanager
def exit_on_failure(worker: Worker) -> Iterator[None]:
    """Ends the program at once if one of several workers fails.

    Raises:
        Failure: if the error was caused by the end of another worker.
    """
    try:
        yield
    except BaseException as error:
        if worker.count == 1:
            raise
        # Otherwise JAX waits minutes for the other workers on exit, and aborts if one is gone.
        atexit.register(os._exit, Failure.status)
        if _LOST.match(reason := str(error).partition("\n")[0]):
            raise Failure(
                f"Another worker is gone ({reason}). Start all workers again with the same "
                "commands: the run resumes after its last finished epoch."
            ) from error
        raise
