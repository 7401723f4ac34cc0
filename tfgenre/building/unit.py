"""One unit of a build: its songs are rendered and its shards written, on whichever machine.

A unit writes its shards under their final names and then a report into the work folder; a unit that
has a report is not built again.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfgenre.building.plan import Job, Unit
from tfgenre.config import SPLITS, BuildConfig
from tfgenre.datasets import splits
from tfgenre.datasets.track import Skipped, Track
from tfgenre.errors import SkipTrack, UserError
from tfgenre.files import write_atomically, write_json
from tfgenre.records import example, sampling
from tfgenre.records.sampling import sampling_key
from tfgenre.records.shards import Shard, is_complete, shard_name, write_shard
from tfgenre.spectrogram.render import Slices
from tfgenre.spectrogram.workers import Rendered

PLAN = "plan.json"  # in the work folder of a running build
_REPORT = re.compile(r"unit-(\d+)\.json")


@dataclass(frozen=True)
class UnitSplit:
    """What a unit has in one split: its shard (None if empty), tracks and slices per genre."""

    shard: Shard | None
    tracks: Mapping[str, int]
    slices: Mapping[str, int]


@dataclass(frozen=True)
class UnitReport:
    """What a unit wrote in each split, the songs it skipped, and its index' digest."""

    unit: int
    splits: Mapping[str, UnitSplit]
    skipped: tuple[Skipped, ...]
    index_sha256: str


@dataclass(frozen=True)
class _Slice:
    """A slice to be written to a shard, in which slices are in the order of `key`."""

    key: int
    track_id: str
    index: int
    label: int
    image: NDArray[np.uint8]

    def encode(self, size: int) -> bytes:
        return example.encode(
            image=self.image.tobytes(),
            label=self.label,
            track_id=self.track_id,
            slice_index=self.index,
            key=self.key,
            size=size,
        )


def build_unit(
    unit: Unit,
    job: Job,
    *,
    render: Callable[[str], Rendered],
    on_track: Callable[[int], object] = lambda count: None,
) -> None:
    """Renders a unit's tracks, writes its shards and then its report.

    Args:
        unit: which tracks.
        job: the build it belongs to.
        render: a song's path to its slices, or to why there are none.
        on_track: called with the number of songs just rendered.

    Raises:
        UserError: if the collection is gone, or the build was cancelled.
    """
    found, skipped = _render_tracks(unit, job, render, on_track)
    written = {split: _write_split(unit, job, split, pieces) for split, pieces in found.items()}
    index = sampling.index_bytes(_index_rows(unit, found))
    write_atomically(_work_path(unit, job, ".npy"), index, scratch=job.work_dir)
    report = UnitReport(unit.index, written, skipped, hashlib.sha256(index).hexdigest())
    write_json(_work_path(unit, job, ".json"), asdict(report), scratch=job.work_dir)


def read_report(unit: Unit, job: Job) -> UnitReport | None:
    """The report of a unit that is done, None if it must be done (again)."""
    try:
        values = json.loads(_work_path(unit, job, ".json").read_bytes())
        report = _parse_report(**values)
        if report.unit != unit.index or report.splits.keys() != set(SPLITS):
            return None
        index = _work_path(unit, job, ".npy").read_bytes()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    shards = (found.shard for found in report.splits.values() if found.shard)
    whole = all(is_complete(job.records_dir / shard.name, shard) for shard in shards)
    same = hashlib.sha256(index).hexdigest() == report.index_sha256
    return report if whole and same else None


def reported(job: Job) -> set[int]:
    """The numbers of the units that have a report; reports are not read."""
    names = (path.name for path in job.work_dir.iterdir())
    return {int(found[1]) for name in names if (found := _REPORT.fullmatch(name))}


def read_unit_index(unit: Unit, job: Job) -> NDArray[np.void]:
    """The index rows of a finished unit's slices, `sampling.INDEX_DTYPE` [slices].

    In them, track is the song's position in the unit.
    """
    return sampling.read_index(_work_path(unit, job, ".npy"))


