"""How often each training slice comes in an epoch, if artists are balanced."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def artist_weights(
    tracks: NDArray[np.integer], keep: NDArray[np.bool_], artists: Sequence[str]
) -> NDArray[np.float64]:
    """1 / sqrt(number of selected songs of the slice's artist).

    Args:
        tracks: the song of each slice, int [slices].
        keep: the selected slices, bool [slices].
        artists: the artist of each song; a song whose artist is "" is an artist's only song.

    Returns:
        The weight of each slice, float64 [slices]; 0 if it is not selected.
    """
    _, numbers = np.unique(np.array(artists, object), return_inverse=True)
    unknown = np.array([not artist for artist in artists], bool)
    numbers[unknown] = len(artists) + np.flatnonzero(unknown)
    counts = np.bincount(numbers[np.unique(tracks[keep])], minlength=2 * len(artists))
    weights = np.zeros(len(tracks))
    weights[keep] = 1 / np.sqrt(counts[numbers[tracks[keep]]])
    return weights


def copies(weights: NDArray[np.float64], start: float) -> NDArray[np.int64]:
    """Draws as many slices as there are, in proportion to their weights, by systematic sampling.

    Args:
        weights: float64 [slices], above 0.
        start: from [0, 1).

    Returns:
        How often each slice is drawn, int64 [slices]: its share of all draws, rounded up or down.
    """
    num_slices = len(weights)
    if not num_slices:
        return np.zeros(0, np.int64)
    shares = np.cumsum(weights)
    shares *= num_slices / shares[-1]
    marks = np.minimum(np.floor(shares + start), num_slices).astype(np.int64)
    marks[-1] = num_slices  # rounding must lose no draw
    return np.diff(marks, prepend=0)
