"""A song's picture cut into 128x128 slices, and the key that puts slices into a stable shuffle."""

import hashlib

import numpy as np
from numpy.typing import NDArray

SLICE_SIZE = 128  # rows and columns


def cut(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cuts a picture into whole slices, side by side; what is left at the end is dropped.

    Args:
        picture: uint8 [129, columns], row 0 (the highest frequency) is not used.

    Returns:
        uint8 [columns // 128, 128, 128], contiguous.
    """
    count = picture.shape[1] // SLICE_SIZE
    used = picture[1 : SLICE_SIZE + 1, : count * SLICE_SIZE]
    slices = used.reshape(SLICE_SIZE, count, SLICE_SIZE).transpose(1, 0, 2)
    return np.ascontiguousarray(slices)


def stable_hash(*parts: str | int) -> int:
    """A 63-bit hash that is the same on every machine and in every process."""
    text = "\0".join(str(part) for part in parts)
    digest = hashlib.blake2b(text.encode(errors="surrogateescape"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def stable_fraction(*parts: str | int) -> float:
    """A stable hash as a number in [0, 1)."""
    return (stable_hash(*parts) >> 10) / 2.0**53


def sampling_key(seed: int, track_id: str, slice_index: int) -> int:
    """Where a slice stands in the shuffle of its collection: the N smallest keys are N draws."""
    return stable_hash("slice", seed, track_id, slice_index)
