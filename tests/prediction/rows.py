"""Rows of files of results, for tests."""

from typing import Any

from tfgenre.prediction.result import Prediction
from tfgenre.prediction.rows import Row, State

STATE = State(4000, 1_700_000_000_123_456_789)
GENRES = ("Rock", "Jazz, Blues", "Folk")


def row_of(
    path: str,
    *,
    best_guess: str = "Rock",
    genre: str | None = None,
    confidence: float = 0.7,
    own_genres: tuple[str, ...] = (),
    state: State = STATE,
    **more: Any,
) -> Row:
    """The row of a song of ten slices."""
    votes = round(10 * confidence)
    others = [name for name in GENRES if name != best_guess]
    prediction = Prediction(
        path,
        genre=genre or best_guess,
        best_guess=best_guess,
        confidence=confidence,
        votes={name: votes if name == best_guess else 10 - votes for name in GENRES[:2]}
        | {GENRES[2]: 0},
        probabilities={name: 0.2 if name in others else 0.6 for name in GENRES},
        **more,
    )
    return Row(prediction, own_genres, state, "run")


def failed_row(path: str, reason: str, detail: str) -> Row:
    """The row of a song that cannot be used."""
    return Row(Prediction(path, reason=reason, detail=detail), (), State(10, 20), "run")
