"""The songs that a network got most confidently wrong, with their pictures and votes."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfgenre.evaluation import scoring
from tfgenre.evaluation.scoring import SlicePredictions
from tfgenre.prediction import vote_plot
from tfgenre.prediction.votes import SongProbabilities, squeezed

_MOST_SLICES = 400
_DPI = 80


@dataclass(frozen=True)
class MisclassifiedSong:
    """A song that was given another genre than its own.

    Attributes:
        name: its id.
        genre: its own.
        named: the one it was given, by vote.
        confidence: the mean probability of that one.
        rows: its slices among the predictions, in the song's order, int64 [slices].
    """

    name: str
    genre: str
    named: str
    confidence: float
    rows: NDArray[np.int64]


def find(
    predictions: SlicePredictions, tracks: Sequence[dict[str, Any]], genres: Sequence[str]
) -> list[MisclassifiedSong]:
    """The songs that were named wrongly, the surest first.

    Args:
        predictions: of the slices.
        tracks: those of `evaluate.score`, in the order of the ids.
        genres: in label order.
    """
    of_slice = scoring.by_track(predictions).of_slice
    found = []
    for number, track in enumerate(tracks):
        if track["vote"] != track["genre"]:
            rows = np.flatnonzero(of_slice == number)
            rows = rows[np.argsort(predictions.indices[rows])][:_MOST_SLICES]
            confidence = track["probabilities"][genres.index(track["vote"])]
            found.append(
                MisclassifiedSong(track["id"], track["genre"], track["vote"], confidence, rows)
            )
    return sorted(found, key=lambda song: -song.confidence)


def picture(
    song: MisclassifiedSong,
    predictions: SlicePredictions,
    images: Mapping[int, NDArray[np.uint8]],
    *,
    genres: Sequence[str],
    pixels_per_second: int,
) -> bytes:
    """The song's spectrogram and the genres' probabilities along it, a PNG file.

    Args:
        song: which.
        predictions: of its slices, among others.
        images: rows of the predictions to slices, uint8 [128, 128].
        genres: in label order.
        pixels_per_second: the picture's columns a second.
    """
    judged = SongProbabilities(
        predictions.probabilities[song.rows],
        predictions.indices[song.rows],
        squeezed(np.stack([images[int(row)] for row in song.rows])),
    )
    figure = vote_plot.draw(judged, genres=genres, pixels_per_second=pixels_per_second)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI)
    return buffer.getvalue()
