"""Scores a network on a split: its predictions for slices, and for the songs they belong to."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

from tfgenre.datasets.splits import SLICE_SPLIT_WARNING
from tfgenre.errors import UserError
from tfgenre.evaluation import scoring
from tfgenre.evaluation.intervals import with_interval
from tfgenre.evaluation.scoring import SlicePredictions, Tracks
from tfgenre.records import pipeline
from tfgenre.records.folder import Records
from tfgenre.records.manifest import Manifest
from tfgenre.text import one_line

OTHER_RECORDS = (
    "these are not the records that the network was trained on. Whether it was trained on some of "
    "their songs was not checked."
)


def predict_split(
    model: keras.Model, records: Records, split: str, *, batch_size: int
) -> SlicePredictions:
    """Predicts every slice of a split once.

    Raises:
        UserError: if the split has no slices.
    """
    labels, track_ids, indices, probabilities = [], [], [], []
    with pipeline.translate_read_errors(records):
        for batch in pipeline.evaluation_dataset(records.source(split), batch_size):
            probabilities.append(model.predict_on_batch(batch["image"]))
            labels.append(batch["label"].numpy())
            track_ids.append(batch["track_id"].numpy())
            indices.append(batch["slice_index"].numpy())
    return SlicePredictions(*map(np.concatenate, (probabilities, labels, track_ids, indices)))


def score(
    predictions: SlicePredictions,
    records: Records,
    *,
    split: str,
    trained_on: Manifest,
    vote: str = "hard",
    svm: Mapping[bytes, int] | None = None,
    artists: Mapping[bytes, str] | None = None,
) -> dict[str, Any]:
    """Computes the metrics of an evaluation.

    Args:
        predictions: of one split's slices.
        records: the records the slices come from.
        split: the name of the split.
        trained_on: the manifest of the records that the network was trained on.
        vote: how slices decide: hard, or mean.
        svm: the label that the baseline predicts for each track id; None or empty: there is none.
        artists: each track's artist, by track id; None if unknown.

    Returns:
        The metrics of `scoring.accuracies`; the accuracy of always predicting the most frequent
        training genre; per-genre metrics, rankings and calibration, each by slice and by track
        (rankings and calibration of tracks by mean probability); counts; confusion matrices (rows:
        true genre); and for each track its artist, its true genre, its predicted genre, that by
        vote and its mean probabilities.
    """
    manifest = records.manifest
    tracks = scoring.by_track(predictions)
    predicted = predictions.probabilities.argmax(axis=1)
    most_frequent = _most_frequent(trained_on)
    decided = tracks.decided(vote)
    labels = {"slice": (predictions.labels, predicted), "track": (tracks.labels, decided)}
    scores: dict[str, tuple[NDArray[np.int64], NDArray[np.floating]]] = {
        "slice": (predictions.labels, predictions.probabilities),
        "track": (tracks.labels, tracks.mean),
    }
    return {
        "vote": vote,
        **scoring.accuracies(
            predictions,
            tracks,
            vote=vote,
            svm=np.array([svm[track_id] for track_id in tracks.ids]) if svm else None,
            artists=artists,
        ),
        "majority_baseline": float(np.mean(tracks.labels == most_frequent)),
        "majority_genre": manifest.genres[most_frequent],
        "per_genre": {
            unit: scoring.per_genre(*pair, manifest.genres) for unit, pair in labels.items()
        },
        "ranking": {unit: scoring.ranking(*pair) for unit, pair in scores.items()},
        "calibration": {unit: scoring.calibration(*pair) for unit, pair in scores.items()},
        "num_slices": len(predicted),
        "num_tracks": len(tracks.ids),
        "split": split,
        "split_by": manifest.split_by,
        "same_records": manifest == trained_on,
        "genres": list(manifest.genres),
        "confusion": {
            unit: _confusion(*pair, range(len(manifest.genres))) for unit, pair in labels.items()
        },
        "tracks": _rows(tracks, decided, manifest.genres, artists or {}),
    }


def summary(found: dict[str, Any]) -> str:
    """The metrics of `score`, as lines for a person."""

    def figure(name: str) -> str:
        return with_interval(found[name], *found["intervals"][name])

    bootstrap = found["bootstrap"]
    rules = [("track_accuracy_vote", "vote"), ("track_accuracy_mean", "mean probability")]
    (own, own_rule), (other, other_rule) = rules if found["vote"] == "hard" else rules[::-1]
    svm = []
    if "svm_accuracy" in found:
        svm = [
            f"  SVM baseline        {figure('svm_accuracy')} of tracks",
            f"  network minus SVM   {figure('gain_over_svm')}",
        ]
    lines = [
        f"{found['split']}: {found['num_slices']:,} slices of {found['num_tracks']:,} tracks, "
        f"split by {found['split_by']}",
        f"  track accuracy      {figure(own)} by {own_rule}",
        f"                      {figure(other)} by {other_rule}",
        f"  mean over artists   {figure('artist_accuracy')}",
        f"  slice accuracy      {figure('slice_accuracy')}",
        f"  macro F1 of tracks  {figure('macro_f1')}",
        *svm,
        f"  majority baseline   {found['majority_baseline']:.3f} "
        f"(always {one_line(found['majority_genre'])})",
        f"  in parentheses: 95 % intervals, bootstrapped over {bootstrap['groups']:,} "
        f"{bootstrap['drawn']}",
    ]
    if not found["same_records"]:
        lines.append(f"  note: {OTHER_RECORDS}")
    if found["split_by"] == "slice":
        lines.append(f"  {SLICE_SPLIT_WARNING}")
    return "\n".join(lines)


def check_fits(records: Records, *, trained_on: Manifest) -> None:
    """Checks that a network can be evaluated on some records.

    Args:
        records: the records to evaluate on.
        trained_on: the manifest of the records that the network was trained on.

    Raises:
        UserError: if their genres or rendering differ, or they split the same songs differently.
    """
    manifest = records.manifest
    for name, expected, received in (
        ("genres are", ", ".join(trained_on.genres), ", ".join(manifest.genres)),
        ("rendering is", trained_on.config["render"], manifest.config["render"]),
    ):
        if expected != received:
            raise UserError(
                f"{records.path} does not fit this network: its {name} {received}, the network was "
                f"trained on {expected}. Give the --records_dir it was trained on."
            )
    splits = (trained_on.config["split"], manifest.config["split"])
    if trained_on.collection_sha256 == manifest.collection_sha256 and splits[0] != splits[1]:
        raise UserError(
            f"{records.path} splits the same songs differently ({splits[1]}) from the records that "
            f"the network was trained on ({splits[0]}): it would be evaluated on songs it was "
            "trained on. Give the --records_dir it was trained on."
        )


def _rows(
    tracks: Tracks,
    decided: NDArray[np.int64],
    genres: tuple[str, ...],
    artists: Mapping[bytes, str],
) -> list[dict[str, Any]]:
    return [
        {
            "id": track_id.decode(errors="surrogateescape"),
            "artist": artists.get(track_id, ""),
            "genre": genres[true],
            "predicted": genres[predicted],
            "vote": genres[vote],
            "probabilities": [round(share, 4) for share in mean],
        }
        for track_id, true, predicted, vote, mean in zip(
            tracks.ids, tracks.labels, decided, tracks.voted, tracks.mean.tolist(), strict=True
        )
    ]


def _most_frequent(trained_on: Manifest) -> int:
    """The label of the genre with the most tracks in training."""
    tracks = trained_on.splits["train"].tracks
    return int(np.argmax([tracks[genre] for genre in trained_on.genres]))


def _confusion(
    truth: NDArray[np.int64], predicted: NDArray[np.int64], labels: Sequence[int]
) -> list[list[int]]:
    matrix: list[list[int]] = metrics.confusion_matrix(truth, predicted, labels=labels).tolist()
    return matrix
