"""A folder's tracks, slices and skipped songs as text for a terminal."""

from collections import Counter

from tfgenre.config import SPLITS
from tfgenre.datasets.track import Skipped
from tfgenre.errors import SKIP_REASONS
from tfgenre.records.manifest import Manifest
from tfgenre.text import one_line

NAMES_SHOWN = 5


def summary(manifest: Manifest) -> str:
    """A table of tracks and slices by split and genre, then the skipped songs and the reasons."""
    genres = [one_line(genre) for genre in manifest.genres]
    width = max(map(len, [*genres, "all genres"]))
    lines = [" " * width + "".join(f"{split:>20}" for split in SPLITS)]
    lines.append(" " * width + f"{'tracks':>11}{'slices':>9}" * len(SPLITS))
    for name, genre in zip(genres, manifest.genres, strict=True):
        counts = [
            (s.tracks.get(genre, 0), s.slices.get(genre, 0)) for s in manifest.splits.values()
        ]
        lines.append(_row(name, width, counts))
    totals = [(s.num_tracks, s.num_slices) for s in manifest.splits.values()]
    lines.append(_row("all genres", width, totals))
    for split, contents in manifest.splits.items():
        lacking = [genre for genre in manifest.genres if not contents.slices.get(genre)]
        if lacking and contents.num_slices:  # a split without any was asked for
            names = one_line(", ".join(lacking))
            lines.append(
                f"note: no slices of {names} in {split}: too few songs or artists, or "
                "all of them were skipped"
            )
    return "\n".join([*lines, *skipped_lines(manifest.skipped)])


def _row(name: str, width: int, counts: list[tuple[int, int]]) -> str:
    return f"{name:<{width}}" + "".join(f"{tracks:>11,}{slices:>9,}" for tracks, slices in counts)


def skipped_lines(skipped: tuple[Skipped, ...]) -> list[str]:
    """Lines with the number of songs skipped for each reason, and some of their names."""
    lines = []
    for reason, meaning, songs in by_reason(skipped):
        lines.append(f"skipped {len(songs):,}: {reason} ({meaning})")
        lines += [
            one_line(f"  {skip.path}" + (f" ({skip.detail})" if skip.detail else ""))
            for skip in songs[:NAMES_SHOWN]
        ]
        if len(songs) > NAMES_SHOWN:
            lines.append(f"  and {len(songs) - NAMES_SHOWN:,} more")
    return lines


def by_reason(skipped: tuple[Skipped, ...]) -> list[tuple[str, str, list[Skipped]]]:
    """Groups skipped songs: reason, its meaning, and the songs, most frequent reason first."""
    counts = Counter(skip.reason for skip in skipped)
    return [
        (reason, SKIP_REASONS[reason], [skip for skip in skipped if skip.reason == reason])
        for reason, _ in counts.most_common()
    ]
