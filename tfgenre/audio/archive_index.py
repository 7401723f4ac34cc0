"""Indexes of zip and tar archives, each made once."""

import functools
import io
import os
import struct
import tarfile
import threading
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from tfgenre.errors import UserError

MAX_ENTRIES = 400_000  # their index takes 300 MB; the largest collection has 106,574
_MIN_ENTRY_BYTES = 60  # of a zip file's index: 46 plus a name
_lock = threading.Lock()  # so that two threads do not index the same archive
_END_OF_ZIP = struct.Struct("<4s4H2LH")
_END_OF_ZIP64 = struct.Struct("<4sQ2H2L4Q")


@dataclass(frozen=True)
class Member:
    """A file in an archive: its size and its offset in a tar file (0 in a zip file), in bytes."""

    size: int
    offset: int


@dataclass(frozen=True)
class Index:
    """An archive's regular files by name, and a description of its damage, "" if it is intact."""

    members: Mapping[str, Member]
    damage: str = ""


def members(archive: str) -> Mapping[str, Member]:
    """An archive's regular files by name, without links and names that lead out of the archive.

    Raises:
        UserError: if the archive cannot be read or has more than 400,000 entries.
    """
    return index(archive).members


def index(archive: str) -> Index:
    """An archive's `members` and, of a damaged tar file, the damage and the members before it.

    Raises:
        UserError: as `members`.
    """
    found = os.stat(archive)
    with _lock:
        return _index(archive, found.st_mtime_ns, found.st_size)


def zip_file(archive: str) -> zipfile.ZipFile:
    """An open zip file, shared by all callers."""
    found = os.stat(archive)
    with _lock:
        return _zip(archive, found.st_mtime_ns, found.st_size)


def is_safe(name: str) -> bool:
    """Whether a name in a table or an archive stays inside the folder it is relative to."""
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts and "\0" not in name


@functools.lru_cache(maxsize=256)
def _index(archive: str, mtime_ns: int, size: int) -> Index:
    try:
        if not archive.lower().endswith(".zip"):
            return _tar_index(archive, size)
        entries = (
            (entry.filename, Member(entry.file_size, 0))
            for entry in _zip(archive, mtime_ns, size).infolist()
            if not entry.is_dir() and entry.external_attr >> 28 in (0, 8)  # not a link
        )
        return Index({name: member for name, member in entries if is_safe(name)})
    except (OSError, zipfile.BadZipFile, tarfile.TarError, ValueError) as error:
        message = f"{archive} is not a complete archive: {error}. Download it again."
        raise UserError(message) from error


def _tar_index(archive: str, size: int) -> Index:
    found: dict[str, Member] = {}
    with tarfile.open(archive, "r:") as tar:
        try:
            for number, entry in enumerate(tar):
                _check_entries(archive, number + 1)
                name = entry.name.removeprefix("./")
                is_whole = entry.offset_data + entry.size <= size
                if entry.isreg() and not entry.issparse() and is_safe(name) and is_whole:
                    found[name] = Member(entry.size, entry.offset_data)
                tar.members = []  # type: ignore[attr-defined]  # else tarfile keeps them all
        except tarfile.TarError as error:
            return Index(found, f"{error}, after {len(found):,} files")
    with open(archive, "rb") as file:  # tarfile mistakes a damaged header for the end
        file.seek(tar.offset)
        block = file.read(tarfile.BLOCKSIZE)
        is_intact = not any(block) and len(block) in (0, tarfile.BLOCKSIZE)
    return Index(found, "" if is_intact else f"a damaged header after {len(found):,} files")


@functools.lru_cache(maxsize=8)
def _zip(archive: str, mtime_ns: int, size: int) -> zipfile.ZipFile:
    with open(archive, "rb") as file:
        _check_entries(archive, _count_zip_entries(file))
    return zipfile.ZipFile(archive)


def _check_entries(archive: str, count: int) -> None:
    if count > MAX_ENTRIES:
        raise UserError(
            f"{archive} has {count:,} entries, more than {MAX_ENTRIES:,}. Unpack it, and pass the "
            "folder instead."
        )


def _count_zip_entries(file: BinaryIO) -> int:
    """How many entries a zip file declares, or its index has room for; 0 if it is no zip file."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 65_535 - _END_OF_ZIP.size - 20))
    tail = file.read()
    place = tail.rfind(b"PK\5\6")
    if place < 0 or len(tail) < place + _END_OF_ZIP.size:
        return 0
    _, _, _, _, count, index_bytes, _, _ = _END_OF_ZIP.unpack_from(tail, place)
    if tail[max(0, place - 20) : place - 16] == b"PK\6\7":
        file.seek(struct.unpack_from("<Q", tail, place - 12)[0])
        end = file.read(_END_OF_ZIP64.size)
        if len(end) == _END_OF_ZIP64.size:
            *_, count, index_bytes, _ = _END_OF_ZIP64.unpack(end)
    return max(int(count), int(index_bytes) // _MIN_ENTRY_BYTES)
