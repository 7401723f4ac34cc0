"""A plan becomes a folder of records: its units, on whichever machines, then the manifest.

The bytes of a shard do not depend on who builds it, on the order, or on whether the build was
interrupted: the same command resumes where it was stopped.
"""

import dataclasses
import itertools
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from tfgenre import storage
from tfgenre.building.changes import changes
from tfgenre.building.plan import WORK, Job, Plan, Unit, check_splits
from tfgenre.building.unit import PLAN, UnitReport, UnitSplit, read_report, read_unit_index
from tfgenre.config import SPLITS
from tfgenre.errors import UserError
from tfgenre.files import TEMPORARY, lock, read_json, write_json
from tfgenre.options import differences, flattened
from tfgenre.records.folder import Records
from tfgenre.records.manifest import Manifest, SplitContents
from tfgenre.records.shards import check_complete

_THREADS = 16  # that read reports: a remote one takes long, but little CPU
OnTrack = Callable[[int], object]
Runner = Callable[[Sequence[Unit], Job, OnTrack], None]


def build(
    plan: Plan,
    records_dir: Path,
    *,
    runner: Runner,
    on_track: OnTrack = lambda count: None,
    on_found: OnTrack = lambda count: None,
    overwrite: bool = False,
) -> Records:
    """Builds the records; a finished build is opened, an interrupted one is resumed.

    Args:
        plan: what to build.
        records_dir: where the shards, index and manifest go.
        runner: builds each of some units, by `unit.build_unit`.
        on_track: called with the number of songs just rendered, from any thread.
        on_found: called once, with the number of songs that were rendered before.
        overwrite: whether what another build left in the folder is removed first.

    Raises:
        UserError: if the folder holds records of another plan, or a split came out empty.
    """
    done = None if overwrite else finished(plan, records_dir)
    if done is not None and not (records_dir / WORK).exists():
        return done
    with _locked(records_dir):
        if overwrite:
            _discard(records_dir)
        built = finished(plan, records_dir)
        if built is None:
            job = plan.job(records_dir)
            _claim(plan, job)
            reports = _build_units(plan.units, job, runner, on_track, on_found)
            built = _finish(plan, job, reports)
        storage.remove_folder(records_dir / WORK)
        return built


def _finish(plan: Plan, job: Job, reports: list[UnitReport]) -> Records:
    """Merges the units' results into finished records."""
    manifest = _merge(plan, reports)
    counts = {split: found.num_slices for split, found in manifest.splits.items()}
    num_used = plan.num_tracks + len(plan.skipped) - len(manifest.skipped)
    check_splits(plan.config.split, counts, "slices", skipped=manifest.skipped, num_used=num_used)
    pairs = (zip(unit.tracks, unit.splits, strict=True) for unit in plan.units)
    return Records.finish(
        job.records_dir,
        manifest,
        index=_merge_indexes(plan.units, job),
        split_tracks=itertools.chain.from_iterable(pairs),
    )


def _merge_indexes(units: Sequence[Unit], job: Job) -> NDArray[np.void]:
    """The rows of all units, with track as the number of the song's row in tracks.csv."""
    with ThreadPoolExecutor(_THREADS) as threads:
        rows = list(threads.map(lambda unit: read_unit_index(unit, job), units))
    sizes = [len(unit.tracks) for unit in units]
    for part, first in zip(rows, np.cumsum([0, *sizes[:-1]]), strict=True):
        part["track"] += first
    return np.concatenate(rows)


def _build_units(
    units: Sequence[Unit], job: Job, runner: Runner, on_track: OnTrack, on_found: OnTrack
) -> list[UnitReport]:
    """Builds the units that are not built yet, and reads the reports of all.

    Raises:
        UserError: if one left no report in the folder.
    """
    done = _reports(units, job)
    on_found(sum(len(unit.tracks) for unit in units if unit.index in done))
    left = [unit for unit in units if unit.index not in done]
    runner(left, job, on_track)
    done |= _reports(left, job)
    if lost := [unit.index for unit in units if unit.index not in done]:
        raise UserError(
            f"{len(lost):,} of {len(units):,} units left nothing in {job.records_dir}, the first "
            f"is {lost[0]}: every machine must reach that folder under this name."
        )
    return [done[unit.index] for unit in units]


