"""Renders songs in child processes: one that hangs or crashes a decoder costs only that song.

The parent's threads only wait; the children do the work, and never import TensorFlow.
"""

import collections
import contextlib
import errno
import os
import queue
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from tfgenre import memory
from tfgenre.config import RenderConfig, check_range
from tfgenre.errors import SkipTrack, UserError
from tfgenre.spectrogram.render import Slices, join, render_pieces

Rendered = Slices | SkipTrack
Item = TypeVar("Item")
Result = TypeVar("Result")

TIMEOUT_S = 600.0  # a four-hour song takes 20 s; a decoder that needs this long hangs
_POLL_S = 0.5
_KEPT_BYTES = 16 << 20  # four times what drawing two seconds takes
# The machine is out of a resource: the next song would fail in the same way.
_EXHAUSTED = {errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EMFILE, errno.ENFILE}
_ENVIRONMENT_ERRORS = (OSError, UserError)
_CHILD = (
    "import sys; sys.path[:] = sys.argv[2:]; from tfgenre.spectrogram.workers import serve; serve()"
)


def num_processes(num_workers: int) -> int:
    """How many render processes to start: so many, or one per core this process may use if 0.

    Raises:
        UserError: if the number is negative or absurd.
    """
    check_range("num_workers", num_workers, 0, 4096)
    return num_workers or len(os.sched_getaffinity(0))


class Stopped(Exception):
    """The work was cancelled."""


class RenderWorker:
    """One child process, started when first needed and replaced when it dies.

    Used by one thread at a time; only `stop` may be called from another.
    """

    def __init__(self, config: RenderConfig, *, timeout_s: float = TIMEOUT_S) -> None:
        self._config = config
        self._timeout_s = timeout_s
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._stopped = False

    def __call__(self, path: str) -> Rendered:
        """Renders a song: its slices, or why it has none; see `map_pieces`."""
        pieces = self.map_pieces(path, lambda piece: piece)
        return pieces if isinstance(pieces, SkipTrack) else join(pieces)

    def map_pieces(
        self, path: str, function: Callable[[Slices], Result]
    ) -> list[Result] | SkipTrack:
        """Applies a function to a song's pieces: the results, or why the song has no slices.

        If the child dies, the song is retried once: the child may have been killed for another
        reason, as by the kernel when memory runs out.

        Args:
            path: the song.
            function: called with each piece as it arrives. A retry calls it again for all pieces,
                and if the song is skipped in the end, its results are discarded. The child waits
                while it runs.

        Raises:
            Stopped: if `stop` was called.
            OSError: if the disk is full, or the machine is out of memory or file handles.
            UserError: if the song is in a remote location that cannot be reached.
        """
        status = None
        for _ in range(2):
            pipe = self._started()
            if self._stopped:
                raise Stopped
            try:
                pipe.send((path, self._config))
                answer = self._receive(pipe, function)
            except (EOFError, OSError) as error:  # the child has died, maybe in mid-message
                if self._stopped:
                    raise Stopped from error
                status = self.close()
                continue
            if isinstance(answer, _ENVIRONMENT_ERRORS):
                raise answer
            return answer
        return SkipTrack("crashed", f"the decoder crashed its process (exit status {status})")

    def _receive(
        self, pipe: Connection, function: Callable[[Slices], Result]
    ) -> list[Result] | SkipTrack | OSError | UserError:
        """Receives a song's pieces until the child reports the end of the song or an error."""
        results, waited_s = list[Result](), 0.0
        while waited_s < self._timeout_s:
            # Polls in short steps, so that time in which this process is suspended does not count.
            if not pipe.poll(_POLL_S):
                waited_s += _POLL_S
                continue
            match pipe.recv():
                case Slices() as piece:
                    results.append(function(piece))
                case None:
                    return results
                case answer:
                    return answer
        self.close()
        return SkipTrack("timeout", f"not rendered within {self._timeout_s:g} s")

    def stop(self) -> None:
        """Cancels the work: the current song and all later ones raise Stopped."""
        self._stopped = True
        process = self._process
        if process is not None:
            _kill(process)

    def close(self) -> int | None:
        """Ends the child and returns its exit status; the next song starts a new child."""
        if self._process is None or self._pipe is None:
            return None
        self._pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1)
        _kill(self._process)
        status = self._process.wait()
        self._process = self._pipe = None
        return status

    def _started(self) -> Connection:
        if self._pipe is None:
            # Not multiprocessing: its children import the parent's main module, and a cluster's
            # daemonic workers may not have any. In a session of its own the child gets no Ctrl-C,
            # which the parent handles, and can be killed together with programs that it starts.
            pipe, child_end = Pipe()
            self._process = subprocess.Popen(
                [sys.executable, "-c", _CHILD, str(child_end.fileno()), *sys.path],
                stdin=subprocess.DEVNULL,
                pass_fds=[child_end.fileno()],
                start_new_session=True,
            )
            child_end.close()
            self._pipe = pipe
        return self._pipe


def map_with_workers(
    work: Callable[[RenderWorker, Item], Result],
    items: Iterable[Item],
    *,
    config: RenderConfig,
    num_workers: int,
) -> Generator[Result, None, None]:
    """Yields work(worker, item) in the order of the items, computing num_workers of them at once.

    At most 2 * num_workers results are pending. Ends the children when done, when the caller closes
    the generator early, and when work raises.
    """
    pending: collections.deque[Future[Result]] = collections.deque()
    with _worker_threads(config, num_workers) as submit:
        for item in items:
            pending.append(submit(work, item))
            if len(pending) > 2 * num_workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


@contextlib.contextmanager
def _worker_threads(config: RenderConfig, num_workers: int) -> Iterator[Callable[..., Future[Any]]]:
    """Threads that run work(worker, item), each with an idle worker."""
    workers = [RenderWorker(config) for _ in range(num_workers)]
    idle: queue.SimpleQueue[RenderWorker] = queue.SimpleQueue()
    for worker in workers:
        idle.put(worker)

    def with_worker(work: Callable[[RenderWorker, Any], Any], item: Any) -> Any:
        worker = idle.get()
        try:
            return work(worker, item)
        finally:
            idle.put(worker)

    threads = ThreadPoolExecutor(num_workers)
    try:
        yield lambda work, item: threads.submit(with_worker, work, item)
    finally:
        for worker in workers:
            worker.stop()
        threads.shutdown(cancel_futures=True)
        for worker in workers:
            worker.close()


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """Kills a child, and the sox process that it may be waiting for."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def serve() -> None:
    """The child: renders one path after another until the parent closes the pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # decoders print warnings
    memory.keep_freed(_KEPT_BYTES)
    with Connection(int(sys.argv[1])) as pipe, contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            path, config = pipe.recv()
            _render(path, config, pipe)


def _render(path: str, config: RenderConfig, pipe: Connection) -> None:
    """Sends a song's pieces and then None, or the error."""
    try:
        for piece in render_pieces(path, config):
            pipe.send(piece)
        pipe.send(None)
    except (SkipTrack, UserError) as error:
        pipe.send(error)
    except BrokenPipeError:
        raise
    except Exception as error:  # anything a decoder raises costs one song, not the build
        if isinstance(error, OSError) and error.errno in _EXHAUSTED:
            pipe.send(error)
        else:
            pipe.send(SkipTrack("decode_error", f"{type(error).__name__}: {error}"))
