"""Songs that are not local files: archive members, as `music.zip/rock/a.mp3`, and remote files.

Members are never unpacked under their own names. Remote archives are not opened.
"""

import errno
import io
import lzma
import os
import re
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from tfgenre import storage
from tfgenre.audio.archive_index import Member, index, zip_file
from tfgenre.audio.read_ahead import ReadAhead
from tfgenre.errors import SkipTrack, UserError
from tfgenre.files import FilePart, naming, read_at

_ARCHIVE_END = re.compile(r"\.(zip|tar)/", re.IGNORECASE)
_MAX_IN_MEMORY = 64 << 20
_DOWNLOAD_BYTES = 8 << 20
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError)


def split_path(path: str) -> tuple[str, str] | None:
    """Splits a path into the archive and the member's name; None if it is not in an archive."""
    for end in _ARCHIVE_END.finditer(path):
        if os.path.isfile(archive := path[: end.end() - 1]):
            return archive, path[end.end() :]
    return None


@contextmanager
def on_disk(path: str) -> Iterator[str]:
    """A path that any program can open.

    For an archive member or a remote file, it is the path of an unnamed temporary copy.

    Raises:
        SkipTrack: missing, unreadable or decode_error, if the song is not available.
        UserError: if a remote location cannot be reached.
        OSError: if the disk for the copy is full.
    """
    inside = split_path(path)
    if inside is None and not storage.is_remote(path):
        yield path
        return
    has_proc = os.path.isdir("/proc/self/fd")  # else, as on macOS, the copy needs a name
    temporary = tempfile.TemporaryFile if has_proc else tempfile.NamedTemporaryFile
    with temporary(prefix="tfgenre-") as copy:
        with naming(tempfile.gettempdir()):
            if inside is None:
                _download(path, copy)
            else:
                _unpack(*inside, copy)
            copy.flush()
        yield f"/proc/{os.getpid()}/fd/{copy.fileno()}" if has_proc else str(copy.name)


def _unpack(archive: str, name: str, copy: IO[bytes]) -> None:
    try:
        with _stream(archive, name, _member(archive, name)) as member:
            shutil.copyfileobj(member, copy, 1 << 20)
    except _DAMAGE as error:
        raise SkipTrack("decode_error", f"damaged in its archive: {error}") from error


def _download(path: str, copy: IO[bytes]) -> None:
    try:
        with storage.open_remote(path, read_ahead_bytes=_DOWNLOAD_BYTES) as song:
            shutil.copyfileobj(song, copy, _DOWNLOAD_BYTES)
    except FileNotFoundError as error:
        raise SkipTrack("missing", "no such file") from error
    except PermissionError as error:
        raise SkipTrack("unreadable", "permission denied") from error
    except Exception as error:  # cloud libraries raise anything; the song is not at fault
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        raise UserError(f"{path} cannot be read: {error}. Try the same command again.") from error


def opened(path: str) -> IO[bytes]:
    """Opens a file, in an archive or not, as a seekable binary stream.

    Raises:
        SkipTrack: missing, unreadable or decode_error.
        OSError: if a file outside archives cannot be opened.
    """
    if storage.is_remote(path):
        return storage.open_remote(path)
    if (inside := split_path(path)) is None:
        if not stat.S_ISREG(os.stat(path).st_mode):  # opening a pipe would wait for its writer
            raise SkipTrack("unreadable", "not a regular file, but a folder, pipe or device")
        return open(path, "rb")
    try:
        member = _member(*inside)
        stream = _stream(*inside, member)
        if isinstance(stream, zipfile.ZipExtFile) and member.size <= _MAX_IN_MEMORY:
            with stream:
                return io.BytesIO(stream.read())
        return stream
    except _DAMAGE as error:
        raise SkipTrack("decode_error", f"damaged in its archive: {error}") from error


def random_access(path: str, *, piece_bytes: int) -> ReadAhead:
    """Opens a file of which only parts will be read.

    Args:
        path: the file.
        piece_bytes: how much is read at once, at least.

    Raises:
        SkipTrack: as `opened`, and unreadable for an archive's member that is compressed.
        OSError: if a file outside archives cannot be opened.
    """
    return ReadAhead(_unbuffered(path), piece_bytes=piece_bytes)


def _unbuffered(path: str) -> BinaryIO:
    if storage.is_remote(path):
        return cast(BinaryIO, storage.open_remote(path, read_ahead_bytes=0))
    if (inside := split_path(path)) is None:
        return cast(BinaryIO, open(path, "rb", buffering=0))
    archive, _ = inside
    member = _member(*inside)
    start = member.offset or _start_in_zip(*inside)
    return cast(BinaryIO, FilePart(archive, start=start, end=start + member.size))


def _start_in_zip(archive: str, name: str) -> int:
    """Where a stored member of a zip file starts, in bytes."""
    found = zip_file(archive).getinfo(name)
    if found.compress_type != zipfile.ZIP_STORED or found.flag_bits & 1:
        raise SkipTrack("unreadable", "compressed or encrypted in its archive")
    with open(archive, "rb") as file:
        header = read_at(file, found.header_offset, 30)
    name_bytes, extra_bytes = struct.unpack_from("<2H", header, 26)
    return int(found.header_offset + len(header) + name_bytes + extra_bytes)


def check_present(path: str) -> None:
    """Raises SkipTrack (missing or unreadable) if a path leads into an archive that lacks it."""
    if (inside := split_path(path)) is not None:
        _member(*inside)


def _member(archive: str, name: str) -> Member:
    """Finds a member by its name.

    Raises:
        SkipTrack: missing or unreadable.
    """
    try:
        found = index(archive)
    except (UserError, OSError) as error:
        raise SkipTrack("unreadable", f"its archive cannot be read: {error}") from error
    if name in found.members:
        return found.members[name]
    if found.damage:
        raise SkipTrack("unreadable", f"its archive is damaged: {found.damage}")
    raise SkipTrack("missing", f"{Path(archive).name} has no such member")


def _stream(archive: str, name: str, member: Member) -> IO[bytes]:
    """Opens a member; a zip file's checksum is verified once everything is read."""
    if not archive.lower().endswith(".zip"):
        end = member.offset + member.size
        return io.BufferedReader(FilePart(archive, start=member.offset, end=end))
    try:
        return zip_file(archive).open(name)
    except (OSError, RuntimeError, NotImplementedError) as error:  # encrypted, or a rare method
        raise SkipTrack("unreadable", f"cannot be opened in its archive: {error}") from error
