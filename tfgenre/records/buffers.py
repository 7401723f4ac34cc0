"""Memory for batches, used again and again."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ALIGNMENT_BYTES = 64  # at which TensorFlow takes an array's memory instead of copying it


class Buffers:
    """Memory for arrays that TensorFlow takes as it is, used again when it lets go of them.

    Fresh memory would cost as much as what is copied into it: the system clears each page.
    """

    def __init__(self) -> None:
        self._free: list[NDArray[np.uint8]] = []

    def array(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """An uninitialised array."""
        size = math.prod(shape) * dtype.itemsize
        try:
            memory = self._free.pop()
        except IndexError:
            memory = np.empty(0, np.uint8)
        if len(memory) < size:
            memory = np.empty(size + _ALIGNMENT_BYTES, np.uint8)
            memory = memory[-memory.ctypes.data % _ALIGNMENT_BYTES :]
        return np.asarray(_Lease(memory, self._free))[:size].view(dtype).reshape(shape)


class _Lease:
    """The owner of an array's memory, which goes back when no array needs it."""

    def __init__(self, memory: NDArray[np.uint8], free: list[NDArray[np.uint8]]) -> None:
        self.__array_interface__ = memory.__array_interface__
        self._memory, self._free = memory, free

    def __del__(self) -> None:
        self._free.append(self._memory)
