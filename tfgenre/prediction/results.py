"""A file of results that grows song by song, and from which a killed program goes on.

Rows are only appended while songs are predicted. What kill -9 or a power cut leaves incomplete is
at the end, and is cut off when the file is opened again. Rows that later ones replaced are dropped
in the end, in a copy that takes the file's place.
"""

import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import IO

from tfgenre import files
from tfgenre.errors import UserError
from tfgenre.prediction.config import UNSURE, VoteConfig
from tfgenre.prediction.result import most_likely
from tfgenre.prediction.results_index import ResultsIndex
from tfgenre.prediction.rows import Row, State, cut_incomplete_line, format_of, placed

_SYNC_S = 2.0
# A song with one of these is tried again, though its file is the same.
_MAY_PASS = {"missing", "unreadable", "timeout", "crashed"}


class Results(AbstractContextManager["Results"]):
    """A file of results, locked while it is open."""

    def __init__(self, path: Path, *, genres: Sequence[str], config: VoteConfig, run: str) -> None:
        """Opens the file, which is made if it is not there, and reads which songs it has.

        Args:
            path: its name ends in one of `config.RESULTS_SUFFIXES`.
            genres: in label order.
            config: how slices decide; what it says of the lowest confidence and of further genres
                applies to rows of before, too.
            run: names the network and how it is used: rows of another run are not known.

        Raises:
            UserError: if it is another file, damaged, of other genres, or in use.
            OSError: if it cannot be read or written.
        """
        self.path = path.resolve()
        self.run = run
        self._genres, self._config = tuple(genres), config
        self._format = format_of(path, genres=genres, vote=config.vote or "hard")
        self._header = _encoded(self._format.header())
        self._file = self._opened()
        self._index = ResultsIndex()
        self._is_outdated = self._is_tidy = False
        self._synced_s = time.monotonic()
        size = len(self._header)
        for place, end, row in self._rows_from(size):
            self._note(row, place)
            size = end
        self._file.truncate(size)
        self._index.sort()

    def __exit__(self, *exception: object) -> None:
        os.fsync(self._file.fileno())
        self._file.close()

    def knows(self, path: str, state: State) -> bool:
        """Whether a song was predicted by this run and is as it was then."""
        return self._index.place(path, state, self.run) is not None

    def find(self, path: str, state: State) -> Row:
        """The row of a song that `knows` knows."""
        place = self._index.place(path, state, self.run)
        assert place is not None
        return next(self._rows_from(place))[2]

    def add(self, row: Row) -> None:
        """Appends a row, which replaces an earlier one of the same song."""
        place = self._file.seek(0, os.SEEK_END)
        with files.naming(self.path):
            self._file.write(_encoded(self._format.encode(row)))
            self._file.flush()
            if time.monotonic() - self._synced_s > _SYNC_S:
                os.fsync(self._file.fileno())
                self._synced_s = time.monotonic()
        self._note(row, place)

    def rows(self) -> Iterator[Row]:
        """The latest row of each song, in the order of the file."""
        if self._is_tidy:
            latest: Iterable[bool] = itertools.repeat(True)
        else:
            latest = self._index.latest()
        for (_, _, row), is_latest in zip(self._rows_from(len(self._header)), latest, strict=False):
            if is_latest:
                yield row

    def tidy(self, keep: Callable[[Row], bool] | None = None) -> None:
        """Drops the rows that were replaced, and those of songs not to keep; then none is added."""
        if keep or self._is_outdated or not self._index.latest().all():
            with files.atomic_file(self.path) as file:
                file.write(self._header)
                for row in self.rows():
                    if keep is None or keep(row):
                        file.write(_encoded(self._format.encode(row)))
        self._is_tidy = True

    def _opened(self) -> IO[bytes]:
        """Opens and locks the file, writes its header or checks it, and cuts off half a row."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = self.path.open("a+b")
        files.lock(file, taken=f"--results={self.path} is in use by another program.")
        start = self._header + _encoded(self._format.row_start)
        found = files.read_at(file, 0, len(start))
        if len(found) < len(start) and start.startswith(found):
            file.truncate(0)  # new, or killed as it began
            file.write(self._header)
            file.flush()
        elif found != start:
            raise UserError(
                f"--results={self.path} is not a file of results with the genres "
                f"{', '.join(self._genres)}: name another file."
            )
        cut_incomplete_line(file)
        return file

    def _note(self, row: Row, place: int) -> None:
        path, reason = row.prediction.path, row.prediction.reason
        self._index.add(path, row.state, row.run, place, is_known=reason not in _MAY_PASS)

    def _rows_from(self, place: int) -> Iterator[tuple[int, int, Row]]:
        """Each row from a place on, and where it starts and ends.

        Raises:
            UserError: if one is damaged, or of other genres.
        """
        with self.path.open("rb") as file:
            file.seek(place)
            try:
                for start, place, values in placed(file, self._format.values):
                    yield start, place, self._decided(self._format.decode(values))
            except (ValueError, KeyError, TypeError) as error:
                raise UserError(
                    f"--results={self.path} is damaged after byte {place} ({error}): remove the "
                    "row there, and its song is predicted again; or name another file."
                ) from error

    def _decided(self, row: Row) -> Row:
        """A row with the genres by the lowest confidence and the number there are now."""
        found = row.prediction
        if found.confidence is None or found.best_guess is None:
            return row
        if (names := tuple(found.probabilities or ())) != self._genres:
            raise UserError(
                f"--results={self.path} has predictions of the genres {', '.join(names)}, and the "
                f"run knows {', '.join(self._genres)}: name another file."
            )
        is_sure = found.confidence >= self._config.min_confidence
        genre = found.best_guess if is_sure else UNSURE
        top = most_likely(found.best_guess, found.probabilities or {}, self._config.top)
        if (genre, top) == (found.genre, found.top):
            return row
        self._is_outdated = True
        return replace(row, prediction=replace(found, genre=genre, top=top))


def _encoded(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
