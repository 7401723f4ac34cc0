"""Songs that are no files on a disk: in archives, as `music.zip/rock/a.mp3`, or in remote places.

Nothing is ever unpacked under a member's own name. Archives in remote places are not looked into.
"""

import errno
import io
import lzma
import os
import re
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tfgenre import storage
from tfgenre.audio.archive_index import Member, index, zip_file
from tfgenre.errors import SkipTrack, UserError
from tfgenre.files import FilePart, naming

_ARCHIVE_END = re.compile(r"\.(zip|tar)/", re.IGNORECASE)
_LARGEST_IN_MEMORY = 64 << 20
_DOWNLOAD_BYTES = 8 << 20
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError)


def split(path: str) -> tuple[str, str] | None:
    """The archive in a path and the member's name, None if the path goes into no archive."""
    for end in _ARCHIVE_END.finditer(path):
        if os.path.isfile(archive := path[: end.end() - 1]):
            return archive, path[end.end() :]
    return None


@contextmanager
def on_disk(path: str) -> Iterator[str]:
    """A path that any program can open.

    Of a member of an archive and of a remote file, it is that of a temporary copy without a name.

    Raises:
        SkipTrack: missing, unreadable or decode_error, if the song is not to be had.
        UserError: if a remote place cannot be reached.
        OSError: if the disk for the copy is full.
    """
    inside = split(path)
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
        raise SkipTrack("decode_error", f"in its archive: {error}") from error


def _download(path: str, copy: IO[bytes]) -> None:
    try:
        with storage.open_remote(path, read_ahead_bytes=_DOWNLOAD_BYTES) as song:
            shutil.copyfileobj(song, copy, _DOWNLOAD_BYTES)
    except FileNotFoundError as error:
        raise SkipTrack("missing", "no such file") from error
    except PermissionError as error:
        raise SkipTrack("unreadable", "permission denied") from error
    except Exception as error:  # whatever a cloud's library throws: no song's fault
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        raise UserError(f"{path} cannot be read: {error}. Try the same command again.") from error


def opened(path: str) -> IO[bytes]:
    """Opens a file, be it in an archive or not, for reading from any place in it.

    Raises:
        SkipTrack: missing, unreadable or decode_error.
        OSError: if a file that is in no archive cannot be opened.
    """
    if storage.is_remote(path):
        return storage.open_remote(path)
    if (inside := split(path)) is None:
        if not stat.S_ISREG(os.stat(path).st_mode):  # opening a pipe would wait for its writer
            raise SkipTrack("unreadable", "not a file, but a folder, pipe or device")
        return open(path, "rb")
    try:
        member = _member(*inside)
        stream = _stream(*inside, member)
        if isinstance(stream, zipfile.ZipExtFile) and member.size <= _LARGEST_IN_MEMORY:
            with stream:
                return io.BytesIO(stream.read())
        return stream
    except _DAMAGE as error:
        raise SkipTrack("decode_error", f"in its archive: {error}") from error


def check_present(path: str) -> None:
    """Raises SkipTrack (missing or unreadable) if a path goes into an archive that lacks it."""
    if (inside := split(path)) is not None:
        _member(*inside)


def _member(archive: str, name: str) -> Member:
    """A member by its name.

    Raises:
        SkipTrack: missing or unreadable.
    """
    try:
        found = index(archive)
    except (UserError, OSError) as error:
        raise SkipTrack("unreadable", f"its archive: {error}") from error
    if name in found.members:
        return found.members[name]
    if found.damage:
        raise SkipTrack("unreadable", f"its archive is damaged: {found.damage}")
    raise SkipTrack("missing", f"{Path(archive).name} has no such member")


def _stream(archive: str, name: str, member: Member) -> IO[bytes]:
    """Opens a member; of a zip file, its checksum is checked when all is read."""
    if not archive.lower().endswith(".zip"):
        end = member.offset + member.size
        return io.BufferedReader(FilePart(archive, start=member.offset, end=end))
    try:
        return zip_file(archive).open(name)
    except (OSError, RuntimeError, NotImplementedError) as error:  # encrypted, or of an odd method
        raise SkipTrack("unreadable", f"in its archive: {error}") from error
