"""The metrics of predictions: accuracies with intervals, per-genre metrics, ranking, calibration.

Metrics are scikit-learn's. Intervals are the 2.5th and 97.5th percentiles of a bootstrap (Efron
1979) over whole groups, artists where they are known and songs elsewhere: slices of a song, and
songs of an artist, are not independent (Field and Welsh 2007).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

from tfgenre.prediction.votes import winner

_ROUNDS = 1000
_ROUNDS_AT_ONCE = 100
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
    predictions: SlicePredictions, tracks: Tracks, *, artists: Mapping[bytes, str] | None = None
) -> dict[str, Any]:
    """Accuracies and macro F1, each with its 95 % interval.

    Args:
        predictions: of some slices.
        tracks: the same predictions by track.
        artists: each track's artist; a track whose artist is missing or "" is its own group.

    Returns:
        slice_accuracy, slice_top2, track_accuracy_vote, track_accuracy_mean, track_top2 and
        macro_f1 (of tracks by vote); `intervals`: the same names with (low, high); `bootstrap`:
        what was drawn, from how many groups, and how often.
    """
    names, group_of_track = _groups(tracks, artists or {})
    correct = _correct(predictions, tracks)
    counts = {}  # per metric: how many are correct, and how many there are, [groups] each
    for name, hits in correct.items():
        group = group_of_track[tracks.of_slice] if name.startswith("slice") else group_of_track
        counts[name] = (
            np.bincount(group, hits, len(names)),
            np.bincount(group, minlength=len(names)),
        )
    confusions = np.zeros((len(names), *(tracks.mean.shape[1],) * 2))
    np.add.at(confusions, (group_of_track, tracks.labels, tracks.voted), 1)
    rounds = _bootstrap(len(names), counts, confusions)
    return {
        **{name: float(hits.mean()) for name, hits in correct.items()},
        "macro_f1": float(macro_f1(confusions.sum(axis=0))),
        "intervals": {name: _interval(found) for name, found in rounds.items()},
        "bootstrap": {
            "drawn": "artists" if artists and any(artists.values()) else "tracks",
            "groups": len(names),
            "rounds": _ROUNDS,
        },
    }


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


def with_interval(value: float, low: float, high: float) -> str:
    """A metric and its interval, for a person."""
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


def _correct(predictions: SlicePredictions, tracks: Tracks) -> dict[str, NDArray[np.bool_]]:
    """For each accuracy, whether each slice or track counts as correct."""
    return {
        "slice_accuracy": predictions.probabilities.argmax(axis=1) == predictions.labels,
        "slice_top2": _is_in_top2(predictions.probabilities, predictions.labels),
        "track_accuracy_vote": tracks.voted == tracks.labels,
        "track_accuracy_mean": tracks.mean.argmax(axis=1) == tracks.labels,
        "track_top2": _is_in_top2(tracks.mean, tracks.labels),
    }


def _is_in_top2(scores: NDArray[np.floating], truth: NDArray[np.int64]) -> NDArray[np.bool_]:
    above = scores > np.take_along_axis(scores, truth[:, np.newaxis], axis=1)
    return above.sum(axis=1) < 2


def _groups(
    tracks: Tracks, artists: Mapping[bytes, str]
) -> tuple[list[tuple[str, bytes]], NDArray[np.int64]]:
    """The groups to draw from, and each track's group, int64 [tracks]."""
    keys = [
        (artist, b"") if (artist := artists.get(track_id, "")) else ("", track_id)
        for track_id in tracks.ids
    ]
    names = sorted(set(keys))
    number = {name: place for place, name in enumerate(names)}
    return names, np.array([number[key] for key in keys])


def _bootstrap(
    num_groups: int,
    counts: Mapping[str, tuple[NDArray[Any], NDArray[Any]]],
    confusions: NDArray[np.floating],
) -> dict[str, NDArray[np.float64]]:
    """Each metric's values, [rounds], for groups drawn with replacement."""
    rng = np.random.default_rng(0)
    found: dict[str, list[NDArray[np.float64]]] = {}
    for _ in range(_ROUNDS // _ROUNDS_AT_ONCE):
        drawn = rng.multinomial(num_groups, np.full(num_groups, 1 / num_groups), _ROUNDS_AT_ONCE)
        for name, (correct, total) in counts.items():
            found.setdefault(name, []).append((drawn @ correct) / (drawn @ total))
        found.setdefault("macro_f1", []).append(macro_f1(np.tensordot(drawn, confusions, 1)))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _interval(rounds: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.percentile(rounds, (2.5, 97.5))
    return float(low), float(high)
