"""Memory for batches, used again and again."""

import math
import mmap
import os
import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Buffers:
    """Memory for arrays that TensorFlow takes as it is, used again when it lets go of them.

    Fresh memory would cost as much as what is copied into it: the system clears each page.
    """

    def __init__(self) -> None:
        self._free: list[_Memory] = []

    def array(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """An uninitialised array."""
        memory, _ = self.file(math.prod(shape) * dtype.itemsize)
        return memory.view(dtype).reshape(shape)

    def file(self, size: int) -> tuple[NDArray[np.uint8], int]:
        """An uninitialised array, and the descriptor of a file with the same memory."""
        memory = self._memory(size)
        return np.asarray(_Lease(memory, self._free))[:size], memory.file

    def _memory(self, size: int) -> "_Memory":
        try:
            memory = self._free.pop()
        except IndexError:
            return _Memory(size)
        return memory if len(memory.array) >= size else _Memory(size)


class _Memory:
    """Memory that is also a file."""

    def __init__(self, size: int) -> None:
        if hasattr(os, "memfd_create"):
            self.file = os.memfd_create("tfgenre")
        else:  # macOS
            with tempfile.TemporaryFile() as file:
                self.file = os.dup(file.fileno())
        os.truncate(self.file, max(1, size))
        self.array = np.frombuffer(mmap.mmap(self.file, max(1, size)), np.uint8)

    def __del__(self) -> None:
        os.close(self.file)


def write(file: int, parts: Sequence[memoryview], *, offset: int) -> None:
    """Copies from many places into a file, by one call of the system, without Python's lock.

    Args:
        file: its descriptor.
        parts: what to copy, at most 1,024 parts.
        offset: where in the file the first part begins; the others follow it.

    Raises:
        OSError: if a part cannot be read, such as that of a mapped file that became shorter.
    """
    size = sum(map(len, parts))
    if (written := os.pwritev(file, parts, offset)) != size:
        raise OSError(f"only {written} of {size} bytes could be read")


class _Lease:
    """The owner of an array's memory, which goes back when no array needs it."""

    def __init__(self, memory: _Memory, free: list[_Memory]) -> None:
        self.__array_interface__ = memory.array.__array_interface__
        self._memory, self._free = memory, free

    def __del__(self) -> None:
        self._free.append(self._memory)
