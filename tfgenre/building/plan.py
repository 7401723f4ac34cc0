"""Everything about a build that is decided before the first song is decoded."""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

from tfgenre import storage
from tfgenre.audio import tags
from tfgenre.config import SPLITS, BuildConfig, SplitConfig, check, to_json
from tfgenre.datasets import splits
from tfgenre.datasets.track import Catalogue, Skipped, Track, left_out
from tfgenre.errors import UserError
from tfgenre.hashing import stable_hash
from tfgenre.records import example
from tfgenre.records.manifest import FORMAT
from tfgenre.records.sampling import INDEX_DTYPE
from tfgenre.spectrogram import slices
from tfgenre.spectrogram.render import check_renderer

SHARD_MB = 128
WORK = ".build"  # the folder of an unfinished build, in that of its records
_SAMPLED_TRACKS = 32


@dataclass(frozen=True)
class Unit:
    """The work behind one shard number: its tracks, and each track's split ("" if by slice)."""

    index: int
    tracks: tuple[Track, ...]
    splits: tuple[str, ...]


@dataclass(frozen=True)
class Job:
    """What is needed to build a unit; paths must mean the same on every machine.

    Attributes:
        config: how.
        data_dir: the collection's folder.
        records_dir: where the shards go.
        plan_digest: identifies the plan.
        record_bytes: the length of each record.
    """

    config: BuildConfig
    data_dir: Path
    records_dir: Path
    plan_digest: str
    record_bytes: int

    @property
    def work_dir(self) -> Path:
        """Where the reports of finished units are, and shards that are being written.

        Each plan has its own: files left by another build cannot get into this one, and once the
        folder is removed, workers that still write to it fail.
        """
        return self.records_dir / WORK / self.plan_digest


@dataclass(frozen=True)
class Plan:
    """A build with everything decided.

    Attributes:
        config: resolved; nothing is left to decide.
        data_dir: the collection's folder.
        units: one per shard number.
        skipped: what the catalogue left out.
        collection_sha256: digest of the tracks.
    """

    config: BuildConfig
    data_dir: Path
    units: tuple[Unit, ...]
    skipped: tuple[Skipped, ...]
    collection_sha256: str

    @property
    def tracks(self) -> list[Track]:
        """The songs to be rendered, unit by unit."""
        return [track for unit in self.units for track in unit.tracks]

    @property
    def num_tracks(self) -> int:
        """Number of songs to be rendered."""
        return len(self.tracks)

    @property
    def identity(self) -> dict[str, Any]:
        """All that distinguishes this plan's records from others, as JSON values."""
        return {"config": to_json(self.config), "collection_sha256": self.collection_sha256}

    def job(self, records_dir: Path) -> Job:
        """The plan's work in a folder."""
        # A build that another version began is not resumed.
        version = {"format": FORMAT, "index": str(INDEX_DTYPE)}
        text = json.dumps({**self.identity, **version}, sort_keys=True)
        return Job(
            config=self.config,
            data_dir=storage.absolute(self.data_dir),
            records_dir=storage.absolute(records_dir),
            plan_digest=hashlib.sha256(text.encode()).hexdigest()[:16],
            record_bytes=record_bytes(self.tracks),
        )

    @property
    def notes(self) -> list[str]:
        """What the user should know of how the songs are split, in sentences."""
        config = self.config.split
        assert config.split_by is not None
        tracks, names = self.tracks, [split for unit in self.units for split in unit.splits]
        split_of = {track.id: split for track, split in zip(tracks, names, strict=True)}
        return splits.notes(tracks, split_of, method=config.split_by, config=config)


