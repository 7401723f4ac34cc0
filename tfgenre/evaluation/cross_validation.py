"""Scores several networks together, each on the songs that it was not trained on: its fold."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfgenre import pages
from tfgenre.evaluation import baseline, curves, evaluate
from tfgenre.evaluation.scoring import SlicePredictions
from tfgenre.files import write_atomically, write_json
from tfgenre.records.folder import Records
from tfgenre.text import csv_line
from tfgenre.training.run_dir import RunDir

PAGE = "cross_validation.html"
_SPLIT = "test"


def predict(
    runs: Sequence[RunDir], folds: Sequence[Records], *, batch_size: int
) -> list[SlicePredictions]:
    """Predicts the test slices of each fold by its own network.

    Args:
        runs: the finished run of each fold.
        folds: the records of each; every song is in the test split of one.
        batch_size: slices per step.

    Raises:
        UserError: if a run is not finished, or its network predicts NaN.
    """
    return [_predict(run, fold, batch_size) for run, fold in zip(runs, folds, strict=True)]


def score(
    found: Sequence[SlicePredictions], folds: Sequence[Records], *, vote: str
) -> dict[str, Any]:
    """Computes the metrics of all folds together.

    Args:
        found: the predictions of each fold, of `predict`.
        folds: the records of each.
        vote: how slices decide: hard, or mean.

    Returns:
        The metrics of `evaluate.score`, whose tracks also have their fold, from 1; and folds: the
        songs and the accuracy of each.
    """
    joined = SlicePredictions(
        *(
            np.concatenate([getattr(predictions, field.name) for predictions in found])
            for field in dataclasses.fields(SlicePredictions)
        )
    )
    svm = [baseline.predict(records, _SPLIT) for records in folds]
    metrics = evaluate.score(
        joined,
        folds[0],
        split="all folds",
        trained_on=folds[0].manifest,
        vote=vote,
        svm={track: label for each in svm for track, label in each.items()} if all(svm) else None,
        artists=folds[0].artists(),
    )
    fold_of = {
        track_id.decode(errors="surrogateescape"): number
        for number, predictions in enumerate(found, start=1)
        for track_id in predictions.track_ids.tolist()
    }
    for track in metrics["tracks"]:
        track["fold"] = fold_of[track["id"]]
    return metrics | {"folds": _by_fold(metrics["tracks"], len(folds))}


def _predict(run: RunDir, records: Records, batch_size: int) -> SlicePredictions:
    run.check_finished()
    model = run.load_best_model(num_genres=len(records.genres))
    predictions = evaluate.predict_split(model, records, _SPLIT, batch_size=batch_size)
    run.check_probabilities(predictions.probabilities)
    return predictions


def _by_fold(tracks: Sequence[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    rows = []
    for number in range(1, count + 1):
        right = [
            track["predicted"] == track["genre"] for track in tracks if track["fold"] == number
        ]
        rows.append({"tracks": len(right), "track_accuracy": float(np.mean(right))})
    return rows


def summary(found: dict[str, Any]) -> str:
    """The metrics of `score`, as lines for a person."""
    accuracies = ", ".join(f"{fold['track_accuracy']:.3f}" for fold in found["folds"])
    return f"{evaluate.summary(found)}\n  by fold             {accuracies}"


def write(found: dict[str, Any], folder: Path) -> None:
    """Writes cross_validation.html, cross_validation.json and predictions.csv.

    Args:
        found: the metrics of `score`, with program and command.
        folder: the folder to write to.
    """
    write_json(folder / "cross_validation.json", found)
    write_atomically(folder / "predictions.csv", _table(found).encode(errors="surrogateescape"))
    calibration = curves.calibration_curves(found["calibration"])
    page = pages.render(
        "cross_validation.html",
        found=found,
        calibration=calibration,
    )
    write_atomically(folder / PAGE, page.encode())


def _table(found: dict[str, Any]) -> str:
    """A row per song: what it is, what was predicted, and the probability of each genre."""
    names = ("id", "artist", "genre", "predicted", "fold")
    rows = [
        ("path", *names[1:], *found["genres"]),
        *((*(track[name] for name in names), *track["probabilities"]) for track in found["tracks"]),
    ]
    return "".join(f"{csv_line(row)}\n" for row in rows)
