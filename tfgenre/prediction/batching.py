"""The network behind a queue: its batches are filled with slices of any songs that are ready."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import NamedTuple

import keras
import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]
Probabilities = NDArray[np.float32]
Submit = Callable[[Images], "Future[Probabilities]"]

_IMPATIENT_STEPS = 2  # the first songs are waited for
_QUEUE_SIZE = 32  # pieces of at most 64 slices, 1 MB


@contextmanager
def batched(model: keras.Model, *, batch_size: int, patience_s: float = 0.0) -> Iterator[Submit]:
    """Runs a network in its own thread; while it computes a batch, slices for the next queue up.

    Args:
        model: uint8 [batch, 128, 128, 1] -> probabilities.
        batch_size: slices per step at most.
        patience_s: how long slices wait for others to share their step, but for the first ones, in
            seconds: ten slices cost about as much as thirty.

    Yields:
        A function that takes images, uint8 [slices, 128, 128], from any thread, blocks while the
        queue is full, and returns the future probabilities, float32 [slices, genres]. A future
        carries the exception if the network raises one; futures pending at the end are cancelled.
    """
    batcher = _Batcher(model, batch_size, patience_s)
    thread = threading.Thread(target=batcher.run)
    thread.start()
    try:
        yield batcher.submit
    finally:
        batcher.close()
        thread.join()


class _Batcher:
    def __init__(self, model: keras.Model, batch_size: int, patience_s: float) -> None:
        self._model = model
        self._batch_size = batch_size
        self._patience_s = patience_s
        self._waiting: queue.Queue[_Piece | None] = queue.Queue(_QUEUE_SIZE)
        self._held: _Piece | None = None
        self._is_closed = False

    def submit(self, images: Images) -> "Future[Probabilities]":
        piece = _Piece(images, Future())
        self._waiting.put(piece)
        return piece.future

    def close(self) -> None:
        self._is_closed = True
        self._waiting.put(None)

    def run(self) -> None:
        """Predicts until `close`."""
        num_steps = 0
        while (piece := self._next(None)) is not None:
            patience_s = self._patience_s if num_steps >= _IMPATIENT_STEPS else 0.0
            self._predict(self._with_others(piece, time.monotonic() + patience_s))
            num_steps += 1

    def _with_others(self, piece: "_Piece", end_s: float) -> "list[_Piece]":
        """Pieces for one step: those that follow until the batch is full or the time is over."""
        pieces, room = [piece], self._batch_size - len(piece.images)
        while room > 0 and (following := self._next(end_s)) is not None:
            if len(following.images) > room:
                self._held = following
                break
            pieces.append(following)
            room -= len(following.images)
        return pieces

    def _next(self, end_s: float | None) -> "_Piece | None":
        """The next piece; None after the last one, and if there is none by a time."""
        if self._held is not None:
            piece, self._held = self._held, None
            return piece
        try:
            wait_s = None if end_s is None else max(0.0, end_s - time.monotonic())
            found = self._waiting.get(timeout=wait_s)
        except queue.Empty:
            return None
        if found is None:
            self._waiting.put(None)  # to be found again
        return found

    def _predict(self, pieces: list["_Piece"]) -> None:
        if self._is_closed:
            for piece in pieces:
                piece.future.cancel()
            return
        try:
            probabilities = self._probabilities(np.concatenate([piece.images for piece in pieces]))
        except Exception as error:  # raised again where the results are awaited
            for piece in pieces:
                piece.future.set_exception(error)
            return
        ends = np.cumsum([len(piece.images) for piece in pieces])
        for piece, rows in zip(pieces, np.split(probabilities, ends[:-1]), strict=True):
            piece.future.set_result(rows)

    def _probabilities(self, images: Images) -> Probabilities:
        """[slices, genres], in several steps if a piece has more slices than a batch."""
        batches = np.split(images, range(self._batch_size, len(images), self._batch_size))
        return np.concatenate([self._step(batch) for batch in batches])

    def _step(self, batch: Images) -> Probabilities:
        padded = batch[..., np.newaxis]
        if keras.backend.backend() != "tensorflow":  # which compiles a step for each shape
            size = min(self._batch_size, 1 << (len(batch) - 1).bit_length())
            padded = np.pad(padded, [(0, size - len(batch)), (0, 0), (0, 0), (0, 0)])
        return np.asarray(self._model.predict_on_batch(padded))[: len(batch)]


class _Piece(NamedTuple):
    images: Images
    future: "Future[Probabilities]"
