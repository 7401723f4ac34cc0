"""Child processes that render songs, so that a song that hangs or crashes a decoder is one song.

The parent keeps threads that wait; the children do the work and never import TensorFlow.
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

from tfgenre.config import RenderConfig
from tfgenre.errors import SkipTrack, UserError
from tfgenre.spectrogram.render import Slices, join, render_pieces

Rendered = Slices | SkipTrack
Item = TypeVar("Item")
Result = TypeVar("Result")

TIMEOUT_S = 600.0  # a four-hour song takes 20 s; a decoder that needs this long hangs
_STEP_S = 0.5
# What the machine lacks: this is no song's fault, and the next song would fare the same.
_EXHAUSTED = {errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EMFILE, errno.ENFILE}
_NO_SONGS_FAULT = (OSError, UserError)
_CHILD = (
    "import sys; sys.path[:] = sys.argv[2:]; from tfgenre.spectrogram.workers import serve; serve()"
)


class Stopped(Exception):
    """The work was called off while a worker was busy."""


class RenderWorker:
    """One child process; it is started when first needed and replaced when it dies.

    Used by one thread at a time; only `stop` may be called from another.
    """

    def __init__(self, config: RenderConfig, *, timeout_s: float = TIMEOUT_S) -> None:
        self._config = config
        self._timeout_s = timeout_s
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._stopped = False

    def __call__(self, path: str) -> Rendered:
        """A song's slices, or why there are none; see `map_pieces`."""
        pieces = self.map_pieces(path, lambda piece: piece)
        return pieces if isinstance(pieces, SkipTrack) else join(pieces)

    def map_pieces(
        self, path: str, function: Callable[[Slices], Result]
    ) -> list[Result] | SkipTrack:
        """What becomes of a song's pieces, or why there are none.

        A song whose child ends is tried once more: the child may have been killed for another's
        sake, as by the system when memory runs out.

        Args:
            path: the song.
            function: gets each piece when it is there; and all of them once more if the song is
                tried once more, or in vain if it turns out to be of no use. While it waits, so
                does the child.

        Raises:
            Stopped: if `stop` was called.
            OSError: if the disk is full, or the machine out of memory or file handles.
            UserError: if songs lie in a remote place that cannot be reached.
        """
        status = None
        for _ in range(2):
            pipe = self._started()
            if self._stopped:
                raise Stopped
            try:
                pipe.send((path, self._config))
                answer = self._receive(pipe, function)
            except (EOFError, OSError) as error:  # the child has ended, maybe amid a message
                if self._stopped:
                    raise Stopped from error
                status = self.close()
                continue
            if isinstance(answer, _NO_SONGS_FAULT):
                raise answer
            return answer
        return SkipTrack("crashed", f"the decoder ended its process, status {status}")

    def _receive(
        self, pipe: Connection, function: Callable[[Slices], Result]
    ) -> list[Result] | SkipTrack | OSError | UserError:
        """Takes the song's pieces until the child says that there are no more, or why not."""
        results, waited_s = list[Result](), 0.0
        while waited_s < self._timeout_s:
            # In small steps: the time in which this process itself is stopped does not count.
            if not pipe.poll(_STEP_S):
                waited_s += _STEP_S
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
        """Calls the work off: the song under way and all later ones raise Stopped."""
        self._stopped = True
        process = self._process
        if process is not None:
            _kill(process)

    def close(self) -> int | None:
        """Ends the child, and returns its exit status; the next song starts another child."""
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
            # workers, being daemons, may not have any. A session of its own: Ctrl-C is the
            # parent's to handle, and the programs that a child starts can be ended with it.
            pipe, theirs = Pipe()
            self._process = subprocess.Popen(
                [sys.executable, "-c", _CHILD, str(theirs.fileno()), *sys.path],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
            theirs.close()
            self._pipe = pipe
        return self._pipe


def map_with_workers(
    work: Callable[[RenderWorker, Item], Result],
    items: Iterable[Item],
    *,
    config: RenderConfig,
    num_workers: int,
) -> Generator[Result, None, None]:
    """Yields work(worker, item) in the order of the items, num_workers of them under way at once.

    At most 2 * num_workers results wait to be taken. Ends the children when done, when the caller
    leaves early and when a piece of work raises.
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
    """Threads that do work(worker, item), each with a worker that is idle."""
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
    """Ends a child at once, and the sox that it may be waiting for."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def serve() -> None:
    """The child: renders one path after the other until the parent hangs up."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # decoders write their doubts to stderr
    with Connection(int(sys.argv[1])) as pipe, contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            path, config = pipe.recv()
            _render(path, config, pipe)


def _render(path: str, config: RenderConfig, pipe: Connection) -> None:
    """Sends a song's pieces and then None, or why there are none."""
    try:
        for piece in render_pieces(path, config):
            pipe.send(piece)
        pipe.send(None)
    except (SkipTrack, UserError) as told:
        pipe.send(told)
    except BrokenPipeError:
        raise
    except Exception as error:  # whatever a decoder throws costs one song, not the build
        if isinstance(error, OSError) and error.errno in _EXHAUSTED:
            pipe.send(error)
        else:
            pipe.send(SkipTrack("decode_error", f"{type(error).__name__}: {error}"))
