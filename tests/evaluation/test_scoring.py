"""Metrics: against scikit-learn and by hand; their intervals."""

import numpy as np
import pytest
from sklearn import metrics

from tfgenre.evaluation import scoring
from tfgenre.evaluation.scoring import SlicePredictions


def predictions_of(
    num_tracks: int, slices_per_track: int, *, skill: float, seed: int = 0
) -> SlicePredictions:
    """Songs of three genres; a song's slices are correct or not together, as real ones are."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(rng.integers(0, 3, num_tracks), slices_per_track)
    guesses = np.repeat(rng.integers(0, 3, num_tracks), slices_per_track)
    is_correct = np.repeat(rng.random(num_tracks) < skill, slices_per_track)
    probabilities = rng.dirichlet(np.ones(3), len(labels))
    probabilities[np.arange(len(labels)), np.where(is_correct, labels, guesses)] += 2
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    ids = np.array([b"%05d" % (row // slices_per_track) for row in range(len(labels))], object)
    order = rng.permutation(len(labels))
    places = np.arange(len(labels)) % slices_per_track
    return SlicePredictions(
        probabilities[order].astype(np.float32), labels[order], ids[order], places[order]
    )


def test_tracks_aggregate_their_slices():
    predictions = predictions_of(20, 5, skill=0.5)
    tracks = scoring.by_track(predictions)
    assert tracks.ids.tolist() == [b"%05d" % number for number in range(20)]
    for place, track_id in enumerate(tracks.ids):
        mine = predictions.track_ids == track_id
        assert set(tracks.of_slice[mine]) == {place}
        assert set(predictions.labels[mine]) == {tracks.labels[place]}
        np.testing.assert_allclose(
            tracks.mean[place], predictions.probabilities[mine].mean(axis=0), rtol=1e-6
        )


def test_metrics_are_scikit_learns():
    predictions = predictions_of(200, 5, skill=0.5)
    tracks = scoring.by_track(predictions)
    found = scoring.accuracies(predictions, tracks)
    assert found["slice_accuracy"] == metrics.accuracy_score(
        predictions.labels, predictions.probabilities.argmax(axis=1)
    )
    assert found["slice_top2"] == pytest.approx(
        metrics.top_k_accuracy_score(predictions.labels, predictions.probabilities, k=2)
    )
    assert found["track_accuracy_vote"] == metrics.accuracy_score(tracks.labels, tracks.voted)
    assert found["macro_f1"] == pytest.approx(
        metrics.f1_score(tracks.labels, tracks.voted, average="macro")
    )
    assert scoring.ranking(predictions.labels, predictions.probabilities)[
        "roc_auc"
    ] == pytest.approx(
        metrics.roc_auc_score(predictions.labels, predictions.probabilities, multi_class="ovr")
    )


def test_a_genre_that_does_not_occur_is_not_counted():
    truth, scores = np.array([0, 1, 1, 0]), np.array([[8, 1, 1], [1, 8, 1], [2, 7, 1], [3, 6, 1]])
    assert scoring.ranking(truth, scores / 10) == {"roc_auc": 1.0, "pr_auc": 1.0}
    assert scoring.ranking(np.zeros(4, int), scores / 10) == {"roc_auc": None, "pr_auc": None}
    confusion = np.array([[1, 1, 0], [0, 2, 0], [0, 0, 0]])
    assert scoring.macro_f1(confusion) == pytest.approx((2 / 3 + 4 / 5) / 2)


def test_intervals_cover_the_truth():
    """About 95 % of the intervals of many samples cover the accuracy of the population."""
    truth = 0.6 + 0.4 / 3
    covered = []
    for seed in range(100):
        predictions = predictions_of(60, 4, skill=0.6, seed=seed)
        found = scoring.accuracies(predictions, scoring.by_track(predictions))
        low, high = found["intervals"]["slice_accuracy"]
        assert low <= found["slice_accuracy"] <= high
        covered.append(low <= truth <= high)
    assert 0.87 <= np.mean(covered) <= 1


def test_songs_of_an_artist_are_drawn_together():
    predictions = predictions_of(60, 4, skill=0.6)
    tracks = scoring.by_track(predictions)
    by_song = scoring.accuracies(predictions, tracks)
    artists = {
        track_id: str(label) for track_id, label in zip(tracks.ids, tracks.labels, strict=True)
    }
    by_artist = scoring.accuracies(predictions, tracks, artists=artists)
    assert by_song["bootstrap"] == {"drawn": "tracks", "groups": 60, "rounds": 1000}
    assert by_artist["bootstrap"] == {"drawn": "artists", "groups": 3, "rounds": 1000}
    assert by_song["track_accuracy_vote"] == by_artist["track_accuracy_vote"]
    unknown = dict.fromkeys(artists, "")
    assert scoring.accuracies(predictions, tracks, artists=unknown) == by_song


def test_the_rule_decides_the_track_accuracy():
    predictions = predictions_of(60, 4, skill=0.5)
    tracks = scoring.by_track(predictions)
    for vote, name in (("hard", "track_accuracy_vote"), ("mean", "track_accuracy_mean")):
        found = scoring.accuracies(predictions, tracks, vote=vote)
        assert found["track_accuracy"] == found[name]
        assert found["intervals"]["track_accuracy"] == found["intervals"][name]
        decided = tracks.decided(vote)
        assert found["macro_f1"] == pytest.approx(
            metrics.f1_score(tracks.labels, decided, average="macro")
        )


def test_the_mean_over_artists():
    """Nine songs of one artist, one right; one song of another, right."""
    predictions = predictions_of(10, 1, skill=1)
    tracks = scoring.by_track(predictions)
    svm = np.where(np.arange(10) < 8, (tracks.labels + 1) % 3, tracks.labels)
    artists = {track_id: "ab"[place == 9] for place, track_id in enumerate(tracks.ids)}
    found = scoring.accuracies(predictions, tracks, svm=svm, artists=artists)
    assert found["artist_accuracy"] == found["track_accuracy"] == 1
    assert found["svm_accuracy"] == pytest.approx(2 / 10)
    assert found["svm_artist_accuracy"] == pytest.approx((1 / 9 + 1) / 2)
    assert found["gain_over_svm"] == pytest.approx(8 / 10)


def test_a_difference_is_drawn_in_pairs():
    """A network that equals the baseline gains nothing in any draw."""
    predictions = predictions_of(60, 4, skill=0.5)
    tracks = scoring.by_track(predictions)
    found = scoring.accuracies(predictions, tracks, svm=tracks.voted)
    assert found["intervals"]["gain_over_svm"] == (0, 0)
    assert found["intervals"]["svm_accuracy"] == found["intervals"]["track_accuracy"]


def test_calibration():
    truth = np.array([0, 0, 1, 1])
    scores = np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.3, 0.7]])
    found = scoring.calibration(truth, scores)
    assert [point["count"] for point in found["curve"]] == [1, 3]
    assert [point["accuracy"] for point in found["curve"]] == pytest.approx([1, 2 / 3])
    assert found["ece"] == pytest.approx(0.25 * 0.3 + 0.75 * (0.9 - 2 / 3))


def test_per_genre():
    found = scoring.per_genre(np.array([0, 0, 1]), np.array([0, 1, 1]), ("A", "B", "C"))
    assert found["A"] == {"precision": 1, "recall": 0.5, "f1": pytest.approx(2 / 3), "count": 2}
    assert found["C"] == {"precision": 0, "recall": 0, "f1": 0, "count": 0}
