"""Files that are written atomically and read with checks; parts of files."""

import fcntl
import io
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from tfgenre import storage
from tfgenre.errors import UserError

TEMPORARY = ".tmp"
_PIECE_BYTES = 1 << 20


class FilePart(io.FileIO):
    """A part of a file that reads like a file of its own."""

    def __init__(self, path: str, *, start: int = 0, end: int | None = None) -> None:
        super().__init__(path)
        self._start = start
        self._end = super().seek(0, io.SEEK_END) if end is None else end
        self.seek(0)

    def readinto(self, buffer: Any) -> int:
        """Reads bytes into a buffer, and returns how many."""
        return super().readinto(memoryview(buffer)[: self._left()]) or 0

    def read(self, size: int | None = -1) -> bytes:
        """Some bytes; the rest of the part without a size."""
        left = self._left()
        data = bytearray(left if size is None or size < 0 else min(size, left))
        return bytes(data[: self.readinto(data)])

    def readall(self) -> bytes:
        """The rest of the part."""
        return self.read()

    def _left(self) -> int:
        return max(0, self._end - super().tell())

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Seeks within the part, and returns the position."""
        if whence == io.SEEK_CUR:
            return super().seek(offset, whence) - self._start
        base = self._start if whence == io.SEEK_SET else self._end
        return super().seek(base + offset) - self._start

    def tell(self) -> int:
        """The position within the part."""
        return super().tell() - self._start


def read_at(file: IO[bytes], offset: int, num_bytes: int) -> bytes:
    """Some bytes of an open file; fewer at its end."""
    file.seek(offset)
    return file.read(num_bytes)


def pieces(file: IO[bytes], start: int, end: int) -> Iterator[bytes]:
    """Yields an open file's bytes from start to end, in pieces.

    Raises:
        OSError: if the file ends before that.
    """
    file.seek(start)
    while start < end:
        piece = file.read(min(_PIECE_BYTES, end - start))
        if not piece:
            raise OSError(f"the file ends at byte {start}, before {end}")
        start += len(piece)
        yield piece


def lock(file: IO[bytes] | IO[str] | int, *, taken: str) -> None:
    """Locks an open file or folder until it is closed, or the process ends.

    Args:
        file: the file, or its descriptor.
        taken: what to say if another process has locked it.

    Raises:
        UserError: if another process has.
        OSError: if the file system has no such locks.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise UserError(taken) from error


def size_of(file: IO[bytes]) -> int:
    """The size of an open file in bytes."""
    return file.seek(0, io.SEEK_END)


@contextmanager
def naming(path: Path | str) -> Iterator[None]:
    """Adds a file's name to errors that have none, such as that of a full disk."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise


@contextmanager
def atomic_file(path: Path, *, scratch: Path | None = None) -> Iterator[IO[bytes]]:
    """Opens a binary file that gets its name once it is complete and on the disk.

    Args:
        path: the file.
        scratch: the folder where it is until then, under a unique name; beside path if not given,
            for files that only one process writes.
    """
    temporary = path.with_name(f".{path.name}{TEMPORARY}")
    if scratch is not None:
        temporary = scratch / f"{path.name}-{uuid.uuid4().hex}{TEMPORARY}"
    try:
        with naming(path), temporary.open("wb") as file:
            yield file
            file.flush()
            if not storage.is_remote(path):
                os.fsync(file.fileno())
        storage.rename(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    storage.sync_folder(path.parent)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """A new folder that replaces a former one of its name once all in it is on the disk."""
    path = path.resolve()
    temporary, former = (path.with_name(f".{path.name}{end}") for end in (TEMPORARY, ".old"))
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        with naming(path):
            yield temporary
            for file in filter(Path.is_file, temporary.rglob("*")):
                with file.open("rb") as written:
                    os.fsync(written.fileno())
        shutil.rmtree(former, ignore_errors=True)
        with suppress(FileNotFoundError):
            path.rename(former)
        temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    shutil.rmtree(former, ignore_errors=True)
    storage.sync_folder(path.parent)


def write_atomically(
    path: Path, content: bytes | memoryview, *, scratch: Path | None = None
) -> None:
    """Writes a small file atomically."""
    with atomic_file(path, scratch=scratch) as file:
        file.write(content)


def write_json(path: Path, values: dict[str, Any], *, scratch: Path | None = None) -> None:
    """Writes a JSON object atomically; names that are not UTF-8 are escaped.

    Raises:
        ValueError: if a number is NaN or infinite, which JSON has not.
    """
    text = json.dumps(values, indent=1, allow_nan=False)
    write_atomically(path, text.encode() + b"\n", scratch=scratch)


def read_json(path: Path, *, advice: str) -> dict[str, Any]:
    """Reads a JSON object.

    Args:
        path: the file.
        advice: what to do if it is damaged, for the user.

    Raises:
        UserError: if it is not a JSON object.
        OSError: if it cannot be read.
    """
    try:
        values = json.loads(path.read_text())
    except ValueError as error:
        raise UserError(f"{path} is damaged ({error}): {advice}.") from error
    if not isinstance(values, dict):
        raise UserError(f"{path} is damaged (no JSON object): {advice}.")
    return values
