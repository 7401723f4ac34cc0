"""Duplicate songs in a collection: the same bytes, or the same audio with other tags.

A duplicate in both train and test inflates the score: the network has already seen it.
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

    Songs are copies if their audio, between ID3 and APE tags, has the same length and the same
    bytes in three samples of 64 KB. A file that cannot be read has no copies.

    Args:
        catalogue: the collection.
        on_track: called with the number of songs just read.

    Returns:
        Track id of each copy -> id of the original, the first of them by id.
    """
    paths = {track.id: str(catalogue.data_dir / track.path) for track in catalogue.tracks}
    ids = sorted(paths)
    by_length, by_digest = defaultdict(list), defaultdict(list)
    with ThreadPoolExecutor(_THREADS) as threads:
        for track_id, length in zip(ids, threads.map(_length, map(paths.get, ids)), strict=True):
            by_length[length].append(track_id)
            on_track(1)
        groups = [group for length, group in by_length.items() if length and len(group) > 1]
        candidates = [track_id for group in groups for track_id in group]
        digests = threads.map(_digest, map(paths.get, candidates))
        for track_id, digest in zip(candidates, digests, strict=True):
            by_digest[digest].append(track_id)
    return {copy: ids[0] for digest, ids in by_digest.items() if digest for copy in sorted(ids)[1:]}


def drop_absent(catalogue: Catalogue) -> Catalogue:
    """The collection without the songs that its archives do not contain."""
    kept, absent = [], []
    for track in catalogue.tracks:
        try:
            archives.check_present(str(catalogue.data_dir / track.path))
            kept.append(track)
        except SkipTrack as skip:
            absent.append(Skipped(track.path, skip.reason, skip.detail))
    return replace(catalogue, tracks=tuple(kept), skipped=(*catalogue.skipped, *absent))


def drop(catalogue: Catalogue, copies: dict[str, str]) -> Catalogue:
    """The collection without the copies, which are listed as skipped."""
    path_of = {track.id: track.path for track in catalogue.tracks}
    dropped = tuple(
        Skipped(track.path, "duplicate", f"of {path_of[copies[track.id]]}")
        for track in catalogue.tracks
        if track.id in copies
    )
    kept = tuple(track for track in catalogue.tracks if track.id not in copies)
    return replace(catalogue, tracks=kept, skipped=(*catalogue.skipped, *dropped))


def note(catalogue: Catalogue, copies: dict[str, str]) -> Catalogue:
    """The collection with the copies, and a note that reports them."""
    if not copies:
        return catalogue
    total = len(catalogue.tracks)
    sentence = f"{len(copies):,} of {total:,} songs are copies, possibly across splits"
    return replace(catalogue, notes=(*catalogue.notes, sentence))


def _length(path: str) -> int:
    """The length of the audio in bytes, 0 if there is none or it cannot be read."""
    try:
        with archives.opened(path) as file:
            start, end = _audio_range(file)
            return max(0, end - start)
    except (OSError, SkipTrack):
        return 0


def _digest(path: str) -> bytes:
    """Digest of the audio's length and of three samples of it; empty if it cannot be read."""
    try:
        with archives.opened(path) as file:
            start, end = _audio_range(file)
            digest = hashlib.blake2b(str(end - start).encode())
            for offset in (start, (start + end) // 2, max(start, end - _SAMPLE_BYTES)):
                file.seek(offset)
                digest.update(file.read(min(_SAMPLE_BYTES, end - offset)))
            return digest.digest()
    except (OSError, SkipTrack):
        return b""


def _audio_range(file: IO[bytes]) -> tuple[int, int]:
    """Start and end of the audio in a file: without ID3v2, ID3v1 and APE tags."""
    start = mpeg.after_tag(file)
    end = file.seek(0, os.SEEK_END)
    if _read_at(file, end - 128, 3) == b"TAG":
        end -= 128
    footer = _read_at(file, end - 32, 32)
    if footer[:8] == b"APETAGEX":
        size, _, flags = struct.unpack_from("<III", footer, 12)
        end -= size + (32 if flags >> 31 else 0)
    return start, end


def _read_at(file: IO[bytes], offset: int, count: int) -> bytes:
    if offset < 0:
        return b""
    file.seek(offset)
    return file.read(count)
