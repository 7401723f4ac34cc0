"""What predictions come to: accuracies with intervals, per genre, calibrated or not.

Metrics are scikit-learn's. Intervals are the 2.5th and 97.5th percentiles of a bootstrap (Efron
1979) that draws whole groups, artists where they are known and songs where not: slices of a song,
and songs of an artist, are no independent evidence (Field and Welsh 2007).
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
    """What the network made of some slices, row by row.

    Attributes:
        probabilities: float32 [slices, genres].
        labels: the true genres, int64 [slices].
        track_ids: bytes objects [slices].
        indices: where in the song, int64 [slices].
    """

    probabilities: NDArray[np.float32]
    labels: NDArray[np.int64]
    track_ids: NDArray[np.object_]
    indices: NDArray[np.int64]


@dataclass(frozen=True)
class Tracks:
    """SlicePredictions song by song, in the order of their ids.

    Attributes:
        ids: bytes objects [tracks].
        of_slice: each slice's track, int64 [slices].
        labels: the true genres, int64 [tracks].
        voted: the genres with the most slices, int64 [tracks].
        mean: mean probabilities, float64 [tracks, genres].
    """

    ids: NDArray[np.object_]
    of_slice: NDArray[np.int64]
    labels: NDArray[np.int64]
    voted: NDArray[np.int64]
    mean: NDArray[np.float64]


def by_track(predictions: SlicePredictions) -> Tracks:
    """The songs that slices make up."""
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
    """The shares that are right, and macro F1, each with its 95 % interval.

    Args:
        predictions: of some slices.
        tracks: the songs they make up.
        artists: of the tracks; "" and missing ones stand for themselves.

    Returns:
        slice_accuracy, slice_top2, track_accuracy_vote, track_accuracy_mean, track_top2 and
        macro_f1 (of tracks by vote); `intervals`: the same names with (low, high); `bootstrap`:
        what was drawn, and how often.
    """
    names, group_of_track = _groups(tracks, artists or {})
    right = _right(predictions, tracks)
    counts = {}  # per measure: [groups], how many are right, and how many there are
    for name, hits in right.items():
        group = group_of_track[tracks.of_slice] if name.startswith("slice") else group_of_track
        counts[name] = (
            np.bincount(group, hits, len(names)),
            np.bincount(group, minlength=len(names)),
        )
    confusions = np.zeros((len(names), *(tracks.mean.shape[1],) * 2))
    np.add.at(confusions, (group_of_track, tracks.labels, tracks.voted), 1)
    rounds = _bootstrap(len(names), counts, confusions)
    return {
        **{name: float(hits.mean()) for name, hits in right.items()},
        "macro_f1": float(macro_f1(confusions.sum(axis=0))),
        "intervals": {name: _interval(found) for name, found in rounds.items()},
        "bootstrap": {
            "drawn": "artists" if artists and any(artists.values()) else "tracks",
            "groups": len(names),
            "rounds": _ROUNDS,
        },
    }


def macro_f1(confusion: NDArray[np.floating]) -> NDArray[np.float64]:
    """The mean over genres of F1, 2 right / (true + named), without genres that are neither.

    Args:
        confusion: counts [..., genres, genres], true genre by named one.

    Returns:
        [...].
    """
    right = np.einsum("...ii->...i", confusion)
    total = confusion.sum(axis=-1) + confusion.sum(axis=-2)
    return (2 * right / np.maximum(total, 1)).sum(axis=-1) / (total > 0).sum(axis=-1)


def per_genre(
    truth: NDArray[np.int64], guesses: NDArray[np.int64], genres: tuple[str, ...]
) -> dict[str, dict[str, float]]:
    """Precision, recall, F1 and count of each genre."""
    found = metrics.precision_recall_fscore_support(
        truth, guesses, labels=range(len(genres)), zero_division=0
    )
    rows = zip(*found, strict=True)
    return {
        genre: {"precision": float(p), "recall": float(r), "f1": float(f), "count": int(n)}
        for genre, (p, r, f, n) in zip(genres, rows, strict=True)
    }


def ranking(truth: NDArray[np.int64], scores: NDArray[np.floating]) -> dict[str, float | None]:
    """Areas under the ROC and precision-recall curves, each genre against the rest, then the mean.

    Args:
        truth: labels [n].
        scores: [n, genres].

    Returns:
        roc_auc and pr_auc; None if fewer than two genres are there. A genre that is not there has
        no curve and does not count.
    """
    is_true = truth[:, np.newaxis] == np.arange(scores.shape[1])
    there = np.flatnonzero(is_true.any(axis=0) & ~is_true.all(axis=0))
    if len(there) < 2:
        return {"roc_auc": None, "pr_auc": None}
    return {
        name: float(np.mean([curve(is_true[:, genre], scores[:, genre]) for genre in there]))
        for name, curve in (
            ("roc_auc", metrics.roc_auc_score),
            ("pr_auc", metrics.average_precision_score),
        )
    }


def calibration(truth: NDArray[np.int64], scores: NDArray[np.floating]) -> dict[str, Any]:
    """How often the network is right where it says how sure it is (Guo et al. 2017).

    Args:
        truth: labels [n].
        scores: probabilities [n, genres].

    Returns:
        ece: the expected calibration error over 15 equally wide bins of the highest probability;
        curve: of each bin that is not empty, its mean confidence, accuracy and count.
    """
    confidence, right = scores.max(axis=1), scores.argmax(axis=1) == truth
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    counts = np.bincount(bins, minlength=_BINS)
    there = np.flatnonzero(counts)
    means = np.bincount(bins, confidence, _BINS)[there] / counts[there]
    shares = np.bincount(bins, right, _BINS)[there] / counts[there]
    curve = [
        {"confidence": float(mean), "accuracy": float(share), "count": int(count)}
        for mean, share, count in zip(means, shares, counts[there], strict=True)
    ]
    error = float(np.abs(means - shares) @ counts[there] / len(truth))
    return {"ece": error, "curve": curve}


def _right(predictions: SlicePredictions, tracks: Tracks) -> dict[str, NDArray[np.bool_]]:
    """For each measure, whether each slice or track is right."""
    return {
        "slice_accuracy": predictions.probabilities.argmax(axis=1) == predictions.labels,
        "slice_top2": _is_among_two(predictions.probabilities, predictions.labels),
        "track_accuracy_vote": tracks.voted == tracks.labels,
        "track_accuracy_mean": tracks.mean.argmax(axis=1) == tracks.labels,
        "track_top2": _is_among_two(tracks.mean, tracks.labels),
    }


def _is_among_two(scores: NDArray[np.floating], truth: NDArray[np.int64]) -> NDArray[np.bool_]:
    above = scores > np.take_along_axis(scores, truth[:, np.newaxis], axis=1)
    return above.sum(axis=1) < 2


def _groups(
    tracks: Tracks, artists: Mapping[bytes, str]
) -> tuple[list[tuple[str, bytes]], NDArray[np.int64]]:
    """The groups that are drawn, and each track's, int64 [tracks]."""
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
    """Each measure's values, [rounds], as groups are drawn with replacement."""
    rng = np.random.default_rng(0)
    found: dict[str, list[NDArray[np.float64]]] = {}
    for _ in range(_ROUNDS // _ROUNDS_AT_ONCE):
        drawn = rng.multinomial(num_groups, np.full(num_groups, 1 / num_groups), _ROUNDS_AT_ONCE)
        for name, (right, total) in counts.items():
            found.setdefault(name, []).append((drawn @ right) / (drawn @ total))
        found.setdefault("macro_f1", []).append(macro_f1(np.tensordot(drawn, confusions, 1)))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _interval(rounds: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.percentile(rounds, (2.5, 97.5))
    return float(low), float(high)
