"""How the C library keeps memory."""

import contextlib
import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of malloc.h
_LARGEST_MMAP_THRESHOLD = 32 << 20  # that glibc accepts


def keep_freed(num_bytes: int) -> None:
    """Has glibc keep so much freed memory for the next arrays; other C libraries do as they do.

    It would return a large array's memory to the system each time, and get it back page by page.
    """
    with contextlib.suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_TRIM_THRESHOLD, num_bytes)
        mallopt(_M_MMAP_THRESHOLD, min(num_bytes, _LARGEST_MMAP_THRESHOLD))
