"""The baseline that a network must beat: a support vector machine on statistics of the same slices.

A slice becomes its rows' means, standard deviations and mean absolute changes from one column to
the next; a song becomes the mean over its slices. Mandel and Ellis (2005) classify songs so, by
statistics of MFCCs.
"""

from collections import defaultdict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from tfgenre.records import pipeline
from tfgenre.records.folder import Records
from tfgenre.records.sources import Source

_BATCH_SIZE = 256
_PENALTY = 10.0  # C: on 201 songs, a little better than scikit-learn's 1
# So that it takes seconds on any collection; the cost grows with the square of the songs.
_MOST_SLICES = 30_000
_MOST_SONGS = 3_000


def predict(records: Records, split: str) -> dict[bytes, int]:
    """Trains the baseline on the training songs, and predicts the label of each song of a split.

    Args:
        records: the records; at most 30,000 training slices and 3,000 training songs are used.
        split: the name of the split.

    Returns:
        Track id -> label; empty if there are training songs of one genre only.
    """
    with pipeline.translate_read_errors(records):
        known = song_statistics(
            records.source("train"), most_slices=_MOST_SLICES, most_songs=_MOST_SONGS
        )
        if len(np.unique(known.labels)) < 2:
            return {}
        classifier = make_pipeline(StandardScaler(), SVC(C=_PENALTY))
        classifier.fit(known.statistics, known.labels)
        songs = song_statistics(records.source(split))
    return dict(zip(songs.ids, classifier.predict(songs.statistics).tolist(), strict=True))


def statistics(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Each row's mean, standard deviation and mean absolute change.

    Args:
        images: uint8 [slices, rows, columns].

    Returns:
        float32 [slices, 3 * rows].
    """
    pixels = images.astype(np.float32)
    changes = np.abs(np.diff(pixels, axis=2)).mean(axis=2)
    return np.concatenate([pixels.mean(axis=2), pixels.std(axis=2), changes], axis=1)


class Songs(NamedTuple):
    """Songs' ids, statistics float64 [songs, 384], and labels int64 [songs]."""

    ids: list[bytes]
    statistics: NDArray[np.float64]
    labels: NDArray[np.int64]


def song_statistics(
    source: Source, *, most_slices: int | None = None, most_songs: int | None = None
) -> Songs:
    """The mean of each song's `statistics`, over the slices in some records.

    Args:
        source: the records, read from the first on.
        most_slices: how many slices are enough; None: all are read.
        most_songs: how many songs are.
    """
    most_slices = most_slices or source.num_slices
    most_songs = most_songs or source.num_slices
    sums: dict[bytes, NDArray[np.float64]] = defaultdict(lambda: np.zeros(()))
    counts: dict[bytes, int] = defaultdict(int)
    labels: dict[bytes, int] = {}
    for batch in pipeline.evaluation_dataset(source, _BATCH_SIZE):
        rows = statistics(batch["image"].numpy()[..., 0])
        ids, truth = batch["track_id"].numpy().tolist(), batch["label"].numpy().tolist()
        for track_id, label, row in zip(ids, truth, rows, strict=True):
            sums[track_id] = sums[track_id] + row
            counts[track_id] += 1
            labels[track_id] = label
        if sum(counts.values()) >= most_slices or len(counts) >= most_songs:
            break
    means = np.stack([sums[track_id] / count for track_id, count in counts.items()])
    return Songs(list(counts), means, np.array(list(labels.values())))
