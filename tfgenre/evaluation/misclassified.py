"""The songs that a network got most confidently wrong, and plots of them."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfgenre.config import RenderConfig
from tfgenre.evaluation import scoring
from tfgenre.evaluation.scoring import SlicePredictions
from tfgenre.plots import save
from tfgenre.prediction import vote_plot
from tfgenre.prediction.votes import SongProbabilities, squeezed

_MOST_SLICES = 400
_DPI = 80


@dataclass(frozen=True)
class MisclassifiedSong:
    """A song whose predicted genre is wrong.

    Attributes:
        name: its track id.
        genre: the true genre.
        predicted: the predicted genre.
        confidence: the mean probability of the predicted genre.
        rows: the rows of its slices in the predictions, in the song's order, int64 [slices].
    """

    name: str
    genre: str
    predicted: str
    confidence: float
    rows: NDArray[np.int64]


def find(
    predictions: SlicePredictions, tracks: Sequence[dict[str, Any]], genres: Sequence[str]
) -> list[MisclassifiedSong]:
    """Finds the misclassified songs, the most confident first.

    Args:
        predictions: of all slices of a split.
        tracks: the tracks of `evaluate.score`, in the order of their ids.
        genres: in label order.
    """
    of_slice = scoring.by_track(predictions).of_slice
    found = []
    for number, track in enumerate(tracks):
        if track["predicted"] != track["genre"]:
            rows = in_order(np.flatnonzero(of_slice == number), predictions)
            confidence = track["probabilities"][genres.index(track["predicted"])]
            found.append(
                MisclassifiedSong(track["id"], track["genre"], track["predicted"], confidence, rows)
            )
    return sorted(found, key=lambda song: -song.confidence)


def in_order(rows: NDArray[np.int64], predictions: SlicePredictions) -> NDArray[np.int64]:
    """The rows of a song's slices in the song's order, at most 400."""
    return rows[np.argsort(predictions.indices[rows])][:_MOST_SLICES]


def picture(
    song: MisclassifiedSong,
    predictions: SlicePredictions,
    images: Mapping[int, NDArray[np.uint8]],
    *,
    genres: Sequence[str],
    render: RenderConfig,
) -> bytes:
    """Plots the song's spectrogram and the genres' probabilities over time, as a PNG file.

    Args:
        song: the song.
        predictions: of all slices of the split.
        images: the song's slices by row of the predictions, uint8 [128, 128] each.
        genres: in label order.
        render: how the slices were rendered.
    """
    probabilities = SongProbabilities(
        predictions.probabilities[song.rows],
        predictions.indices[song.rows],
        squeezed(np.stack([images[int(row)] for row in song.rows])),
    )
    figure = vote_plot.draw(probabilities, genres=genres, render=render)
    buffer = io.BytesIO()
    save(figure, buffer, format="png", dpi=_DPI)
    return buffer.getvalue()
