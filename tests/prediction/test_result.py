"""Predictions as they are printed."""

import csv
import json

from tests.prediction.fakes import probabilities_of
from tfgenre.prediction.config import VoteConfig
from tfgenre.prediction.result import Prediction, lines
from tfgenre.prediction.votes import decide

GENRES = ("Noise", "Tones")


def test_printed_lines():
    skipped = Prediction("b,c.mp3", reason="not_audio", detail="no sound")
    unsure = decide(
        "a.mp3",
        probabilities_of(0.75, 0.75, 0.25),
        genres=GENRES,
        config=VoteConfig(min_confidence=0.9),
    )
    both = [unsure, skipped]
    table = list(lines(both, output_format="table", genres=GENRES))
    assert table[0].startswith(
        "a.mp3: unsure (perhaps Noise)  67% of 3 slices, mean probability 0.5"
    )
    header, first, second = csv.reader(lines(both, output_format="csv", genres=GENRES))
    row = dict(zip(header, first, strict=True))
    assert (row["path"], row["genre"], row["best_guess"]) == ("a.mp3", "unsure", "Noise")
    assert (row["share"], row["slices"], row["Noise"]) == ("0.6667", "3", "0.5833")
    assert dict(zip(header, second, strict=True))["reason"] == "not_audio (no sound)"
    found = json.loads("\n".join(lines(both, output_format="json", genres=GENRES)))
    assert found[0]["best_guess"] == "Noise"
    assert found[1] == {"path": "b,c.mp3", "reason": "not_audio", "detail": "no sound"}
