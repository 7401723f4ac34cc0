"""Changes a song in a copy beside it, which takes its place once it was compared with it."""

import os
import shutil
import stat
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tfgenre import storage
from tfgenre.audio import archives, tags
from tfgenre.errors import CannotTag
from tfgenre.files import pieces, size_of
from tfgenre.tagging import edit
from tfgenre.tagging.splices import Content, Splice, apply, digest, reversing


@dataclass(frozen=True)
class Changed:
    """A change of a song's bytes that can be reversed.

    Attributes:
        before: the SHA-256 digest of the file before the change, in hexadecimal digits.
        after: that of the file after it.
        undo: the splices that reverse it.
    """

    before: str
    after: str
    undo: tuple[Splice, ...]


def check(path: str) -> None:
    """Raises CannotTag if a song's location does not allow writing tags."""
    if archives.split_path(path) is not None:
        raise CannotTag("it is in an archive, which is never changed")
    if storage.is_remote(path):
        raise CannotTag("it is on remote storage")
    found = os.stat(path)
    if not stat.S_ISREG(found.st_mode):
        raise CannotTag("it is not a regular file")
    is_writable = found.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    if not is_writable or not os.access(path, os.W_OK):
        raise CannotTag("it is read-only")


def splices(path: str, genres: Sequence[str]) -> tuple[Splice, ...]:
    """What to replace in a song for it to state genres.

    Raises:
        CannotTag: if the song cannot be tagged.
    """
    with open(path, "rb") as song:
        return edit.splices_for(song, path, genres)


def write(path: str, genres: Sequence[str], *, log: Callable[[Changed], None]) -> None:
    """Writes genres into a song's tags; the sound and all other tags stay the same bytes.

    The change is made in a copy. Before the copy takes the song's place, it is read and shown to
    hold the same sound and the same other tags, to state the genres, and to become the song again
    when the change is undone.

    Args:
        path: the song.
        genres: one or more.
        log: called with the change before the copy takes the song's place.

    Raises:
        CannotTag: if the song cannot be tagged, or the copy is not what it must be.
        OSError: if the folder cannot be written.
    """
    with _replacing(path) as copy:
        with open(path, "rb") as song, open(copy, "rb") as target:
            changes = edit.splices_for(song, path, genres)
            _write(copy, apply(song, changes))
            back = reversing(song, changes)
            before = digest(pieces(song, 0, size_of(song)))
            after = digest(pieces(target, 0, size_of(target)))
            _compare(song, target, path)
            if digest(apply(target, back)) != before:
                raise CannotTag("the change could not be undone")
        _check_tags(path, copy, genres)
        log(Changed(before.hex(), after.hex(), back))


def undo(path: str, change: Changed, *, dry_run: bool) -> bool:
    """Gives a song the bytes that it had before a change.

    Args:
        path: the song.
        change: what was done to it.
        dry_run: whether to only check that it can be done.

    Returns:
        Whether there was something to undo.

    Raises:
        CannotTag: if the song is not what the change made of it.
        OSError: if the folder cannot be written.
    """
    with open(path, "rb") as song:
        found = digest(pieces(song, 0, size_of(song))).hex()
    if found == change.before:
        return False
    if found != change.after:
        raise CannotTag("it was changed since, so it is left as it is")
    check(path)
    if dry_run:
        return True
    with _replacing(path) as copy:
        with open(path, "rb") as song:
            _write(copy, apply(song, change.undo))
        with open(copy, "rb") as restored:
            if digest(pieces(restored, 0, size_of(restored))).hex() != change.before:
                raise CannotTag("the log does not give back the song")
    return True


def _compare(song: BinaryIO, copy: BinaryIO, name: str) -> None:
    """Raises CannotTag unless a copy has the sound and the other tags of a song."""
    contents = []
    for file in (song, copy):
        try:
            contents.append(edit.format_of(file, name).content(file))
        except CannotTag as error:
            raise CannotTag(f"its copy could not be compared: {error}") from error
    before, after = contents
    if before.sound != after.sound:
        raise CannotTag("its sound would change")
    if not _keeps(before, after):
        raise CannotTag("its other tags would change")


def _keeps(before: Content, after: Content) -> bool:
    """Whether all tags are there afterwards, in their order."""
    left = iter(after.tags)
    return all(any(part == other for other in left) for part in before.tags)


def _check_tags(path: str, copy: str, genres: Sequence[str]) -> None:
    """Raises CannotTag unless a copy's tags, as others read them, state the genres."""
    before, after = tags.read(Path(path)), tags.read(Path(copy))
    if after.genres != tuple(genre.strip() for genre in genres):
        found = ", ".join(after.genres) or "nothing"
        raise CannotTag(f"{', '.join(genres)!r} would be read back as {found!r}")
    if before.artist != after.artist:
        raise CannotTag(f"the artist {before.artist!r} would be read as {after.artist!r}")


def _write(path: str, content: Iterator[bytes]) -> None:
    with open(path, "wb") as file:
        for piece in content:
            file.write(piece)


@contextmanager
def _replacing(path: str) -> Iterator[str]:
    """Yields a new file beside a song; at the end, it replaces it, with its mode and owner."""
    place = os.path.realpath(path)
    suffix = os.path.splitext(place)[1]  # by which some of mutagen's readers are chosen
    copy = os.path.join(os.path.dirname(place), f".tfgenre-{uuid.uuid4().hex}{suffix}")
    found = os.stat(place)
    try:
        Path(copy).touch()
        yield copy
        shutil.copystat(place, copy)
        os.utime(copy)
        os.chown(copy, found.st_uid, found.st_gid)
        with open(copy, "rb") as file:
            os.fsync(file.fileno())
        if _state(os.stat(place)) != _state(found):
            raise CannotTag("another program changed it in the meantime")
        os.replace(copy, place)
    except BaseException:
        Path(copy).unlink(missing_ok=True)
        raise
    storage.sync_folder(Path(place).parent)


def _state(found: os.stat_result) -> Sequence[int]:
    return (found.st_ino, found.st_size, found.st_mtime_ns)
