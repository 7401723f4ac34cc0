"""A queue of samples: appended at the end, discarded from the start."""

import numpy as np
from numpy.typing import NDArray


class SampleBuffer:
    """The samples of a song between those that were used up and those still to come."""

    def __init__(self, samples: NDArray[np.floating]) -> None:
        self._storage = samples
        self._start, self._end = 0, len(samples)

    @property
    def samples(self) -> NDArray[np.floating]:
        """The samples in the buffer; only valid until the next append."""
        return self._storage[self._start : self._end]

    def append(self, samples: NDArray[np.floating]) -> None:
        """Adds samples at the end, mostly without moving the others."""
        if self._end + len(samples) > len(self._storage):
            kept = self.samples
            size = len(kept) + len(samples)
            if 2 * size > len(self._storage):
                self._storage = np.empty(2 * size)
            self._storage[: len(kept)] = kept
            self._start, self._end = 0, len(kept)
        self._storage[self._end : self._end + len(samples)] = samples
        self._end += len(samples)

    def discard(self, count: int) -> None:
        """Drops the first samples."""
        self._start += count
