"""Predicts songs: renders them as for training, predicts their slices, and decides by vote."""

import collections
import contextlib
import itertools
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from typing import NamedTuple

import keras
import numpy as np
from numpy.typing import NDArray

from tfgenre.config import BATCH_SIZE, RenderConfig
from tfgenre.errors import SkipTrack
from tfgenre.prediction.batching import Submit, batched
from tfgenre.prediction.config import VoteConfig
from tfgenre.prediction.result import Prediction
from tfgenre.prediction.votes import SongProbabilities, decide, squeezed
from tfgenre.spectrogram.render import Slices
from tfgenre.spectrogram.slices import SLICE_SIZE
from tfgenre.spectrogram.workers import RenderWorker, map_with_workers

_SONGS_AHEAD = 64
_PATIENCE_S = 0.2  # two processes render ten slices of eight songs in this time


class Predicted(NamedTuple):
    """A song's prediction, and the probabilities of its slices; None if it cannot be used."""

    prediction: Prediction
    slices: SongProbabilities | None


class _Piece(NamedTuple):
    probabilities: "Future[NDArray[np.float32]]"
    indices: NDArray[np.int64]
    pictures: NDArray[np.uint8] | None


def predict(
    model: keras.Model,
    songs: Iterable[str],
    *,
    genres: Sequence[str],
    render: RenderConfig,
    vote: VoteConfig,
    keep_pictures: bool = False,
    batch_size: int = BATCH_SIZE,
    num_workers: int = 1,
) -> Iterator[Predicted]:
    """Yields each song's prediction, in order.

    Args:
        model: slices -> probabilities; or [batch, genres + n], see `embeddings`.
        songs: sound files; the next are taken while others are rendered.
        genres: in label order.
        render: how the network's training slices were rendered.
        vote: how slices decide.
        keep_pictures: whether to keep the slices at a quarter of their width (4 KB each).
        batch_size: slices per step at most.
        num_workers: render processes.
    """
    songs, names = itertools.tee(songs)
    predicted = predict_slices(
        model,
        songs,
        config=render,
        batch_size=batch_size,
        num_workers=num_workers,
        keep_pictures=keep_pictures,
    )
    with contextlib.closing(predicted):
        for path, song in zip(names, predicted, strict=True):
            found = song if isinstance(song, SkipTrack) else song.split(len(genres))
            prediction = decide(path, found, genres=genres, config=vote)
            yield Predicted(prediction, None if isinstance(found, SkipTrack) else found)


def predict_slices(
    model: keras.Model,
    paths: Iterable[str],
    *,
    config: RenderConfig,
    batch_size: int,
    num_workers: int,
    keep_pictures: bool = False,
) -> Generator[SongProbabilities | SkipTrack, None, None]:
    """Yields the probabilities of each song's slices, in order, while the next songs are rendered.

    Slices are predicted while the rest of their song is rendered, and then dropped: memory does not
    grow with the number of songs, and hardly with their length.

    Args:
        model: slices -> probabilities.
        paths: sound files.
        config: how the network's training slices were rendered.
        batch_size: slices per step at most.
        num_workers: render processes.
        keep_pictures: whether to keep the slices at a quarter of their width (4 KB each).
    """
    with batched(model, batch_size=batch_size, patience_s=_PATIENCE_S) as submit:
        # The network is compiled for it while render processes start.
        submit(np.zeros((2, SLICE_SIZE, SLICE_SIZE), np.uint8))

        def work(worker: RenderWorker, path: str) -> list[_Piece] | SkipTrack:
            return worker.map_pieces(path, lambda piece: _submitted(piece, submit, keep_pictures))

        ahead = collections.deque[list[_Piece] | SkipTrack]()
        rendered = map_with_workers(work, paths, config=config, num_workers=num_workers)
        with contextlib.closing(rendered):
            for song in rendered:
                ahead.append(song)
                while ahead and (len(ahead) > _SONGS_AHEAD or _is_done(ahead[0])):
                    yield _joined_or_skipped(ahead.popleft())
        while ahead:
            yield _joined_or_skipped(ahead.popleft())


def predict_rendered(model: keras.Model, slices: Slices) -> SongProbabilities:
    """The probabilities of a song that is rendered already, with pictures."""
    with batched(model, batch_size=BATCH_SIZE) as submit:
        return _joined([_submitted(slices, submit, keep_pictures=True)])


def _submitted(piece: Slices, submit: Submit, keep_pictures: bool) -> _Piece:
    pictures = squeezed(piece.images) if keep_pictures else None
    return _Piece(submit(piece.images), piece.indices, pictures)


def _is_done(pieces: list[_Piece] | SkipTrack) -> bool:
    return isinstance(pieces, SkipTrack) or all(piece.probabilities.done() for piece in pieces)


def _joined_or_skipped(song: list[_Piece] | SkipTrack) -> SongProbabilities | SkipTrack:
    return song if isinstance(song, SkipTrack) else _joined(song)


def _joined(pieces: list[_Piece]) -> SongProbabilities:
    pictures = [piece.pictures for piece in pieces if piece.pictures is not None]
    return SongProbabilities(
        np.concatenate([piece.probabilities.result() for piece in pieces]),
        np.concatenate([piece.indices for piece in pieces]),
        np.concatenate(pictures) if pictures else None,
    )
