"""Writes genres into songs' tags; nothing else in a song changes.

The change is made in a copy beside the song, which replaces it once complete and on disk.
"""

import io
import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mutagen
from mutagen.flac import FLAC
from mutagen.id3 import ID3, TCON, ParseID3v1
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggvorbis import OggVorbis

from tfgenre import files, storage
from tfgenre.audio import archives, mpeg, tags

_WITH_COMMENTS = (FLAC, OggVorbis, OggOpus, OggFLAC, OggSpeex)
_ID3V1_BYTES = 128


class CannotTag(Exception):
    """A song's tags cannot be read or written; the text says why, for a person."""


def own_genres(path: str) -> tuple[str, ...]:
    """The genres in any of a song's tags, which `write` would hide or replace."""
    return tags.read(Path(path)).genres


def check(path: str) -> None:
    """Raises CannotTag if a song's format or location does not allow writing tags."""
    if archives.split_path(path) is not None:
        raise CannotTag("it is in an archive, which is never changed")
    if storage.is_remote(path):
        raise CannotTag("it is on remote storage")
    is_writable = os.stat(path).st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    if not is_writable or not os.access(path, os.W_OK):
        raise CannotTag("it is read-only")
    _kind(path)


def read(path: str) -> list[str] | None:
    """The texts of the tag that `write` writes, as stored; None if the tag does not exist.

    Raises:
        CannotTag: if the file's tags cannot be read.
    """
    kind = _kind(path)
    with _mutagen_errors_as_cannot_tag():
        if kind is MP3:
            block, _ = _id3_block(path)
            found = _id3(block, b"").get("TCON") if block else None
            return list(found.text) if found is not None else None
        values = (kind(path).tags or {}).get(_name(kind))
        return list(values) if values is not None else None


def has_block(path: str) -> bool:
    """Whether a file has the block of tags that `write` would write to."""
    kind = _kind(path)
    with _mutagen_errors_as_cannot_tag():
        return bool(_id3_block(path)[0]) if kind is MP3 else kind(path).tags is not None


def write(path: str, genres: list[str] | None, *, keep_block: bool = True) -> None:
    """Writes a song's genre tag.

    Args:
        path: the song.
        genres: the tag's texts; None removes the tag.
        keep_block: False also removes the block of tags if nothing else is left in it.

    Raises:
        CannotTag: if the file has an unsupported format, or its tags are damaged.
        OSError: if the folder cannot be written.
    """
    kind = _kind(path)
    with _replacing(path) as copy, _mutagen_errors_as_cannot_tag():
        if kind is MP3:
            _write_id3(path, copy, genres, keep_block)
        else:
            shutil.copyfile(path, copy)
            _write_in_place(kind(copy), genres, keep_block)


def _write_in_place(song: mutagen.FileType, genres: list[str] | None, keep_block: bool) -> None:
    if song.tags is None:
        song.add_tags()
    name = _name(type(song))
    if genres is not None:
        song.tags[name] = genres
    elif name in song.tags:
        del song.tags[name]
    if song.tags or keep_block or isinstance(song, MP4):
        song.save()
    else:
        song.delete()


def _kind(path: str) -> type[Any]:
    """The mutagen class that reads and writes a file's tags."""
    with _mutagen_errors_as_cannot_tag():
        found = type(mutagen.File(path))
    if found not in (MP3, MP4, *_WITH_COMMENTS):
        raise CannotTag("tags are written into mp3, ogg, opus, flac and m4a files only")
    return found


def _name(kind: type[Any]) -> str:
    return "\xa9gen" if kind is MP4 else "genre"


@contextmanager
def _mutagen_errors_as_cannot_tag() -> Iterator[None]:
    """Raises mutagen's errors as CannotTag."""
    try:
        yield
    except (CannotTag, OSError):
        raise
    except Exception as error:  # for damaged tags, mutagen raises errors of many types
        raise CannotTag(f"its tags cannot be read: {error}") from error


def _id3_block(path: str) -> tuple[bytes, int]:
    """The ID3v2 tag at a file's start, b"" if it has none, and where the tag ends."""
    with open(path, "rb") as file:
        start = file.read(10)
        if start[:3] != b"ID3":
            return b"", 0
        block = start + file.read(mpeg.tag_bytes(start))
        return block, len(block)


def _id3(block: bytes, end: bytes) -> ID3:
    """The frames of an ID3v2 tag; without one, those of the ID3v1 tag at a file's end."""
    if block:
        return ID3(io.BytesIO(block), translate=False, load_v1=False)
    frames = ID3()
    for frame in (ParseID3v1(end) or {}).values():
        frames.add(frame)
    return frames


def _write_id3(path: str, copy: str, genres: list[str] | None, keep_block: bool) -> None:
    """Writes a copy with a new ID3v2 tag; what follows the old tag is unchanged."""
    block, start = _id3_block(path)
    end = _last_bytes(path)
    frames = _id3(block, end)
    frames.delall("TCON")
    if genres is not None:
        frames.add(TCON(encoding=3, text=genres))
    is_empty = not keep_block and _texts(frames) <= _texts(_id3(b"", end))
    with open(path, "rb") as source, open(copy, "wb") as target:
        if not is_empty:
            target.write(_as_bytes(frames))
        source.seek(start)
        shutil.copyfileobj(source, target, 1 << 20)


def _as_bytes(frames: ID3) -> bytes:
    """An ID3v2 tag in the version it was read in; 2.2 becomes 2.3."""
    version = 3 if frames.version < (2, 4, 0) else 4
    buffer = io.BytesIO()
    frames.save(buffer, v1=0, v2_version=version, v23_sep=None)
    return buffer.getvalue()


def _texts(frames: ID3) -> set[tuple[str, str]]:
    return {(name, str(frame)) for name, frame in frames.items() if name != "TCON"}


def _last_bytes(path: str) -> bytes:
    with files.FilePart(path) as file:
        file.seek(-min(_ID3V1_BYTES, os.path.getsize(path)), io.SEEK_END)
        return file.read()


@contextmanager
def _replacing(path: str) -> Iterator[str]:
    """Yields a path beside a song; at the end, that file replaces it, with its mode and owner."""
    place = os.path.realpath(path)
    copy = os.path.join(os.path.dirname(place), f".tfgenre-{uuid.uuid4().hex}{files.TEMPORARY}")
    try:
        yield copy
        shutil.copystat(place, copy)
        os.utime(copy)
        found = os.stat(place)
        os.chown(copy, found.st_uid, found.st_gid)
        with open(copy, "rb") as file:
            os.fsync(file.fileno())
        os.replace(copy, place)
    except BaseException:
        Path(copy).unlink(missing_ok=True)
        raise
    storage.sync_folder(Path(place).parent)
