"""What is in zip and tar archives: an index of each, made once."""

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

MAX_ENTRIES = 400_000  # an index of these takes 300 MB; the largest collection has 106,574
_LEAST_ENTRY_BYTES = 60  # of a zip file's index: 46, and a name
_lock = threading.Lock()  # so that threads do not index the same archive at once
_END_OF_ZIP = struct.Struct("<4s4H2LH")
_END_OF_ZIP64 = struct.Struct("<4sQ2H2L4Q")


@dataclass(frozen=True)
class Member:
    """A file in an archive: its size in bytes, and where a tar file holds them (else 0)."""

    size: int
    offset: int


@dataclass(frozen=True)
class Index:
    """An archive's regular files by name, and what is wrong with it, "" if nothing is."""

    members: Mapping[str, Member]
    damage: str = ""


def members(archive: str) -> Mapping[str, Member]:
    """An archive's regular files by name; links, and names that lead out of it, are left out.

    Raises:
        UserError: if it cannot be read, or has more than 400,000 entries.
    """
    return index(archive).members


def index(archive: str) -> Index:
    """What `members` gives, and whether a tar file is damaged; what comes before that is there.

    Raises:
        UserError: as `members`.
    """
    found = os.stat(archive)
    with _lock:
        return _index(archive, found.st_mtime_ns, found.st_size)


def zip_file(archive: str) -> zipfile.ZipFile:
    """An open zip file, the same for all that ask."""
    found = os.stat(archive)
    with _lock:
        return _zip(archive, found.st_mtime_ns, found.st_size)


def is_safe(name: str) -> bool:
    """Whether a name from a table or an archive stays below the folder it is relative to."""
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
            if not entry.is_dir() and entry.external_attr >> 28 in (0, 8)  # no link
        )
        return Index({name: member for name, member in entries if is_safe(name)})
    except (OSError, zipfile.BadZipFile, tarfile.TarError, ValueError) as error:
        raise UserError(f"{archive} is no whole archive: {error}. Download it again.") from error


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
                tar.members = []  # type: ignore[attr-defined]  # tarfile would keep them all
        except tarfile.TarError as error:
            return Index(found, f"{error}, after {len(found):,} songs")
    with open(archive, "rb") as file:  # tarfile takes a damaged header for the end
        file.seek(tar.offset)
        block = file.read(tarfile.BLOCKSIZE)
        ends_well = not any(block) and len(block) in (0, tarfile.BLOCKSIZE)
    return Index(found, "" if ends_well else f"a damaged header after {len(found):,} songs")


@functools.lru_cache(maxsize=8)
def _zip(archive: str, mtime_ns: int, size: int) -> zipfile.ZipFile:
    with open(archive, "rb") as file:
        _check_entries(archive, _count_zip_entries(file))
    return zipfile.ZipFile(archive)


def _check_entries(archive: str, count: int) -> None:
    if count > MAX_ENTRIES:
        raise UserError(
            f"{archive} has {count:,} entries, more than {MAX_ENTRIES:,}: unpack it, and give the "
            "folder."
        )


def _count_zip_entries(file: BinaryIO) -> int:
    """How many entries a zip file may have by what its end says of them; 0 if it is none."""
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
    return max(int(count), int(index_bytes) // _LEAST_ENTRY_BYTES)
