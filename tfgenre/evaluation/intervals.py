"""Confidence intervals: percentiles of a bootstrap (Efron 1979) over whole groups of songs.

Groups are artists where they are known and songs elsewhere: slices of a song, and songs of an
artist, are not independent (Field and Welsh 2007).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROUNDS = 1000
_ROUNDS_AT_ONCE = 100
# How often each group counts, [rounds, groups] -> the value of each metric, [rounds].
Measure = Callable[[NDArray[np.integer]], Mapping[str, NDArray[np.float64]]]


@dataclass(frozen=True)
class Groups:
    """The groups of some tracks.

    Attributes:
        count: their number.
        of_track: each track's group, int64 [tracks].
        are_artists: whether they are artists, not tracks.
    """

    count: int
    of_track: NDArray[np.int64]
    are_artists: bool


def group(track_ids: Sequence[bytes], artists: Mapping[bytes, str]) -> Groups:
    """Groups tracks by artist; a track whose artist is missing or "" is its own group."""
    keys = [
        (artist, b"") if (artist := artists.get(track_id, "")) else ("", track_id)
        for track_id in track_ids
    ]
    number = {key: place for place, key in enumerate(sorted(set(keys)))}
    return Groups(len(number), np.array([number[key] for key in keys]), any(artists.values()))


def values(measure: Measure, num_groups: int) -> dict[str, float]:
    """The metrics, with every group counted once."""
    found = measure(np.ones((1, num_groups), np.int64))
    return {name: float(value[0]) for name, value in found.items()}


def intervals(measure: Measure, num_groups: int) -> dict[str, tuple[float, float]]:
    """The 95 % interval (low, high) of each metric, from groups drawn with replacement."""
    rng = np.random.default_rng(0)
    rounds: dict[str, list[NDArray[np.float64]]] = {}
    for _ in range(ROUNDS // _ROUNDS_AT_ONCE):
        drawn = rng.multinomial(num_groups, np.full(num_groups, 1 / num_groups), _ROUNDS_AT_ONCE)
        for name, value in measure(drawn).items():
            rounds.setdefault(name, []).append(value)
    return {name: _interval(np.concatenate(found)) for name, found in rounds.items()}


def _interval(rounds: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.percentile(rounds, (2.5, 97.5))
    return float(low), float(high)


def with_interval(value: float, low: float, high: float) -> str:
    """A metric and its interval, for a person."""
    return f"{value:.3f} ({low:.3f} to {high:.3f})"
