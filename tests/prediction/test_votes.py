"""How slices decide a song's genre."""

from typing import Any

import numpy as np
import pytest

from tests.prediction.fakes import probabilities_of
from tfgenre.errors import UserError
from tfgenre.prediction.config import VoteConfig
from tfgenre.prediction.result import Prediction
from tfgenre.prediction.votes import decide, vote, winner

GENRES = ("Noise", "Tones")


def predicted(*firsts: float, **options: Any) -> Prediction:
    return decide("a.mp3", probabilities_of(*firsts), genres=GENRES, config=VoteConfig(**options))


@pytest.mark.parametrize(
    ("votes", "mean", "expected"),
    [
        ([3, 1, 0], [0.1, 0.8, 0.1], 0),
        ([2, 2, 0], [0.3, 0.6, 0.1], 1),
        ([1, 1, 1], [0.3, 0.3, 0.4], 2),
    ],
)
def test_winner(votes, mean, expected):
    assert winner(np.array(votes), np.array(mean)) == expected


def test_vote():
    probabilities = np.array(
        [
            [0.8, 0.1, 0.1],
            [0.1, 0.9, 0.0],
            [0.4, 0.0, 0.6],
            [0.6, 0.3, 0.1],
            [0.4, 0.3, 0.3],
            [0.0, 0.0, 1.0],
            [0.3, 0.5, 0.2],
            [0.5, 0.1, 0.4],
        ],
        np.float32,
    )
    assert vote(probabilities).tolist() == [4, 2, 2]


def test_how_slices_decide():
    firsts = (0.55, 0.55, 0.1)
    assert predicted(*firsts).genre == "Noise"
    assert predicted(*firsts).confidence == pytest.approx(2 / 3)
    by_mean = predicted(*firsts, vote="mean")
    assert by_mean.genre == "Tones"
    assert by_mean.confidence == pytest.approx(0.6)
    assert predicted(*firsts, min_confidence=0.66).genre == "Noise"
    unsure = predicted(*firsts, min_confidence=0.67)
    assert (unsure.genre, unsure.best_guess, unsure.failed) == ("unsure", "Noise", False)
    assert predicted(*firsts, vote="mean", min_confidence=0.61).genre == "unsure"
    assert predicted(0.9, 0.2, vote="hard").genre == "Noise"  # the mean breaks ties


def test_probabilities_that_are_not_finite_are_refused():
    with pytest.raises(UserError, match=r"predicts NaN or infinity for a\.mp3"):
        predicted(0.5, float("nan"))
