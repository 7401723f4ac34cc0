"""What a folder of records holds: `manifest.json`, written last, the mark of a whole build."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tfgenre.config import SPLITS
from tfgenre.datasets.track import Skipped
from tfgenre.errors import SKIP_REASONS, UserError
from tfgenre.files import read_json, write_json
from tfgenre.records.shards import Shard

NAME = "manifest.json"
LEAKS = (
    "--split_by=slice leaks: slices of one song stand in training and test alike, so the accuracy "
    "is that of knowing songs again, not genres."
)
FORMAT = 3
NAMES_SHOWN = 5


@dataclass(frozen=True)
class SplitContents:
    """One split: its shards that hold slices, and what they hold of each genre."""

    shards: tuple[Shard, ...]
    tracks: Mapping[str, int]
    slices: Mapping[str, int]

    @property
    def num_slices(self) -> int:
        """Slices of all genres."""
        return sum(self.slices.values())

    @property
    def num_tracks(self) -> int:
        """Tracks of all genres."""
        return sum(self.tracks.values())


@dataclass(frozen=True)
class Manifest:
    """The contents of a folder of records.

    Attributes:
        config: the BuildConfig as JSON values, with everything resolved that was left open.
        collection_sha256: digest of the tracks the records were built from.
        genres: in label order.
        splits: train, validation and test.
        skipped: songs that gave no slices, by path within the collection, and why.
    """

    config: Mapping[str, Any]
    collection_sha256: str
    genres: tuple[str, ...]
    splits: Mapping[str, SplitContents]
    skipped: tuple[Skipped, ...]

    @property
    def dataset(self) -> str:
        """The collection's name, with which the shards' names begin."""
        return str(self.config["dataset"])

    @property
    def split_by(self) -> str:
        """How tracks were split: artist, track, slice or official."""
        return str(self.config["split"]["split_by"])


def write(manifest: Manifest, records_dir: Path, *, scratch: Path | None = None) -> None:
    """Writes the manifest, as `files.write_json`; from now on the folder is a finished build."""
    write_json(records_dir / NAME, {"format": FORMAT, **asdict(manifest)}, scratch=scratch)


def read(records_dir: Path) -> Manifest:
    """Reads the manifest of a finished build.

    Raises:
        UserError: if there is none, or it is not one of this version's.
    """
    path = records_dir / NAME
    advice = "build the records again with tools/make_records --overwrite"
    try:
        values = read_json(path, advice=advice)
        if values.pop("format") != FORMAT:
            raise ValueError("format")
        return _manifest(**values)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UserError(
            f"No records in {records_dir} ({NAME} is missing): build them with tools/make_records, "
            "or mend --records_dir."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path} is damaged or of another version of tfgenre: {advice}.") from error


def summary(manifest: Manifest) -> str:
    """Tracks and slices a split and genre as a table, then what was skipped and why."""
    width = max(len(genre) for genre in (*manifest.genres, "all genres"))
    lines = [" " * width + "".join(f"{split:>20}" for split in SPLITS)]
    lines.append(" " * width + f"{'tracks':>11}{'slices':>9}" * len(SPLITS))
    for genre in manifest.genres:
        counts = [
            (s.tracks.get(genre, 0), s.slices.get(genre, 0)) for s in manifest.splits.values()
        ]
        lines.append(_row(genre, width, counts))
    totals = [(s.num_tracks, s.num_slices) for s in manifest.splits.values()]
    lines.append(_row("all genres", width, totals))
    for split, contents in manifest.splits.items():
        if lacking := [genre for genre in manifest.genres if not contents.slices.get(genre)]:
            lines.append(
                f"note: nothing of {', '.join(lacking)} in {split}: too few songs or artists, or "
                "all of them were skipped"
            )
    return "\n".join([*lines, *skipped_lines(manifest.skipped)])


def _row(name: str, width: int, counts: list[tuple[int, int]]) -> str:
    return f"{name:<{width}}" + "".join(f"{tracks:>11,}{slices:>9,}" for tracks, slices in counts)


def skipped_lines(skipped: tuple[Skipped, ...]) -> list[str]:
    """How many songs were skipped for each reason, and some of their names."""
    lines = []
    for reason, meaning, songs in by_reason(skipped):
        lines.append(f"skipped {len(songs):,}: {reason} ({meaning})")
        lines += [
            f"  {skip.path}" + (f" ({skip.detail})" if skip.detail else "")
            for skip in songs[:NAMES_SHOWN]
        ]
        if len(songs) > NAMES_SHOWN:
            lines.append(f"  and {len(songs) - NAMES_SHOWN:,} more")
    return lines


def by_reason(skipped: tuple[Skipped, ...]) -> list[tuple[str, str, list[Skipped]]]:
    """Why songs are skipped: the reason, what it means, and the songs; the commonest first."""
    counts = Counter(skip.reason for skip in skipped)
    return [
        (reason, SKIP_REASONS[reason], [skip for skip in skipped if skip.reason == reason])
        for reason, _ in counts.most_common()
    ]


def _manifest(
    *,
    config: dict[str, Any],
    collection_sha256: str,
    genres: list[str],
    splits: dict[str, dict[str, Any]],
    skipped: list[dict[str, str]],
) -> Manifest:
    config["render"]["pixels_per_second"], config["split"]["split_by"]  # both must be there
    return Manifest(
        config=config,
        collection_sha256=collection_sha256,
        genres=tuple(genres),
        splits={name: _split_contents(**contents) for name, contents in splits.items()},
        skipped=tuple(Skipped(**skip) for skip in skipped),
    )


def _split_contents(
    *, shards: list[dict[str, Any]], tracks: dict[str, int], slices: dict[str, int]
) -> SplitContents:
    return SplitContents(tuple(Shard(**shard) for shard in shards), tracks, slices)
