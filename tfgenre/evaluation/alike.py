"""Songs that sound alike: perhaps one recording that is in the collection twice.

Copies whose sound has the same bytes are found when a collection is loaded. These here are found by
what the network sees, so they may differ in format, bit rate, level and length.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from tfgenre.evaluation import baseline
from tfgenre.records.folder import Records

# Of 201 real songs and 21 copies, re-encoded, 6 dB quieter or cut, 15 copies had at least this, and
# one pair of other songs.
_LEAST_CORRELATION = 0.945
_NEIGHBOURS = 5


class Pair(NamedTuple):
    """Two songs, by id, and the correlation of their slices' statistics, at most 1."""

    first: str
    second: str
    correlation: float


def find(folds: Sequence[Records], split: str) -> list[Pair]:
    """The pairs among the songs of a split of several records, the most alike first."""
    found = [baseline.song_statistics(records.source(split)) for records in folds]
    ids = [track_id for each in found for track_id in each.ids]
    names = [track_id.decode(errors="surrogateescape") for track_id in ids]
    return pairs(names, np.concatenate([each.statistics for each in found]))


def pairs(names: Sequence[str], statistics: NDArray[np.floating]) -> list[Pair]:
    """The pairs among some songs, the most alike first.

    Args:
        names: the songs' ids.
        statistics: of each song, [songs, n].
    """
    if len(names) < 2:
        return []
    scaled = StandardScaler().fit_transform(statistics)
    count = min(_NEIGHBOURS, len(names) - 1)
    neighbours = NearestNeighbors(n_neighbors=count, metric="cosine", algorithm="brute")
    distances, numbers = neighbours.fit(scaled).kneighbors()
    found = {
        tuple(sorted((names[song], names[other]))): 1 - float(distance)
        for song in range(len(names))
        for other, distance in zip(numbers[song], distances[song], strict=True)
        if 1 - distance >= _LEAST_CORRELATION
    }
    alike = [Pair(first, second, correlation) for (first, second), correlation in found.items()]
    return sorted(alike, key=lambda pair: (-pair.correlation, pair))
