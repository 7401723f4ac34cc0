"""Checks that the records on disk match their manifest. Every byte is read."""

import hashlib
import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tfgenre.config import SPLITS
from tfgenre.errors import UserError
from tfgenre.records import sampling
from tfgenre.records.example import decode
from tfgenre.records.folder import Records
from tfgenre.records.manifest import NAME, Manifest
from tfgenre.records.sampling import sampling_key
from tfgenre.records.shards import Shard, read_shard, shard_index


@dataclass(frozen=True)
class ShardContents:
    """The contents of a shard.

    Attributes:
        problem: what is wrong with it, "" if nothing; otherwise the rest is empty.
        rows: key and label of each slice, `sampling.INDEX_DTYPE` [slices], without shard and split;
            track is a position in `track_ids`.
        tracks: the number of tracks of each label.
        track_ids: the songs in the shard.
    """

    problem: str
    rows: NDArray[np.void]
    tracks: Counter[int]
    track_ids: tuple[str, ...] = ()


def verify(
    records: Records, *, num_workers: int, on_shard: Callable[[int], object] = lambda count: None
) -> list[str]:
    """Checks a folder of records against its manifest.

    Checks every shard's size, digest, checksums, schema, labels and key order; the counts of tracks
    and slices; the index; and that the folder contains no other record files.

    Args:
        records: a finished build.
        num_workers: number of processes.
        on_shard: called with the number of shards just checked.

    Returns:
        A sentence for each problem, which starts with the file's name; empty if there are none.
    """
    manifest = records.manifest
    shards = {shard.name: shard for split in manifest.splits.values() for shard in split.shards}
    checked: dict[str, ShardContents] = {}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(num_workers, mp_context=context) as pool:
        seed = int(manifest.config["split"]["split_seed"])
        futures = {
            pool.submit(check_shard, records.path / name, shard, len(records.genres), seed): name
            for name, shard in shards.items()
        }
        for future in as_completed(futures):
            checked[futures[future]] = future.result()
            on_shard(1)
    problems = [f"{name}: {checked[name].problem}" for name in shards if checked[name].problem]
    problems += [f"{name}: is not in the manifest" for name in _foreign(records.path, shards)]
    if not problems:
        problems = [*_wrong_counts(manifest, checked), *_wrong_index(records, checked)]
    return problems


def check_shard(path: Path, shard: Shard, num_genres: int, seed: int) -> ShardContents:
    """Reads a shard and checks it against the manifest's entry."""
    try:
        return _contents(path, shard, num_genres, seed)
    except FileNotFoundError:
        problem = "is missing"
    except (OSError, ValueError) as error:
        problem = str(error)
    return ShardContents(problem, np.zeros(0, sampling.INDEX_DTYPE), Counter())


def _contents(path: Path, shard: Shard, num_genres: int, seed: int) -> ShardContents:
    size = path.stat().st_size
    if size != shard.bytes:
        raise ValueError(f"has {size:,} bytes, not {shard.bytes:,}")
    rows, tracks = np.zeros(shard.slices, sampling.INDEX_DTYPE), set()
    digest, number = hashlib.sha256(), 0
    positions: dict[str, int] = {}
    for number, record in enumerate(read_shard(path, digest=digest), start=1):
        example = decode(record)
        if not 0 <= example.label < num_genres:
            raise ValueError(f"record {number - 1:,} has label {example.label} of {num_genres}")
        if example.key != sampling_key(seed, example.track_id, example.slice_index):
            raise ValueError(f"record {number - 1:,} has the key of another slice")
        if number <= shard.slices:
            position = positions.setdefault(example.track_id, len(positions))
            rows[number - 1] = (example.key, example.label, 0, 0, position)
        tracks.add((example.label, example.track_id))
    if number != shard.slices:
        raise ValueError(f"has {number:,} slices, not {shard.slices:,}")
    if (np.diff(rows["key"]) < 0).any():
        raise ValueError("is not sorted by key")
    if digest.hexdigest() != shard.sha256:
        raise ValueError("has a digest other than the manifest's")
    counts = Counter(label for label, _ in tracks)
    return ShardContents("", rows, counts, tuple(positions))


def _foreign(records_dir: Path, shards: dict[str, Shard]) -> list[str]:
    return sorted(path.name for path in records_dir.glob("*.tfrecord*") if path.name not in shards)


def _wrong_counts(manifest: Manifest, checked: dict[str, ShardContents]) -> Iterator[str]:
    for split, contents in manifest.splits.items():
        counts = {"slices": Counter[int](), "tracks": Counter[int]()}
        for shard in contents.shards:
            counts["slices"].update(checked[shard.name].rows["label"].tolist())
            counts["tracks"].update(checked[shard.name].tracks)
        for what, listed in (("slices", contents.slices), ("tracks", contents.tracks)):
            for label, genre in enumerate(manifest.genres):
                if counts[what][label] != listed.get(genre, 0):
                    yield (
                        f"{NAME}: lists {listed.get(genre, 0):,} {what} of {genre} in "
                        f"{split}, but the shards contain {counts[what][label]:,}"
                    )


def _wrong_index(records: Records, checked: dict[str, ShardContents]) -> Iterator[str]:
    try:
        index = records.index()
        has_tracks = index.dtype == sampling.INDEX_DTYPE
        row_of = {name: row for row, name in enumerate(records.tracks() if has_tracks else ())}
    except UserError as error:
        yield str(error)
        return
    for number, split in enumerate(SPLITS):
        for shard in records.manifest.splits[split].shards:
            member = (index["split"] == number) & (index["shard"] == shard_index(shard.name))
            contents, indexed = checked[shard.name], index[member]
            rows = contents.rows.copy()
            own = np.array([row_of.get(name, -1) for name in contents.track_ids], np.int32)
            rows["track"] = own[rows["track"]]
            names = ("key", "label", "track") if has_tracks else ("key", "label")
            if not all(np.array_equal(indexed[name], rows[name]) for name in names):
                yield f"{sampling.NAME}: does not match {shard.name}"
    if len(index) != sum(split.num_slices for split in records.manifest.splits.values()):
        yield f"{sampling.NAME}: has {len(index):,} rows, not one per slice"
