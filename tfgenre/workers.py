"""Child processes that render songs, so that a song that hangs or crashes a decoder is one song.

The parent keeps threads that wait; the children do the work and never import TensorFlow.
"""

import collections
import multiprocessing
import os
import queue
import signal
import time
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import TypeVar

from tfgenre.config import RenderConfig
from tfgenre.errors import SkipTrack
from tfgenre.render import Slices, join, render_pieces

Rendered = Slices | SkipTrack
Item = TypeVar("Item")
Result = TypeVar("Result")

TIMEOUT_S = 600.0  # a four-hour song takes 20 s; a decoder that needs this long hangs


class Stopped(Exception):
    """The work was called off while a worker was busy."""


class RenderWorker:
    """One child process; it is started when first needed and replaced when it dies.

    Used by one thread at a time; only `stop` may be called from another.
    """

    def __init__(self, config: RenderConfig, *, timeout_s: float = TIMEOUT_S) -> None:
        self._config = config
        self._timeout_s = timeout_s
        self._process: multiprocessing.process.BaseProcess | None = None
        self._pipe: Connection | None = None
        self._stopped = False

    def __call__(self, path: str) -> Rendered:
        """A song's slices, or why there are none.

        Raises:
            Stopped: if `stop` was called.
        """
        pipe = self._started()
        try:
            if self._stopped:
                raise Stopped
            pipe.send(path)
            return self._receive(pipe)
        except (EOFError, OSError) as error:
            if self._stopped:
                raise Stopped from error
            return SkipTrack("crashed", f"the decoder ended its process, status {self.close()}")

    def _receive(self, pipe: Connection) -> Rendered:
        """Takes the song's pieces until the child says that there are no more, or why not."""
        deadline = time.monotonic() + self._timeout_s
        pieces = []
        while pipe.poll(deadline - time.monotonic()):
            match pipe.recv():
                case Slices() as piece:
                    pieces.append(piece)
                case SkipTrack() as skip:
                    return skip
                case None:
                    return join(pieces)
        self.close()
        return SkipTrack("timeout", f"not rendered within {self._timeout_s:g} s")

    def stop(self) -> None:
        """Calls the work off: the song under way and all later ones raise Stopped."""
        self._stopped = True
        if self._process is not None:
            self._process.kill()

    def close(self) -> int | None:
        """Ends the child, and returns its exit status; the next song starts another child."""
        if self._process is None or self._pipe is None:
            return None
        self._pipe.close()
        self._process.join(timeout=1)
        self._process.kill()
        self._process.join()
        status = self._process.exitcode
        self._process = self._pipe = None
        return status

    def _started(self) -> Connection:
        if self._pipe is None:
            # Not fork: the parent has threads. Not forkserver: it outlives a killed parent.
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(theirs, self._config), daemon=True)
            self._process.start()
            theirs.close()
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
    workers = [RenderWorker(config) for _ in range(num_workers)]
    idle: queue.SimpleQueue[RenderWorker] = queue.SimpleQueue()
    for worker in workers:
        idle.put(worker)

    def with_worker(item: Item) -> Result:
        worker = idle.get()
        try:
            return work(worker, item)
        finally:
            idle.put(worker)

    # Ctrl-C is the main thread's to handle: a child inherits the signal mask of the thread that
    # starts it. The resource tracker comes first, as starting it unblocks SIGINT in its thread.
    resource_tracker.ensure_running()
    block = (signal.SIG_BLOCK, {signal.SIGINT})
    threads = ThreadPoolExecutor(num_workers, initializer=signal.pthread_sigmask, initargs=block)
    pending: collections.deque[Future[Result]] = collections.deque()
    try:
        for item in items:
            pending.append(threads.submit(with_worker, item))
            if len(pending) > 2 * num_workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for worker in workers:
            worker.stop()
        threads.shutdown(cancel_futures=True)
        for worker in workers:
            worker.close()


def _serve(pipe: Connection, config: RenderConfig) -> None:
    """The child: renders one path after the other until the parent hangs up."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # decoders write their doubts to stderr
    while True:
        try:
            path = pipe.recv()
        except EOFError:
            return
        try:
            for piece in render_pieces(path, config):
                pipe.send(piece)
            pipe.send(None)
        except SkipTrack as skip:
            pipe.send(skip)
        except Exception as error:  # whatever a decoder throws costs one song, not the build
            pipe.send(SkipTrack("decode_error", f"{type(error).__name__}: {error}"))