def _reports(units: Sequence[Unit], job: Job) -> dict[int, UnitReport]:
    """The reports of the units that are done, by number."""
    storage.forget_listings(job.records_dir)
    with ThreadPoolExecutor(_THREADS) as threads:
        found = threads.map(lambda unit: read_report(unit, job), units)
        pairs = zip(units, found, strict=True)
        return {unit.index: report for unit, report in pairs if report is not None}


@contextmanager
def _locked(records_dir: Path) -> Iterator[None]:
    """Keeps a second build out of a folder; the system releases it when the process ends.

    Remote folders have no locks; there, only `_claim` keeps other builds out.
    """
    work = records_dir / WORK
    while True:
        storage.make_folder(work)
        if storage.is_remote(records_dir):
            yield
            return
        with (work / "lock").open("w") as file:
            lock(
                file,
                taken=f"Another make_records is running in {records_dir}: wait for it, or give "
                "another --records_dir.",
            )
            if _is_still(work / "lock", file):
                yield
                return


def _is_still(path: Path, file: IO[str]) -> bool:
    """Whether an opened file still has its name: the build before may have removed it."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def finished(plan: Plan, records_dir: Path) -> Records | None:
    """The records of a plan, None if they are not (all) built.

    Raises:
        UserError: if the folder holds those of another plan, or lacks a shard.
    """
    if not Records.exist(records_dir):
        return None
    records = Records.open(records_dir)
    manifest = records.manifest
    found = {"config": manifest.config, "collection_sha256": manifest.collection_sha256}
    _check_same(plan, records_dir, found, records)
    for split in manifest.splits.values():
        for shard in split.shards:
            check_complete(records_dir / shard.name, shard)
    return records


def _discard(records_dir: Path) -> None:
    """Removes the records in a folder, finished or not; files with other names stay.

    Work folders go first: whatever still runs for another build can then publish nothing more.
    """
    for left in list((records_dir / WORK).iterdir()):
        if left.is_dir():
            storage.remove_folder(left)
    Records.discard(records_dir)


def _claim(plan: Plan, job: Job) -> None:
    """Writes into the folder whose work is there, so that only the same build resumes it."""
    for note in (job.records_dir / WORK).glob(f"*/{PLAN}"):
        if note.parent.name != job.plan_digest:
            begun = read_json(note, advice="begin the build again with --overwrite")
            _check_same(plan, job.records_dir, begun)
    storage.make_folder(job.work_dir)
    for left in list(job.work_dir.glob(f"*{TEMPORARY}")):  # by a build that was killed
        left.unlink(missing_ok=True)
    write_json(job.work_dir / PLAN, plan.identity)


def _check_same(
    plan: Plan, records_dir: Path, found: Mapping[str, Any], records: Records | None = None
) -> None:
    there, asked = flattened(found), flattened(plan.identity)
    is_same_collection = there.pop("collection_sha256", None) == asked.pop("collection_sha256")
    differing = differences(there, asked)
    if not differing and not is_same_collection:
        how = changes(plan.tracks, records) if records else ""
        differing = [f"the collection's tracks: {how}".removesuffix(": ")]
    if differing:
        raise UserError(
            f"{records_dir} holds records that differ in {'; '.join(differing)}: give another "
            "--records_dir, or --overwrite to replace them."
        )


def _merge(plan: Plan, reports: list[UnitReport]) -> Manifest:
    skipped = [*plan.skipped, *(skip for report in reports for skip in report.skipped)]
    return Manifest(
        **plan.identity,
        genres=plan.config.genres,
        splits={
            split: _merge_split(plan, [report.splits[split] for report in reports])
            for split in SPLITS
        },
        skipped=tuple(sorted(skipped, key=dataclasses.astuple)),
    )


def _merge_split(plan: Plan, parts: list[UnitSplit]) -> SplitContents:
    tracks: Counter[str] = sum((Counter(part.tracks) for part in parts), Counter())
    slices: Counter[str] = sum((Counter(part.slices) for part in parts), Counter())
    return SplitContents(
        shards=tuple(part.shard for part in parts if part.shard),
        tracks={genre: tracks[genre] for genre in plan.config.genres},
        slices={genre: slices[genre] for genre in plan.config.genres},
    )
