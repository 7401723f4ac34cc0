"""Songs inside zip and tar archives: a path may go on into one, as in `music.zip/rock/a.mp3`.

Nothing is ever unpacked under a member's own name.
"""

import functools
import io
import os
import re
import shutil
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO

from tfgenre.errors import SkipTrack, UserError

_ARCHIVE_END = re.compile(r"\.(zip|tar)/", re.IGNORECASE)
MAX_ENTRIES = 400_000  # an index of these takes half a gigabyte; the largest collection has 106,574
_END_OF_ZIP = struct.Struct("<4s4H2LH")
_END_OF_ZIP64 = struct.Struct("<4sQ2H2L4Q")


@dataclass(frozen=True)
class Member:
    """A file in an archive.

    Attributes:
        size: in bytes.
        offset: where a tar file holds its bytes, 0 in a zip file.
        crc: the checksum of a zip file's, None in a tar file.
    """

    size: int
    offset: int
    crc: int | None


class FilePart(io.FileIO):
    """A part of a file that reads like a file of its own."""

    def __init__(self, path: str, *, start: int = 0, end: int | None = None) -> None:
        super().__init__(path)
        self._start = start
        self._end = super().seek(0, io.SEEK_END) if end is None else end
        self.seek(0)

    def readinto(self, buffer: Any) -> int:
        """Reads bytes into a buffer, and returns how many."""
        left = max(0, self._end - super().tell())
        return super().readinto(memoryview(buffer)[:left]) or 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Goes somewhere, and returns where that is."""
        if whence == io.SEEK_CUR:
            return super().seek(offset, whence) - self._start
        base = self._start if whence == io.SEEK_SET else self._end
        return super().seek(base + offset) - self._start

    def tell(self) -> int:
        """Where the file stands."""
        return super().tell() - self._start


def split(path: str) -> tuple[str, str] | None:
    """The archive in a path and the member's name, None if the path goes into no archive."""
    for end in _ARCHIVE_END.finditer(path):
        if os.path.isfile(archive := path[: end.end() - 1]):
            return archive, path[end.end() :]
    return None


def members(archive: str) -> Mapping[str, Member]:
    """An archive's regular files by name; links, and names that lead out of it, are left out.

    Raises:
        UserError: if it cannot be read, or has more than 400,000 entries.
    """
    found = os.stat(archive)
    return _members(archive, found.st_mtime_ns, found.st_size)


def is_safe(name: str) -> bool:
    """Whether a name from a table or an archive stays below the folder it is relative to."""
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts and "\0" not in name


@contextmanager
def on_disk(path: str) -> Iterator[str]:
    """A path that any program can open: of a member, that of a temporary copy without a name.

    Raises:
        SkipTrack: missing, unreadable or decode_error, if the member is not to be had.
    """
    if split(path) is None:
        yield path
        return
    with tempfile.TemporaryFile(prefix="tfgenre-") as copy:
        with opened(path) as member:
            try:
                shutil.copyfileobj(member, copy, 1 << 20)
            except (zipfile.BadZipFile, zlib.error, EOFError) as error:
                raise SkipTrack("decode_error", f"in its archive: {error}") from error
        copy.flush()
        yield f"/proc/{os.getpid()}/fd/{copy.fileno()}"


def opened(path: str) -> IO[bytes]:
    """Opens a file, be it in an archive or not, for reading from any place in it.

    Raises:
        SkipTrack: missing or unreadable.
        OSError: if a file that is in no archive cannot be opened.
    """
    if (inside := split(path)) is None:
        return open(path, "rb")
    archive, name = inside
    try:
        member = members(archive).get(name)
        if member is None:
            raise SkipTrack("missing", f"{Path(archive).name} has no such member")
        if archive.lower().endswith(".zip"):
            found = os.stat(archive)
            return _zip(archive, found.st_mtime_ns, found.st_size).open(name)
        end = member.offset + member.size
        return io.BufferedReader(FilePart(archive, start=member.offset, end=end))
    except (UserError, OSError, RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
        raise SkipTrack("unreadable", f"in its archive: {error}") from error


@functools.lru_cache(maxsize=256)
def _members(archive: str, mtime_ns: int, size: int) -> Mapping[str, Member]:
    try:
        if archive.lower().endswith(".zip"):
            entries = (
                (entry.filename, Member(entry.file_size, 0, entry.CRC))
                for entry in _zip(archive, mtime_ns, size).infolist()
                if not entry.is_dir() and entry.external_attr >> 28 in (0, 8)  # no link
            )
            return {name: member for name, member in entries if is_safe(name)}
        return _tar_members(archive)
    except (OSError, zipfile.BadZipFile, tarfile.TarError, ValueError) as error:
        raise UserError(f"{archive} is no whole archive: {error}. Download it again.") from error


def _tar_members(archive: str) -> dict[str, Member]:
    found: dict[str, Member] = {}
    with tarfile.open(archive, "r:") as tar:
        for entry in tar:
            name = entry.name.removeprefix("./")
            if entry.isreg() and is_safe(name):
                found[name] = Member(entry.size, entry.offset_data, None)
            tar.members = []  # type: ignore[attr-defined]  # tarfile would keep them all
            _check_entries(archive, len(found))
    return found


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
    """What a zip file says of its entries at its end, without reading them; 0 if it is none."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 65_535 - _END_OF_ZIP.size - 20))
    tail = file.read()
    place = tail.rfind(b"PK\5\6")
    if place < 0 or len(tail) < place + _END_OF_ZIP.size:
        return 0
    count = int(_END_OF_ZIP.unpack_from(tail, place)[4])
    if count != 0xFFFF or tail[place - 20 : place - 16] != b"PK\6\7":
        return count
    file.seek(struct.unpack_from("<Q", tail, place - 12)[0])
    end = file.read(_END_OF_ZIP64.size)
    return int(_END_OF_ZIP64.unpack(end)[7]) if len(end) == _END_OF_ZIP64.size else 0
