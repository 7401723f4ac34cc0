"""The metrics of predictions: accuracies with intervals, per-genre metrics, ranking, calibration.

Metrics are scikit-learn's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

from tfgenre.evaluation import intervals
from tfgenre.evaluation.intervals import Groups
from tfgenre.prediction.votes import winner

_BINS = 15


@dataclass(frozen=True)
class SlicePredictions:
    """The network's predictions for some slices, row by row.

    Attributes:
        probabilities: float32 [slices, genres].
        labels: the true genres, int64 [slices].
        track_ids: bytes objects [slices].
        indices: each slice's index in its song, int64 [slices].
    """

    probabilities: NDArray[np.float32]
    labels: NDArray[np.int64]
    track_ids: NDArray[np.object_]
    indices: NDArray[np.int64]


@dataclass(frozen=True)
class Tracks:
    """SlicePredictions aggregated by track, in the order of the track ids.

    Attributes:
        ids: bytes objects [tracks].
        of_slice: each slice's track, as a row of the other attributes, int64 [slices].
        labels: the true genres, int64 [tracks].
        voted: the genres predicted for most slices, int64 [tracks].
        mean: mean probabilities, float64 [tracks, genres].
    """

    ids: NDArray[np.object_]
    of_slice: NDArray[np.int64]
    labels: NDArray[np.int64]
    voted: NDArray[np.int64]
    mean: NDArray[np.float64]

    def decided(self, vote: str) -> NDArray[np.int64]:
        """The predicted genres, int64 [tracks], by a rule of `config.VOTES`."""
        return self.voted if vote == "hard" else self.mean.argmax(axis=1)


def by_track(predictions: SlicePredictions) -> Tracks:
    """Aggregates slices by track."""
    ids = sorted(set(predictions.track_ids))
    number = {track_id: place for place, track_id in enumerate(ids)}
    of_slice = np.array([number[track_id] for track_id in predictions.track_ids])
    shape = (len(ids), predictions.probabilities.shape[1])
    votes, sums, labels = np.zeros(shape, np.int64), np.zeros(shape), np.zeros(len(ids), np.int64)
    np.add.at(votes, (of_slice, predictions.probabilities.argmax(axis=1)), 1)
    np.add.at(sums, of_slice, predictions.probabilities)
    labels[of_slice] = predictions.labels
    voted = np.array([winner(*pair) for pair in zip(votes, sums, strict=True)])
    mean = sums / votes.sum(axis=1, keepdims=True)
    return Tracks(np.array(ids, object), of_slice, labels, voted, mean)


def accuracies(
    predictions: SlicePredictions,
    tracks: Tracks,
    *,
    vote: str = "hard",
    svm: NDArray[np.int64] | None = None,
    artists: Mapping[bytes, str] | None = None,
) -> dict[str, Any]:
    """Accuracies and macro F1, each with its 95 % interval.

    Args:
        predictions: of some slices.
        tracks: the same predictions by track.
        vote: how slices decide: hard, or mean.
        svm: the genres that the baseline predicts, int64 [tracks]; None if there is none.
        artists: each track's artist; a track whose artist is missing or "" is its own group.

    Returns:
        slice_accuracy, slice_top2, track_top2, track_accuracy_vote and track_accuracy_mean;
        track_accuracy, the one of the two that `vote` names, artist_accuracy (the mean over artists
        of the share of their songs that are correct) and macro_f1 of tracks, both by the same rule.
        With a baseline, svm_accuracy, svm_artist_accuracy, and gain_over_svm, the track accuracy
        minus the baseline's. `intervals`: the same names with (low, high); `bootstrap`: what was
        drawn, from how many groups, and how often.
    """
    groups = intervals.group(tracks.ids.tolist(), artists or {})
    measure = _measure(_correct(predictions, tracks, vote, svm), tracks, groups, vote)
    return {
        **intervals.values(measure, groups.count),
        "intervals": intervals.intervals(measure, groups.count),
        "bootstrap": {
            "drawn": "artists" if groups.are_artists else "tracks",
            "groups": groups.count,
            "rounds": intervals.ROUNDS,
        },
    }


def _correct(
    predictions: SlicePredictions, tracks: Tracks, vote: str, svm: NDArray[np.int64] | None
) -> dict[str, NDArray[np.bool_]]:
    """For each accuracy, whether each slice or track counts as correct."""
    baseline = {} if svm is None else {"svm_accuracy": svm == tracks.labels}
    return baseline | {
        "slice_accuracy": predictions.probabilities.argmax(axis=1) == predictions.labels,
        "slice_top2": _is_in_top2(predictions.probabilities, predictions.labels),
        "track_accuracy": tracks.decided(vote) == tracks.labels,
        "track_accuracy_vote": tracks.decided("hard") == tracks.labels,
        "track_accuracy_mean": tracks.decided("mean") == tracks.labels,
        "track_top2": _is_in_top2(tracks.mean, tracks.labels),
    }


def _measure(
    correct: Mapping[str, NDArray[np.bool_]], tracks: Tracks, groups: Groups, vote: str
) -> intervals.Measure:
    """A function from how often each group counts to the metrics."""
    of_slice = groups.of_track[tracks.of_slice]
    counts = {}  # per metric: how many are correct, and how many there are, [groups] each
    for name, hits in correct.items():
        group = of_slice if name.startswith("slice") else groups.of_track
        counts[name] = (np.bincount(group, hits, groups.count), np.bincount(group))
    confusions = np.zeros((groups.count, *(tracks.mean.shape[1],) * 2))
    np.add.at(confusions, (groups.of_track, tracks.labels, tracks.decided(vote)), 1)

    def over_artists(drawn: NDArray[np.integer], name: str) -> NDArray[np.float64]:
        hits, total = counts[name]
        return (drawn @ (hits / total)) / drawn.sum(axis=1)

    def measure(drawn: NDArray[np.integer]) -> dict[str, NDArray[np.float64]]:
        found = {name: (drawn @ hits) / (drawn @ total) for name, (hits, total) in counts.items()}
        found["artist_accuracy"] = over_artists(drawn, "track_accuracy")
        found["macro_f1"] = macro_f1(np.tensordot(drawn, confusions, 1))
        if "svm_accuracy" in found:
            found["svm_artist_accuracy"] = over_artists(drawn, "svm_accuracy")
            found["gain_over_svm"] = found["track_accuracy"] - found["svm_accuracy"]
        return found

    return measure


def macro_f1(confusion: NDArray[np.floating]) -> NDArray[np.float64]:
    """The mean F1, 2 correct / (true + predicted), over genres that occur as either.

    Args:
        confusion: counts [..., genres, genres], true genre by predicted genre.

    Returns:
        [...].
    """
    correct = np.einsum("...ii->...i", confusion)
    total = confusion.sum(axis=-1) + confusion.sum(axis=-2)
    return (2 * correct / np.maximum(total, 1)).sum(axis=-1) / (total > 0).sum(axis=-1)


def per_genre(
    truth: NDArray[np.int64], predicted: NDArray[np.int64], genres: tuple[str, ...]
) -> dict[str, dict[str, float]]:
    """Precision, recall, F1 and count of each genre.

    Args:
        truth: labels [n].
        predicted: labels [n].
        genres: in label order.
    """
    found = metrics.precision_recall_fscore_support(
        truth, predicted, labels=range(len(genres)), zero_division=0
    )
    rows = zip(*found, strict=True)
    return {
        genre: {"precision": float(p), "recall": float(r), "f1": float(f), "count": int(n)}
        for genre, (p, r, f, n) in zip(genres, rows, strict=True)
    }


def ranking(truth: NDArray[np.int64], scores: NDArray[np.floating]) -> dict[str, float | None]:
    """Areas under the ROC and precision-recall curves, one genre against the rest, averaged.

    Args:
        truth: labels [n].
        scores: [n, genres].

    Returns:
        roc_auc and pr_auc, over the genres that occur; None if fewer than two do.
    """
    is_true = truth[:, np.newaxis] == np.arange(scores.shape[1])
    present = np.flatnonzero(is_true.any(axis=0) & ~is_true.all(axis=0))
    if len(present) < 2:
        return {"roc_auc": None, "pr_auc": None}
    return {
        name: float(np.mean([area(is_true[:, genre], scores[:, genre]) for genre in present]))
        for name, area in (
            ("roc_auc", metrics.roc_auc_score),
            ("pr_auc", metrics.average_precision_score),
        )
    }


def calibration(truth: NDArray[np.int64], scores: NDArray[np.floating]) -> dict[str, Any]:
    """How accuracy compares with confidence, the highest probability (Guo et al. 2017).

    Args:
        truth: labels [n].
        scores: probabilities [n, genres].

    Returns:
        ece: the expected calibration error over 15 bins of equal width; curve: the mean confidence,
        accuracy and count of each nonempty bin.
    """
    confidence, correct = scores.max(axis=1), scores.argmax(axis=1) == truth
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    counts = np.bincount(bins, minlength=_BINS)
    filled = np.flatnonzero(counts)
    means = np.bincount(bins, confidence, _BINS)[filled] / counts[filled]
    shares = np.bincount(bins, correct, _BINS)[filled] / counts[filled]
    curve = [
        {"confidence": float(mean), "accuracy": float(share), "count": int(count)}
        for mean, share, count in zip(means, shares, counts[filled], strict=True)
    ]
    error = float(np.abs(means - shares) @ counts[filled] / len(truth))
    return {"ece": error, "curve": curve}


def _is_in_top2(scores: NDArray[np.floating], truth: NDArray[np.int64]) -> NDArray[np.bool_]:
    above = scores > np.take_along_axis(scores, truth[:, np.newaxis], axis=1)
    return above.sum(axis=1) < 2
