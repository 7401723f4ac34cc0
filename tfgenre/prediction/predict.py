"""Songs in, genres out: rendered as for training, judged slice by slice, decided by vote."""

import collections
import contextlib
from collections.abc import Generator, Iterable
from concurrent.futures import Future
from typing import NamedTuple

import keras
import numpy as np
from numpy.typing import NDArray

from tfgenre.config import RenderConfig
from tfgenre.errors import SkipTrack
from tfgenre.prediction.judge import Submit, judging
from tfgenre.prediction.votes import JudgedSong, squeezed
from tfgenre.spectrogram.render import Slices
from tfgenre.spectrogram.workers import RenderWorker, map_with_workers

_SONGS_AHEAD = 64


class _Piece(NamedTuple):
    probabilities: "Future[NDArray[np.float32]]"
    indices: NDArray[np.int64]
    pictures: NDArray[np.uint8] | None


def judge_songs(
    model: keras.Model,
    paths: Iterable[str],
    *,
    config: RenderConfig,
    batch_size: int,
    num_workers: int,
    keep_pictures: bool = False,
) -> Generator[JudgedSong | SkipTrack, None, None]:
    """Yields what the network makes of each song, in order, while the next ones are rendered.

    Slices are judged while the rest of their song is rendered, and then forgotten: the memory does
    not grow with the number of songs, and hardly with their length.

    Args:
        model: slices -> probabilities.
        paths: sound files.
        config: as the network's training slices were rendered.
        batch_size: slices a step at most.
        num_workers: render processes.
        keep_pictures: whether to keep the slices, a quarter as wide (4 KB each).
    """
    with judging(model, batch_size=batch_size) as submit:

        def work(worker: RenderWorker, path: str) -> list[_Piece] | SkipTrack:
            return worker.map_pieces(path, lambda piece: _judged(piece, submit, keep_pictures))

        ahead = collections.deque[list[_Piece] | SkipTrack]()
        rendered = map_with_workers(work, paths, config=config, num_workers=num_workers)
        with contextlib.closing(rendered):
            for song in rendered:
                ahead.append(song)
                while ahead and (len(ahead) > _SONGS_AHEAD or _is_judged(ahead[0])):
                    yield _joined(ahead.popleft())
        while ahead:
            yield _joined(ahead.popleft())


def _judged(piece: Slices, submit: Submit, keep_pictures: bool) -> _Piece:
    pictures = squeezed(piece.images) if keep_pictures else None
    return _Piece(submit(piece.images), piece.indices, pictures)


def _is_judged(pieces: list[_Piece] | SkipTrack) -> bool:
    return isinstance(pieces, SkipTrack) or all(piece.probabilities.done() for piece in pieces)


def _joined(pieces: list[_Piece] | SkipTrack) -> JudgedSong | SkipTrack:
    if isinstance(pieces, SkipTrack):
        return pieces
    pictures = [piece.pictures for piece in pieces if piece.pictures is not None]
    return JudgedSong(
        np.concatenate([piece.probabilities.result() for piece in pieces]),
        np.concatenate([piece.indices for piece in pieces]),
        np.concatenate(pictures) if pictures else None,
    )