def make_plan(catalogue: Catalogue, config: BuildConfig, *, shard_mb: int = SHARD_MB) -> Plan:
    """Resolves the config, splits the tracks and assigns them to units.

    Args:
        catalogue: the collection.
        config: as the user gave it.
        shard_mb: about how large the largest shards become, in 2**20 bytes, if the config does not
            set their number.

    Raises:
        UserError: if the collection cannot be split as asked, a split would be empty, or the config
            is that of another collection.
    """
    check_renderer(config.render)
    _check_collection(catalogue, config)
    method = splits.resolve(config.split, catalogue)
    config = replace(
        config,
        genres=catalogue.genres,
        split=replace(config.split, split_by=method),
        num_shards=config.num_shards or _estimate_num_shards(catalogue, config, shard_mb),
    )
    split_of: dict[str, str] = {}
    if method != "slice":
        split_of = splits.assign(catalogue.tracks, method=method, config=config.split)
        check_splits(
            config.split,
            Counter(split_of.values()),
            "tracks",
            skipped=catalogue.skipped,
            num_used=len(split_of),
        )
    return Plan(
        config=config,
        data_dir=catalogue.data_dir,
        units=_assign(catalogue.tracks, split_of, config.num_shards),
        skipped=catalogue.skipped,
        collection_sha256=digest(catalogue.tracks),
    )


def _check_collection(catalogue: Catalogue, config: BuildConfig) -> None:
    """Raises UserError if the config is that of another collection than was read."""
    was_read = catalogue.config
    for name in ("dataset", "genres", "collection"):
        rule = (
            f"{name} must be that with which the collection was loaded, {getattr(was_read, name)}"
        )
        check(getattr(config, name) == getattr(was_read, name), rule, getattr(config, name))


def check_splits(
    config: SplitConfig,
    counts: Mapping[str, int],
    what: str,
    *,
    skipped: Sequence[Skipped],
    num_used: int,
) -> None:
    """Raises UserError if a split that must not be empty has none of what is counted.

    Args:
        config: says which these are.
        counts: by split.
        what: is counted.
        skipped: songs that were left out; their reasons are listed.
        num_used: the number of the other songs.
    """
    if empty := [split for split in config.not_empty if not counts.get(split)]:
        have = ", ".join(f"{split} {counts.get(split, 0)}" for split in SPLITS)
        first = "see why songs are skipped, " if len(skipped) > num_used else ""
        raise UserError(
            f"The {empty[0]} split is left without {what} ({have}): {first}add songs, name more "
            "--genres, change --split_ratios, or use --split_by=track if there are few artists. "
            f"{left_out(skipped, num_used)}".rstrip()
        )


def estimate_seconds(catalogue: Catalogue) -> dict[str, float]:
    """Each track's length in seconds; where the collection does not state it, the mean of a few.

    Those are read from tags: no sound is decoded, as a broken song must not end the program.
    """
    unknown = [track for track in catalogue.tracks if not track.seconds]
    sample = unknown[:: max(1, len(unknown) // _SAMPLED_TRACKS)]
    tagged = {track.id: tags.seconds(catalogue.data_dir / track.path) for track in sample}
    known = [seconds for seconds in tagged.values() if seconds]
    mean = sum(known) / len(known) if known else 0.0
    return {t.id: t.seconds or tagged.get(t.id) or mean for t in catalogue.tracks}


def record_bytes(tracks: Iterable[Track]) -> int:
    """The length of each record of a build of these tracks."""
    return example.record_bytes(
        max(len(track.id.encode(errors="surrogateescape")) for track in tracks)
    )


def _estimate_num_shards(catalogue: Catalogue, config: BuildConfig, shard_mb: int) -> int:
    """Enough for shards of that size, and for many workers on a small collection."""
    columns = sum(estimate_seconds(catalogue).values()) * config.render.columns_per_second
    largest = columns * slices.SLICE_SIZE * max(config.split.shares.values())
    fewest = min(32, math.ceil(len(catalogue.tracks) / 8))
    return max(math.ceil(largest / (shard_mb << 20)), fewest)


def _assign(
    tracks: Iterable[Track], split_of: Mapping[str, str], num_shards: int
) -> tuple[Unit, ...]:
    members: list[list[Track]] = [[] for _ in range(num_shards)]
    for track in sorted(tracks, key=lambda track: track.id):
        members[stable_hash("unit", track.id) % num_shards].append(track)
    return tuple(
        Unit(index, tuple(owned), tuple(split_of.get(track.id, "") for track in owned))
        for index, owned in enumerate(members)
    )


def digest(tracks: Iterable[Track]) -> str:
    """A digest of a collection's tracks, in any order."""
    rows = sorted(astuple(track) for track in tracks)
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()
