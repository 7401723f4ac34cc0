"""The songs that a network got wrong."""

import numpy as np

from tfgenre.evaluation import misclassified
from tfgenre.evaluation.scoring import SlicePredictions


def test_the_most_confident_mistakes_come_first():
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.2, 0.8]], np.float32)
    predictions = SlicePredictions(
        probabilities,
        np.ones(4, int),
        np.array([b"b", b"a", b"b", b"c"], object),
        np.arange(4)[::-1],
    )
    tracks = [
        {"id": "a", "genre": "B", "predicted": "A", "probabilities": [0.6, 0.4]},
        {"id": "b", "genre": "B", "predicted": "A", "probabilities": [0.85, 0.15]},
        {"id": "c", "genre": "B", "predicted": "B", "probabilities": [0.2, 0.8]},
    ]
    found = misclassified.find(predictions, tracks, ("A", "B"))
    assert [(song.name, song.confidence) for song in found] == [("b", 0.85), ("a", 0.6)]
    assert found[0].rows.tolist() == [2, 0]
