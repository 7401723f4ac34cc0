import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tfgenre.datasets.splits import SLICE_SPLIT_WARNING
from tfgenre.datasets.track import Skipped
from tfgenre.errors import UserError
from tfgenre.evaluation import evaluate
from tfgenre.evaluation.scoring import SlicePredictions
from tfgenre.prediction.votes import vote, winner
from tfgenre.records.folder import Records
from tfgenre.records.manifest import Manifest, SplitContents


def manifest_of(genres=("A", "B", "C"), split_by="artist", pixels_per_second=50) -> Manifest:
    split = SplitContents(
        shards=(), tracks=dict(zip(genres, (5, 9, 1), strict=True)), slices=dict.fromkeys(genres, 3)
    )
    return Manifest(
        config={
            "dataset": "folder",
            "render": {"pixels_per_second": pixels_per_second},
            "split": {"split_by": split_by},
        },
        collection_sha256="",
        genres=tuple(genres),
        splits=dict.fromkeys(("train", "validation", "test"), split),
        skipped=(Skipped("a", "empty"),),
    )


# Song a (A): two slices for A, one for B. Song b (B): one each for A and B, B by probability.
# Song c (C): voted A by two weak slices, C by the mean of one strong one.
PREDICTIONS = SlicePredictions(
    probabilities=np.array(
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
    ),
    labels=np.array([0, 1, 2, 0, 2, 2, 0, 1]),
    track_ids=np.array([b"a", b"b", b"c", b"a", b"c", b"c", b"a", b"b"], object),
    indices=np.array([0, 0, 0, 1, 1, 2, 2, 1]),
)


def score(manifest: Manifest, trained_on: Manifest) -> dict[str, Any]:
    return evaluate.score(
        PREDICTIONS, Records(Path(), manifest), split="test", trained_on=trained_on
    )


def test_score():
    found = score(manifest_of(), manifest_of())
    assert found["num_slices"] == 8
    assert found["num_tracks"] == 3
    assert found["slice_accuracy"] == pytest.approx(5 / 8)
    assert found["track_accuracy_vote"] == 1.0
    assert found["track_accuracy_mean"] == 1.0
    assert found["majority_genre"] == "B"
    assert found["majority_baseline"] == pytest.approx(1 / 3)
    assert found["macro_f1"] == 1.0
    assert found["confusion"]["slice"] == [[2, 1, 0], [1, 1, 0], [1, 0, 2]]
    assert np.trace(found["confusion"]["track"]) == 3


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
    assert vote(PREDICTIONS.probabilities).tolist() == [4, 2, 2]


def test_a_slice_split_says_that_it_leaks():
    leaky = manifest_of(split_by="slice")
    assert SLICE_SPLIT_WARNING in evaluate.summary(score(leaky, leaky))
    assert "leak" not in evaluate.summary(score(manifest_of(), manifest_of()))


def test_other_records_are_told_from_those_trained_on():
    assert evaluate.OTHER_RECORDS not in evaluate.summary(score(manifest_of(), manifest_of()))
    other = dataclasses.replace(manifest_of(), collection_sha256="other")
    assert evaluate.OTHER_RECORDS in evaluate.summary(score(other, manifest_of()))


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        (manifest_of(genres=("A", "C", "B")), "its genres are A, C, B"),
        (manifest_of(pixels_per_second=25), "its rendering is"),
        (manifest_of(split_by="track"), "evaluated on songs it was trained on"),
    ],
)
def test_records_of_another_kind_are_refused(other, sentence, tmp_path):
    evaluate.check_fits(Records(tmp_path, manifest_of()), trained_on=manifest_of())
    with pytest.raises(UserError, match=sentence):
        evaluate.check_fits(Records(tmp_path, other), trained_on=manifest_of())
