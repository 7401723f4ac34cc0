"""Predicts songs: renders them as for training, predicts their slices, and decides by vote."""

import collections
import contextlib
import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from numpy.typing import NDArray

from tfgenre.config import BATCH_SIZE, RenderConfig
from tfgenre.errors import CannotTag, SkipTrack
from tfgenre.prediction import vote_plot
from tfgenre.prediction.batching import Submit, batched
from tfgenre.prediction.config import UNSURE, PredictConfig, TagConfig
from tfgenre.prediction.result import Prediction
from tfgenre.prediction.votes import SongProbabilities, decide, squeezed
from tfgenre.spectrogram.render import Slices
from tfgenre.spectrogram.workers import RenderWorker, map_with_workers
from tfgenre.tagging import log as tag_log

_SONGS_AHEAD = 64


class _Piece(NamedTuple):
    probabilities: "Future[NDArray[np.float32]]"
    indices: NDArray[np.int64]
    pictures: NDArray[np.uint8] | None


def predict(
    model: keras.Model,
    songs: Sequence[str],
    *,
    genres: Sequence[str],
    render: RenderConfig,
    config: PredictConfig,
    plot_dir: Path | None = None,
    batch_size: int = BATCH_SIZE,
    num_workers: int = 1,
) -> Iterator[Prediction]:
    """Yields each song's prediction, in order; plots the song and writes its tags if configured.

    Args:
        model: slices -> probabilities.
        songs: sound files.
        genres: in label order.
        render: how the network's training slices were rendered.
        config: how slices decide, and what is written into songs.
        plot_dir: the folder for a plot of each song; None: no plots.
        batch_size: slices per step at most.
        num_workers: render processes.
    """
    log = Path(config.tag.tags_log or tag_log.new_name()) if config.tag.writes else None
    predicted = predict_slices(
        model,
        songs,
        config=render,
        batch_size=batch_size,
        num_workers=min(num_workers, len(songs)),
        keep_pictures=plot_dir is not None,
    )
    top = os.path.commonpath([os.path.dirname(os.path.abspath(song)) for song in songs])
    for path, song in zip(songs, predicted, strict=True):
        prediction = decide(path, song, genres=genres, config=config.vote)
        if plot_dir is not None and isinstance(song, SongProbabilities):
            name = os.path.relpath(os.path.abspath(path), top)
            figure = vote_plot.draw(song, genres=genres, render=render)
            vote_plot.write(figure, prediction, plot_dir / f"{name}.png")
        yield _tagged(prediction, config.tag, log) if config.tag.write_tags else prediction


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
    with batched(model, batch_size=batch_size) as submit:

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


def _tagged(prediction: Prediction, config: TagConfig, log: Path | None) -> Prediction:
    """Writes the predicted genre into the song, and adds the outcome to the prediction."""
    if prediction.genre is None:
        return prediction
    if prediction.genre == UNSURE:
        return replace(prediction, tag="not tagged")
    try:
        done = tag_log.write_genre(
            prediction.path, prediction.genre, overwrite=config.overwrite_tags, log=log
        )
    except CannotTag as error:
        return replace(prediction, tag_error=str(error))
    return replace(prediction, tag=done)
