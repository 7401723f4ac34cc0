"""Which songs a file of results has, in 24 bytes a row."""

from array import array

import numpy as np
from numpy.typing import NDArray

from tfgenre.prediction.rows import State


class ResultsIndex:
    """The rows of a file by song; Python's hashes, which differ from process to process."""

    def __init__(self) -> None:
        self._songs, self._keys, self._places = array("q"), array("q"), array("q")
        self._sorted: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]] | None = None

    def add(self, path: str, state: State, run: str, place: int, *, is_known: bool = True) -> None:
        """Adds the next row of the file.

        Args:
            path: the song.
            state: how it was.
            run: what it was predicted by.
            place: where the row starts, in bytes.
            is_known: whether `place` may find it.
        """
        self._songs.append(hash(path))
        self._keys.append(hash((path, *state, run)))
        self._places.append(place if is_known else -1)

    def sort(self) -> None:
        """Makes the latest row of each song there is so far ready for `place`."""
        latest = self.latest()
        songs, keys, places = (
            np.array(column, np.int64)[latest] for column in (self._songs, self._keys, self._places)
        )
        order = np.argsort(songs)
        self._sorted = songs[order], keys[order], places[order]

    def place(self, path: str, state: State, run: str) -> int | None:
        """Where the row of a song that is as it was starts; None if there was none at `sort`."""
        assert self._sorted is not None
        songs, keys, places = self._sorted
        found = int(np.searchsorted(songs, hash(path)))
        if found == len(songs) or keys[found] != hash((path, *state, run)) or places[found] < 0:
            return None
        return int(places[found])

    def latest(self) -> NDArray[np.bool_]:
        """Whether each row is the last of its song, [rows]."""
        backwards = np.array(self._songs, np.int64)[::-1]
        latest = np.zeros(len(backwards), np.bool_)
        latest[np.unique(backwards, return_index=True)[1]] = True
        return latest[::-1]
