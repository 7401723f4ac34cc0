"""Duplicate songs in a collection: the same bytes, or the same audio with other tags.

A duplicate in both train and test inflates the score: the network has already seen it.
"""

from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import IO, TypeVar

from tfgenre.audio import archives, sound_bytes
from tfgenre.datasets.track import Catalogue, Skipped, Track
from tfgenre.errors import SkipTrack

_THREADS = 8
_Found = TypeVar("_Found")


def measure(
    catalogue: Catalogue, *, on_track: Callable[[int], object] = lambda count: None
) -> Catalogue:
    """The collection with each track's `sound`: a few KiB of each song are read.

    Args:
        catalogue: the collection.
        on_track: called with the number of songs just read.
    """
    tracks = []
    with ThreadPoolExecutor(_THREADS) as threads:
        found = threads.map(lambda track: _summary(catalogue, track), catalogue.tracks)
        for track, sound in zip(catalogue.tracks, found, strict=True):
            tracks.append(replace(track, sound=sound))
            on_track(1)
    return replace(catalogue, tracks=tuple(tracks))


def find(catalogue: Catalogue) -> dict[str, str]:
    """Finds the copies in a collection that was measured.

    Songs are copies if all bytes of their sound are the same. Only songs with equal `sound` are
    read for this. A file that cannot be read has no copies.

    Returns:
        Track id of each copy -> id of the original, the first of them by id.
    """
    by_sound: dict[str, list[Track]] = defaultdict(list)
    for track in sorted(catalogue.tracks, key=lambda track: track.id):
        by_sound[track.sound].append(track)
    groups = (group for sound, group in by_sound.items() if sound and len(group) > 1)
    candidates = [track for group in groups for track in group]
    by_digest: dict[bytes, list[str]] = defaultdict(list)
    with ThreadPoolExecutor(_THREADS) as threads:
        digests = threads.map(lambda track: _digest(catalogue, track), candidates)
        for track, digest in zip(candidates, digests, strict=True):
            by_digest[digest].append(track.id)
    return {copy: ids[0] for digest, ids in by_digest.items() if digest for copy in ids[1:]}


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


def _summary(catalogue: Catalogue, track: Track) -> str:
    return _read(catalogue, track, sound_bytes.summary, otherwise="")


def _digest(catalogue: Catalogue, track: Track) -> bytes:
    return _read(catalogue, track, sound_bytes.digest, otherwise=b"")


def _read(
    catalogue: Catalogue, track: Track, read: Callable[[IO[bytes]], _Found], *, otherwise: _Found
) -> _Found:
    """What is found in a song's file; something else if it cannot be read."""
    try:
        with archives.opened(str(catalogue.data_dir / track.path)) as file:
            return read(file)
    except (OSError, SkipTrack):
        return otherwise
