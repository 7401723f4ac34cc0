"""Assigns tracks, or single slices, to train, validation and test.

A score is only meaningful if the test songs and their artists are new to the network. So the
default keeps an artist's songs together. The seed's method, by slice, is available for comparison.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from tfgenre.config import SPLITS, SplitConfig
from tfgenre.datasets.track import Catalogue, Track
from tfgenre.errors import UserError
from tfgenre.hashing import stable_fraction, stable_hash

SLICE_SPLIT_WARNING = (
    "--split_by=slice leaks: slices of the same song are in both train and test, so the accuracy "
    "measures how well the network recognises songs, not genres."
)
_TOLERANCE = 0.03
_ALL = ""  # counted like a genre, so that the whole collection keeps to the ratios too


def resolve(config: SplitConfig, catalogue: Catalogue) -> str:
    """The split method: config.split_by, else artist if any artist is known, else track.

    Raises:
        UserError: if the collection cannot be split that way.
    """
    method = config.split_by or ("artist" if catalogue.num_artists_known else "track")
    if method == "artist" and not catalogue.num_artists_known:
        raise UserError(
            "--split_by=artist: no song's artist is known (no artist tags); use --split_by=track."
        )
    if method == "official" and (without := [t for t in catalogue.tracks if not t.split]):
        raise UserError(
            f"--split_by=official: {len(without):,} of {len(catalogue.tracks):,} songs have no "
            f"official split, such as {without[0].path}; use --split_by=artist or track."
        )
    return method


def assign(tracks: Iterable[Track], *, method: str, config: SplitConfig) -> dict[str, str]:
    """Assigns tracks to splits, by any method but slice.

    Groups (an artist's tracks, or single tracks) stay together. The result is stratified by genre
    and depends only on the tracks and the seed. Greedy: the largest group first, each to the split
    whose distance from its share of the group's genres it reduces most (chi-square); a genre's
    last groups go to splits that would otherwise lack that genre.

    Returns:
        Track id -> split.
    """
    if method == "official":
        return {track.id: track.split for track in tracks}
    groups = _groups(tracks, method)
    order = sorted(
        groups, key=lambda name: (-len(groups[name]), stable_hash(config.split_seed, name))
    )
    counts = {name: _counts(groups[name]) for name in groups}
    shares = {split: share for split, share in config.shares.items() if share}
    if config.folds:
        shares = {str(number): 1 / config.folds for number in range(config.folds)}
    chosen = _greedy([counts[name] for name in order], shares)
    if config.folds:
        chosen = ["test" if number == str(config.fold) else "train" for number in chosen]
    return {
        track.id: split for name, split in zip(order, chosen, strict=True) for track in groups[name]
    }


def _groups(tracks: Iterable[Track], method: str) -> dict[str, list[Track]]:
    """The tracks that stay together, by a name that does not depend on their order."""
    found: dict[tuple[str, str], list[Track]] = {}
    for track in tracks:
        key = track.artist_key if method == "artist" else ""
        found.setdefault((key, "" if key else track.id), []).append(track)
    return {
        f"artist\0{min(track.artist for track in members)}" if key else track_id: members
        for (key, track_id), members in found.items()
    }


def notes(
    tracks: Sequence[Track], split_of: Mapping[str, str], *, method: str, config: SplitConfig
) -> list[str]:
    """What the user should know of a split, in sentences.

    Args:
        tracks: the collection's.
        split_of: track id -> split, from `assign`; empty for method slice.
        method: artist, track, slice or official.
        config: the requested shares.
    """
    if method == "slice":
        return [SLICE_SPLIT_WARNING]
    sentences = []
    unknown = sum(not track.artist_key for track in tracks)
    if method == "artist" and unknown:
        sentences.append(f"{unknown:,} songs have no artist; each is assigned on its own")
    if method == "track" and unknown == len(tracks):
        sentences.append(
            f"none of the {unknown:,} songs has a known artist, so songs of one artist may be in "
            "both train and test, which makes the score higher"
        )
    if method == "official":  # whose shares are not those of the config
        return sentences
    return sentences + deviations(tracks, split_of, method=method, config=config)


def deviations(
    tracks: Iterable[Track], split_of: Mapping[str, str], *, method: str, config: SplitConfig
) -> list[str]:
    """Genres whose shares are more than 3 percentage points from those requested, and why.

    Args:
        tracks: the collection's.
        split_of: track id -> split, from `assign`.
        method: artist or track.
        config: the requested shares.

    Returns:
        A sentence for each genre.
    """
    by_genre: dict[str, list[Track]] = {}
    for track in tracks:
        by_genre.setdefault(track.genre, []).append(track)
    sentences = []
    for genre, members in sorted(by_genre.items()):
        counts = Counter(split_of[track.id] for track in members)
        actual = {split: counts[split] / len(members) for split in config.shares}
        if any(abs(actual[split] - share) > _TOLERANCE for split, share in config.shares.items()):
            sentences.append(
                f"{genre}: {_percents(actual)} of its {len(members):,} songs are in train, "
                f"validation and test, not {_percents(config.shares)}: {_why(members, method)}"
            )
    return sentences


def _percents(shares: Mapping[str, float]) -> str:
    return " / ".join(f"{100 * share:.1f}" for share in shares.values()) + " %"


def _why(members: list[Track], method: str) -> str:
    (_, largest), *_ = Counter(track.artist_key or track.id for track in members).most_common(1)
    if method == "track" or largest == 1:
        return "there are few"
    return f"an artist's songs stay together, and one artist has {largest:,}"


def split_of_slice(track_id: str, slice_index: int, *, config: SplitConfig) -> str:
    """The split of one slice under --split_by=slice, independent of all other slices."""
    fraction = stable_fraction("split", config.split_seed, track_id, slice_index)
    for split, share in config.shares.items():
        if fraction < share:
            return split
        fraction -= share
    return SPLITS[-1]


def _counts(tracks: Iterable[Track]) -> Counter[str]:
    counts = Counter(track.genre for track in tracks)
    counts[_ALL] = counts.total()
    return counts


def _greedy(groups: list[Counter[str]], shares: Mapping[str, float]) -> list[str]:
    """The split of each group, in the order given."""
    totals: Counter[str] = sum(groups, Counter())
    groups_left = Counter(genre for counts in groups for genre in counts)
    filled = {split: Counter[str]() for split in shares}
    chosen = []
    for counts in groups:
        lacking = _lacking(counts, filled, groups_left)
        best = min(
            shares,
            key=lambda split: (
                -lacking[split],
                _cost(counts, filled[split], totals, shares[split]),
            ),
        )
        filled[best] += counts
        groups_left.subtract(counts.keys())
        chosen.append(best)
    return chosen


def _lacking(
    counts: Counter[str], filled: Mapping[str, Counter[str]], groups_left: Counter[str]
) -> dict[str, int]:
    """How many of the group's genres each split lacks, and may never get from a later group."""
    waiting = {genre: sum(not has[genre] for has in filled.values()) for genre in counts}
    urgent = [genre for genre in counts if groups_left[genre] <= waiting[genre]]
    return {split: sum(not has[genre] for genre in urgent) for split, has in filled.items()}


def _cost(counts: Counter[str], filled: Counter[str], totals: Counter[str], share: float) -> float:
    """The change in a split's chi-square distance from its share when the counts are added."""
    cost = 0.0
    for genre, count in counts.items():
        target = share * totals[genre]
        cost += count * (2 * (filled[genre] - target) + count) / target
    return cost
