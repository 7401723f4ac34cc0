"""A Beam pipeline run to its end, even if one of its workers is killed."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tfgenre.building.beam_options import error_line
from tfgenre.errors import Failure


def run(pipeline: Any) -> None:
    """Runs a pipeline to its end; Ctrl-C here stops the cluster as well.

    Raises:
        Failure: if a worker process dies.
        Exception: whatever the runner raises if the pipeline fails.
    """
    with _noticing_deaths():
        result = pipeline.run()
        try:
            result.wait_until_finish()
        except KeyboardInterrupt:
            result.cancel()
            raise
        finally:
            if client := getattr(
                result, "client", None
            ):  # Dask's, which would wait for its scheduler
                client.close()


class _Died(BaseException):
    """A worker died; a BaseException, so that Beam does not catch it on the way out."""


@contextmanager
def _noticing_deaths() -> Iterator[None]:
    """Ends the wait for a Beam worker that was killed: FnApiRunner would wait forever.

    Its thread that watches the worker's process raises an error, which is lost. Only a signal wakes
    a thread that waits for a lock, and SIGINT may be ignored, as in a script's background jobs.

    Raises:
        Failure: if that happens.
    """
    died: list[BaseException] = []
    waiting = threading.get_ident()

    def notice(raised: threading.ExceptHookArgs) -> None:
        if raised.exc_value is None or "subprocess exited" not in str(raised.exc_value):
            before(raised)
        elif not died:
            died.append(raised.exc_value)
            signal.pthread_kill(waiting, signal.SIGUSR1)

    def wake(*_: object) -> None:
        raise _Died

    before, threading.excepthook = threading.excepthook, notice
    handler = signal.signal(signal.SIGUSR1, wake)
    try:
        yield
    except _Died:
        raise Failure(f"a worker died ({error_line(died[0])})") from died[0]
    finally:
        threading.excepthook = before
        signal.signal(signal.SIGUSR1, handler)
