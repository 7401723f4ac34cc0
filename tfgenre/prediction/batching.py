"""The network behind a queue: slices of whatever songs are ready make up its batches."""

import queue
import threading
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

_WAITING_PIECES = 32  # of at most 64 slices, 1 MB


@contextmanager
def batched(model: keras.Model, *, batch_size: int) -> Iterator[Submit]:
    """Runs a network in a thread of its own: during one batch, the slices of the next gather.

    Args:
        model: uint8 [batch, 128, 128, 1] -> probabilities.
        batch_size: slices per step at most; fewer where no more are waiting.

    Yields:
        What takes images, uint8 [slices, 128, 128], from any thread, waits while too many are
        waiting, and returns the future probabilities, float32 [slices, genres]. Futures carry
        whatever the network raises; those that nobody has waited for at the end are cancelled.
    """
    batcher = _Batcher(model, batch_size)
    thread = threading.Thread(target=batcher.run)
    thread.start()
    try:
        yield batcher.submit
    finally:
        batcher.close()
        thread.join()


class _Batcher:
    def __init__(self, model: keras.Model, batch_size: int) -> None:
        self._model = model
        self._batch_size = batch_size
        self._waiting: queue.Queue[_Piece | None] = queue.Queue(_WAITING_PIECES)
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
        while (piece := self._waiting.get()) is not None:
            pieces, size = [piece], len(piece.images)
            while (piece := self._fitting(self._batch_size - size)) is not None:
                pieces.append(piece)
                size += len(piece.images)
            self._predict(pieces)

    def _fitting(self, room: int) -> "_Piece | None":
        """The next piece, if one is waiting that has no more slices than there is room for."""
        if self._waiting.empty():
            return None
        piece = self._waiting.queue[0]  # nobody else takes any
        return self._waiting.get() if piece is not None and len(piece.images) <= room else None

    def _predict(self, pieces: list["_Piece"]) -> None:
        if self._is_closed:
            for piece in pieces:
                piece.future.cancel()
            return
        try:
            probabilities = self._probabilities(np.concatenate([piece.images for piece in pieces]))
        except Exception as error:  # it is for those who wait for the pieces
            for piece in pieces:
                piece.future.set_exception(error)
            return
        ends = np.cumsum([len(piece.images) for piece in pieces])
        for piece, rows in zip(pieces, np.split(probabilities, ends[:-1]), strict=True):
            piece.future.set_result(rows)

    def _probabilities(self, images: Images) -> Probabilities:
        """[slices, genres] of more slices than a batch's, if a single piece has more."""
        batches = np.split(images, range(self._batch_size, len(images), self._batch_size))
        return np.concatenate([self._step(batch) for batch in batches])

    def _step(self, batch: Images) -> Probabilities:
        padded = batch[..., np.newaxis]
        if keras.backend.backend() != "tensorflow":  # a step is compiled anew for each shape
            size = min(self._batch_size, 1 << (len(batch) - 1).bit_length())
            padded = np.pad(padded, [(0, size - len(batch)), (0, 0), (0, 0), (0, 0)])
        return np.asarray(self._model.predict_on_batch(padded))[: len(batch)]


class _Piece(NamedTuple):
    images: Images
    future: "Future[Probabilities]"
