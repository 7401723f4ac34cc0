"""`manifest.json`: the contents of a folder of records. Written last, it marks a finished build."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tfgenre.config import RenderConfig
from tfgenre.datasets.track import Skipped
from tfgenre.errors import UserError, program
from tfgenre.files import read_json, write_json
from tfgenre.records.shards import Shard

NAME = "manifest.json"
FORMAT = 3


@dataclass(frozen=True)
class SplitContents:
    """One split: its shards that contain slices, and the numbers of tracks and slices by genre."""

    shards: tuple[Shard, ...]
    tracks: Mapping[str, int]
    slices: Mapping[str, int]

    @property
    def num_slices(self) -> int:
        """Number of slices of all genres."""
        return sum(self.slices.values())

    @property
    def num_tracks(self) -> int:
        """Number of tracks of all genres."""
        return sum(self.tracks.values())


@dataclass(frozen=True)
class Manifest:
    """The contents of a folder of records.

    Attributes:
        config: the BuildConfig as JSON values, with unset options resolved.
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
        """The collection's name; the shards' names begin with it."""
        return str(self.config["dataset"])

    @property
    def render(self) -> RenderConfig:
        """How the songs became slices."""
        return RenderConfig(**self.config["render"])

    @property
    def split_by(self) -> str:
        """How tracks were split: artist, track, slice or official."""
        return str(self.config["split"]["split_by"])


def write(manifest: Manifest, records_dir: Path, *, scratch: Path | None = None) -> None:
    """Writes the manifest with `files.write_json`, which makes the folder a finished build."""
    write_json(records_dir / NAME, {"format": FORMAT, **asdict(manifest)}, scratch=scratch)


def read(records_dir: Path) -> Manifest:
    """Reads the manifest of a finished build.

    Raises:
        UserError: if it is missing, damaged or of another version of tfgenre.
    """
    path = records_dir / NAME
    make_records = program("make_records")
    advice = f"build the records again with {make_records} --overwrite"
    try:
        values = read_json(path, advice=advice)
        if values.pop("format") != FORMAT:
            raise ValueError("format")
        return _manifest(**values)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UserError(
            f"No records in {records_dir} ({NAME} is missing): build them with {make_records}, or "
            "change --records_dir."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path} is damaged or of another version of tfgenre: {advice}.") from error


def _manifest(
    *,
    config: dict[str, Any],
    collection_sha256: str,
    genres: list[str],
    splits: dict[str, dict[str, Any]],
    skipped: list[dict[str, str]],
) -> Manifest:
    config["render"]["pixels_per_second"], config["split"]["split_by"]  # KeyError if one is missing
    # What earlier versions did, when there were no such options.
    config["render"].setdefault("spectrogram", "sox")
    config["split"] = {"folds": 0, "fold": 0, **config["split"]}
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