def _work_path(unit: Unit, job: Job, suffix: str) -> Path:
    return job.work_dir / f"unit-{unit.index:05d}{suffix}"


def _render_tracks(
    unit: Unit, job: Job, render: Callable[[str], Rendered], on_track: Callable[[int], object]
) -> tuple[dict[str, list[_Slice]], tuple[Skipped, ...]]:
    """Each split's slices in the order of their keys, and the songs that gave none."""
    found: dict[str, list[_Slice]] = {split: [] for split in SPLITS}
    skipped = []
    for track, split in zip(unit.tracks, unit.splits, strict=True):
        rendered = render(str(job.data_dir / track.path))
        if isinstance(rendered, SkipTrack):
            skipped.append(_skipped(track, rendered, job))
        else:
            for piece in _slices_of(track, rendered, job.config):
                found[split or _split_of(piece, job.config)].append(piece)
        on_track(1)
    for pieces in found.values():
        pieces.sort(key=lambda piece: (piece.key, piece.track_id, piece.index))
    return found, tuple(skipped)


def _skipped(track: Track, why: SkipTrack, job: Job) -> Skipped:
    if why.reason == "missing" and not job.data_dir.is_dir():
        raise UserError(
            f"{job.data_dir} does not exist (any more): the same command resumes once it does."
        )
    known = "; known: FMA's errata list it" if track.known_bad else ""
    return Skipped(track.path, why.reason, why.detail + known)


def _slices_of(track: Track, found: Slices, config: BuildConfig) -> Iterator[_Slice]:
    label = config.genres.index(track.genre)
    for index, image in zip(found.indices.tolist(), found.images, strict=True):
        key = sampling_key(config.split.split_seed, track.id, index)
        yield _Slice(key, track.id, index, label, image)


def _split_of(piece: _Slice, config: BuildConfig) -> str:
    return splits.split_of_slice(piece.track_id, piece.index, config=config.split)


def _write_split(unit: Unit, job: Job, split: str, pieces: list[_Slice]) -> UnitSplit:
    shard = None
    config = job.config
    if pieces:
        name = shard_name(config.dataset, split, unit.index, config.num_shards)
        encoded = _encoded(pieces, job)
        shard = write_shard(job.records_dir / name, encoded, scratch=job.work_dir)
    tracks = Counter(label for _, label in {(piece.track_id, piece.label) for piece in pieces})
    counts = Counter(piece.label for piece in pieces)
    return UnitSplit(
        shard=shard,
        tracks={config.genres[label]: tracks[label] for label in sorted(tracks)},
        slices={config.genres[label]: counts[label] for label in sorted(counts)},
    )


def _encoded(pieces: list[_Slice], job: Job) -> Iterator[bytes]:
    """The records of a shard; before it gets its name, the build must still be running."""
    for piece in pieces:
        yield piece.encode(job.record_bytes)
    if not (job.work_dir / PLAN).exists():
        raise UserError(f"The build in {job.records_dir} was cancelled meanwhile.")


def _index_rows(unit: Unit, found: Mapping[str, list[_Slice]]) -> NDArray[np.void]:
    """The rows of a unit's slices; track is the song's position in the unit."""
    position = {track.id: index for index, track in enumerate(unit.tracks)}
    rows = [
        (piece.key, piece.label, unit.index, SPLITS.index(split), position[piece.track_id])
        for split, pieces in found.items()
        for piece in pieces
    ]
    return np.array(rows, sampling.INDEX_DTYPE)


def _parse_report(
    *,
    unit: int,
    splits: dict[str, dict[str, Any]],
    skipped: list[dict[str, str]],
    index_sha256: str,
) -> UnitReport:
    parsed = {
        split: UnitSplit(
            shard=Shard(**found["shard"]) if found["shard"] else None,
            tracks=found["tracks"],
            slices=found["slices"],
        )
        for split, found in splits.items()
    }
    return UnitReport(unit, parsed, tuple(Skipped(**skip) for skip in skipped), index_sha256)
