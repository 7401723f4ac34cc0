"""Songs that a collection holds twice: equal bytes, or equal sound under different tags.

A song that stands in training and in test as well is not judged but known again.
"""

import hashlib
import os
import struct
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import IO

from tfgenre.audio import archives, mpeg
from tfgenre.datasets.track import Catalogue, Skipped
from tfgenre.errors import SkipTrack

_THREADS = 8
_SAMPLE_BYTES = 1 << 16


def find(
    catalogue: Catalogue, *, on_track: Callable[[int], object] = lambda count: None
) -> dict[str, str]:
    """Finds the copies in a collection.

    Songs are the same if what lies between their ID3 and APE tags is as long in both, and equal in
    three samples of 64 KB. A file that cannot be read has no copies.

    Args:
        catalogue: the collection.
        on_track: called with the number of songs just looked at.

    Returns:
        For each copy, its track id -> the id of the one it is a copy of, the first by id.
    """
    paths = {track.id: str(catalogue.data_dir / track.path) for track in catalogue.tracks}
    ids = sorted(paths)
    by_length, by_digest = defaultdict(list), defaultdict(list)
    with ThreadPoolExecutor(_THREADS) as threads:
        for track_id, length in zip(ids, threads.map(_length, map(paths.get, ids)), strict=True):
            by_length[length].append(track_id)
            on_track(1)
        alike = [same for length, same in by_length.items() if length and len(same) > 1]
        suspects = [track_id for same in alike for track_id in same]
        digests = threads.map(_digest, map(paths.get, suspects))
        for track_id, digest in zip(suspects, digests, strict=True):
            by_digest[digest].append(track_id)
    return {
        copy: same[0] for digest, same in by_digest.items() if digest for copy in sorted(same)[1:]
    }


def drop_absent(catalogue: Catalogue) -> Catalogue:
    """The collection without what its archives turn out not to hold."""
    kept, absent = [], []
    for track in catalogue.tracks:
        try:
            archives.check_present(str(catalogue.data_dir / track.path))
            kept.append(track)
        except SkipTrack as skip:
            absent.append(Skipped(track.path, skip.reason, skip.detail))
    return replace(catalogue, tracks=tuple(kept), skipped=(*catalogue.skipped, *absent))


def drop(catalogue: Catalogue, copies: dict[str, str]) -> Catalogue:
    """The collection without the copies, which are skipped by name."""
    path_of = {track.id: track.path for track in catalogue.tracks}
    dropped = tuple(
        Skipped(track.path, "duplicate", f"of {path_of[copies[track.id]]}")
        for track in catalogue.tracks
        if track.id in copies
    )
    kept = tuple(track for track in catalogue.tracks if track.id not in copies)
    return replace(catalogue, tracks=kept, skipped=(*catalogue.skipped, *dropped))


def note(catalogue: Catalogue, copies: dict[str, str]) -> Catalogue:
    """The collection with the copies, and a note that they are there."""
    if not copies:
        return catalogue
    found = f"{len(copies):,} songs are copies of others, maybe across splits"
    return replace(catalogue, notes=(*catalogue.notes, found))


def _length(path: str) -> int:
    """Bytes of sound, 0 if there are none."""
    try:
        with archives.opened(path) as file:
            start, end = _sound(file)
            return max(0, end - start)
    except (OSError, SkipTrack):
        return 0


def _digest(path: str) -> bytes:
    """Of the length of the sound and three samples of it; nothing if it cannot be read."""
    try:
        with archives.opened(path) as file:
            start, end = _sound(file)
            digest = hashlib.blake2b(str(end - start).encode())
            for place in (start, (start + end) // 2, max(start, end - _SAMPLE_BYTES)):
                file.seek(place)
                digest.update(file.read(min(_SAMPLE_BYTES, end - place)))
            return digest.digest()
    except (OSError, SkipTrack):
        return b""


def _sound(file: IO[bytes]) -> tuple[int, int]:
    """From where to where a file holds sound: without ID3v2, ID3v1 and APE tags."""
    start = mpeg.after_tag(file)
    end = file.seek(0, os.SEEK_END)
    if _read_at(file, end - 128, 3) == b"TAG":
        end -= 128
    footer = _read_at(file, end - 32, 32)
    if footer[:8] == b"APETAGEX":
        size, _, flags = struct.unpack_from("<III", footer, 12)
        end -= size + (32 if flags >> 31 else 0)
    return start, end


def _read_at(file: IO[bytes], place: int, count: int) -> bytes:
    if place < 0:
        return b""
    file.seek(place)
    return file.read(count)
