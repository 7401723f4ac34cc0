"""The metrics of an evaluation, and which records can be evaluated."""

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
from tfgenre.records.folder import Records
from tfgenre.records.manifest import Manifest, SplitContents


def manifest_of(
    genres=("A", "B", "C"), split_by="artist", pixels_per_second=50, tracks=(5, 9, 1)
) -> Manifest:
    split = SplitContents(
        shards=(), tracks=dict(zip(genres, tracks, strict=True)), slices=dict.fromkeys(genres, 3)
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


# Song a (A): two slices are predicted as A, one as B. Song b (B): one as A, one as B, whose
# probability is higher. Song c (C): two as C, one as A.
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


def score(
    manifest: Manifest, trained_on: Manifest, predictions: SlicePredictions = PREDICTIONS
) -> dict[str, Any]:
    return evaluate.score(
        predictions, Records(Path(), manifest), split="test", trained_on=trained_on
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
    ("trained_on", "genre", "share"), [((1, 5, 9), "C", 2 / 3), ((5, 9, 1), "B", 1 / 3)]
)
def test_the_majority_baseline_is_that_of_the_records_trained_on(trained_on, genre, share):
    """In the evaluated records, A is the most frequent genre."""
    predictions = dataclasses.replace(PREDICTIONS, labels=np.array([2, 1, 2, 2, 2, 2, 2, 1]))
    manifest = manifest_of(tracks=(9, 5, 1))
    found = score(manifest, manifest_of(tracks=trained_on), predictions)
    assert found["majority_genre"] == genre
    assert found["majority_baseline"] == pytest.approx(share)
    same = score(manifest, manifest, predictions)
    assert (same["majority_genre"], same["majority_baseline"]) == ("A", 0)


def test_the_summary_warns_of_a_slice_split():
    leaky = manifest_of(split_by="slice")
    assert SLICE_SPLIT_WARNING in evaluate.summary(score(leaky, leaky))
    assert "leak" not in evaluate.summary(score(manifest_of(), manifest_of()))


def test_the_summary_notes_other_records():
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
def test_records_that_do_not_fit_are_refused(other, sentence, tmp_path):
    evaluate.check_fits(Records(tmp_path, manifest_of()), trained_on=manifest_of())
    with pytest.raises(UserError, match=sentence):
        evaluate.check_fits(Records(tmp_path, other), trained_on=manifest_of())
