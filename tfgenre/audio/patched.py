"""A part of a file as a decoder should see it: with some bytes replaced, or a larger size."""

import io
from typing import Any, BinaryIO

from tfgenre.files import FilePart

BUFFER_BYTES = 1 << 18


def patched(
    path: str,
    *,
    start: int = 0,
    end: int | None = None,
    patches: dict[int, bytes] | None = None,
    size_factor: int = 1,
) -> BinaryIO:
    """Opens a part of a file.

    Args:
        path: the file.
        start: where the part starts, in bytes.
        end: where it ends, in bytes; None: with the file.
        patches: what is read instead of the file's bytes, by offset in the part.
        size_factor: the reported size is as many times the true one.
    """
    file = _PatchedFile(path, start, end, patches or {}, size_factor)
    return io.BufferedReader(file, BUFFER_BYTES)


class _PatchedFile(FilePart):
    def __init__(
        self, path: str, start: int, end: int | None, patches: dict[int, bytes], size_factor: int
    ) -> None:
        self._patches = patches
        self._size_factor = size_factor
        super().__init__(path, start=start, end=end)

    def readinto(self, buffer: Any) -> int:
        """Reads bytes into a buffer, and returns how many."""
        place = self.tell()
        count = super().readinto(buffer)
        for position, content in self._patches.items():
            for offset, byte in enumerate(content, position - place):
                if 0 <= offset < count:
                    memoryview(buffer)[offset : offset + 1] = bytes([byte])
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves to an offset, and returns it; the end itself is at the reported size."""
        place = super().seek(offset, whence)
        if whence == io.SEEK_END and not offset:
            return super().seek(place * self._size_factor)
        return place
