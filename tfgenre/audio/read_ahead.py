"""Reads files, of which only parts are wanted, with few requests."""

import io
from typing import Any, BinaryIO

from tfgenre.files import read_at, size_of


class ReadAhead(io.RawIOBase):
    """A file that is read in pieces, of which the last one is kept.

    Attributes:
        piece_bytes: how much is read at once, at least; it may be changed at any time.
        num_bytes: the size of the file.
    """

    def __init__(self, file: BinaryIO, *, piece_bytes: int) -> None:
        """See the class; closing it closes the file."""
        self.piece_bytes = piece_bytes
        self.num_bytes = size_of(file)
        self._file = file
        self._place = self._start = 0
        self._piece = b""

    def readinto(self, buffer: Any) -> int:
        """Fills a buffer, unless the file ends before, and returns how many bytes were read."""
        target = memoryview(buffer).cast("B")
        filled = 0
        while filled < len(target) and self._place < self.num_bytes:
            found = self._held(len(target) - filled)
            target[filled : filled + len(found)] = found
            filled += len(found)
            self._place += len(found)
        return filled

    def _held(self, num_bytes: int) -> bytes:
        """Up to so many bytes from the current place on, at least one."""
        offset = self._place - self._start
        if not 0 <= offset < len(self._piece):
            self._start, offset = self._place, 0
            self._piece = read_at(self._file, self._place, max(num_bytes, self.piece_bytes))
            if not self._piece:
                raise OSError(f"the file ends at byte {self._place}, before {self.num_bytes}")
        return self._piece[offset : offset + num_bytes]

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Seeks, and returns the position."""
        bases = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self.num_bytes}
        self._place = max(0, bases[whence] + offset)
        return self._place

    def tell(self) -> int:
        """The position in the file."""
        return self._place

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def close(self) -> None:
        """Closes the file, too."""
        self._file.close()
        super().close()
