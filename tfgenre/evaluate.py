"""An honest score: the network judges slices it was not trained on, and the songs they make up."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

from tfgenre import pipeline, sources
from tfgenre.errors import UserError
from tfgenre.manifest import LEAKS, Manifest

OTHER_RECORDS = (
    "these are not the records that the network was trained on; nobody checks that their songs are "
    "new to it."
)


@dataclass(frozen=True)
class Verdicts:
    """What the network made of some slices, row by row.

    Attributes:
        probabilities: float32 [slices, genres].
        labels: the true genres, int64 [slices].
        track_ids: bytes objects [slices].
    """

    probabilities: NDArray[np.float32]
    labels: NDArray[np.int64]
    track_ids: NDArray[np.object_]


def judge(
    model: keras.Model, records_dir: Path, manifest: Manifest, split: str, *, batch_size: int
) -> Verdicts:
    """Runs the network over every slice of a split, once each.

    Raises:
        UserError: if the split has no slices.
    """
    records = sources.source(records_dir, manifest, split)
    labels, track_ids, probabilities = [], [], []
    with sources.naming_damage(records_dir, manifest):
        for batch in pipeline.evaluation_dataset(records, batch_size):
            probabilities.append(model.predict_on_batch(batch["image"]))
            labels.append(batch["label"].numpy())
            track_ids.append(batch["track_id"].numpy())
    return Verdicts(
        np.concatenate(probabilities), np.concatenate(labels), np.concatenate(track_ids)
    )


def vote(probabilities: NDArray[np.float32]) -> NDArray[np.int64]:
    """How many of a song's slices are for each genre, int64 [genres], from [slices, genres]."""
    return np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1])


def winner(votes: NDArray[np.int64], mean: NDArray[np.floating]) -> int:
    """The genre with the most votes; among equals the one of the higher mean probability."""
    return int(np.lexsort((mean, votes))[-1])


def score(
    verdicts: Verdicts, manifest: Manifest, *, split: str, trained_on: Manifest
) -> dict[str, Any]:
    """The figures of an evaluation.

    Args:
        verdicts: of one split's slices.
        manifest: of the records they come from.
        split: which of its splits.
        trained_on: the manifest of the records that the network was trained on.

    Returns:
        Accuracies by slice and by track, the accuracy of always saying the genre most frequent in
        training, macro F1 by track vote, counts, confusion matrices (rows: true genre), and each
        track's true genre and the one it was given by vote.
    """
    ids, truth, voted, averaged = _by_track(verdicts)
    labels = range(len(manifest.genres))
    guesses = verdicts.probabilities.argmax(axis=1)
    most_frequent = _most_frequent(manifest)
    return {
        "slice_accuracy": metrics.accuracy_score(verdicts.labels, guesses),
        "track_accuracy_vote": metrics.accuracy_score(truth, voted),
        "track_accuracy_mean": metrics.accuracy_score(truth, averaged),
        "majority_baseline": float(np.mean(truth == most_frequent)),
        "majority_genre": manifest.genres[most_frequent],
        "macro_f1": metrics.f1_score(truth, voted, average="macro", zero_division=0),
        "num_slices": len(guesses),
        "num_tracks": len(truth),
        "split": split,
        "split_by": manifest.split_by,
        "same_records": manifest == trained_on,
        "genres": list(manifest.genres),
        "confusion": {
            "slice": _confusion(verdicts.labels, guesses, labels),
            "track": _confusion(truth, voted, labels),
        },
        "tracks": [
            {
                "id": track_id.decode(errors="replace"),
                "genre": manifest.genres[true],
                "vote": manifest.genres[vote],
            }
            for track_id, true, vote in zip(ids, truth, voted, strict=True)
        ],
    }


def summary(found: dict[str, Any]) -> str:
    """The figures of `score` for a person."""
    lines = [
        f"{found['split']}: {found['num_slices']:,} slices of {found['num_tracks']:,} tracks, "
        f"split by {found['split_by']}",
        f"  slice accuracy      {found['slice_accuracy']:.3f}",
        f"  track accuracy      {found['track_accuracy_vote']:.3f} by vote, "
        f"{found['track_accuracy_mean']:.3f} by mean probability",
        f"  majority baseline   {found['majority_baseline']:.3f} "
        f"(always {found['majority_genre']})",
        f"  macro F1            {found['macro_f1']:.3f}",
    ]
    if not found["same_records"]:
        lines.append(f"  note: {OTHER_RECORDS}")
    if found["split_by"] == "slice":
        lines.append(f"  {LEAKS}")
    return "\n".join(lines)


def check_fits(trained_on: Manifest, manifest: Manifest, records_dir: Path) -> None:
    """Raises UserError if records do not fit the network, or would judge it on what it knows.

    Args:
        trained_on: what the network was trained on.
        manifest: what it is to be judged on.
        records_dir: where that lies.
    """
    for name, there, here in (
        ("genres are", ", ".join(trained_on.genres), ", ".join(manifest.genres)),
        ("rendering is", trained_on.config["render"], manifest.config["render"]),
    ):
        if there != here:
            raise UserError(
                f"{records_dir} does not fit this network: its {name} {here}, the network was "
                f"trained on {there}. Give the --records_dir it was trained on."
            )
    splits = (trained_on.config["split"], manifest.config["split"])
    if trained_on.collection_sha256 == manifest.collection_sha256 and splits[0] != splits[1]:
        raise UserError(
            f"{records_dir} splits the same songs in another way ({splits[1]}) than the network "
            f"was trained on ({splits[0]}): it would be judged on songs it knows. Give the "
            "--records_dir it was trained on."
        )


def _by_track(
    verdicts: Verdicts,
) -> tuple[NDArray[np.object_], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Id, true genre, genre by vote and genre by mean probability, [tracks] each."""
    ids, first, inverse = np.unique(verdicts.track_ids, return_index=True, return_inverse=True)
    shape = (len(ids), verdicts.probabilities.shape[1])
    votes, sums = np.zeros(shape, np.int64), np.zeros(shape)
    np.add.at(votes, (inverse, verdicts.probabilities.argmax(axis=1)), 1)
    np.add.at(sums, inverse, verdicts.probabilities)
    voted = np.array([winner(v, s) for v, s in zip(votes, sums, strict=True)])
    return ids, verdicts.labels[first], voted, sums.argmax(axis=1)


def _most_frequent(manifest: Manifest) -> int:
    tracks = manifest.splits["train"].tracks
    return int(np.argmax([tracks[genre] for genre in manifest.genres]))


def _confusion(
    truth: NDArray[np.int64], guesses: NDArray[np.int64], labels: Sequence[int]
) -> list[list[int]]:
    matrix: list[list[int]] = metrics.confusion_matrix(truth, guesses, labels=labels).tolist()
    return matrix
