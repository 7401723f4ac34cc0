"""A song in a file of results: its prediction, its own genres, and how it was then; CSV or JSON."""

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol, TypeVar

from tfgenre import files, storage
from tfgenre.audio import archives
from tfgenre.prediction.config import UNSURE
from tfgenre.prediction.result import SEPARATOR, Prediction
from tfgenre.text import csv_line

Values = TypeVar("Values")

_LONGEST_ROW_BYTES = 1 << 20
_OPEN_QUOTE = "unexpected end of data"


class State(NamedTuple):
    """How a song's file was: another size or time means that it has changed.

    Attributes:
        size_bytes: its size; -1 if it was not there.
        modified_ns: when it was last changed, in nanoseconds since 1970; -1 if it was not there.
    """

    size_bytes: int
    modified_ns: int


NOT_THERE = State(-1, -1)


@dataclass(frozen=True)
class Row:
    """A song in a file of results.

    Attributes:
        prediction: its prediction.
        own_genres: the genres in its tags, before tfgenre wrote some.
        state: how it was when it was read.
        run: what it was predicted by, see `results.Results`.
    """

    prediction: Prediction
    own_genres: tuple[str, ...]
    state: State
    run: str


def state_of(path: str) -> State:
    """How a song's file is now; of a song in an archive, how the archive is."""
    try:
        found = _stat(path)
    except OSError:
        return NOT_THERE
    modified_ns = getattr(found, "st_mtime_ns", None)
    return State(found.st_size, int(found.st_mtime * 1e9) if modified_ns is None else modified_ns)


def _stat(path: str) -> Any:
    if storage.is_remote(path):
        return storage.to_path(path).stat()
    try:
        return os.stat(path)
    except NotADirectoryError:
        inside = archives.split_path(path)
        return os.stat(inside[0] if inside else path)


def cut_incomplete_line(file: IO[bytes]) -> None:
    """Cuts off what follows the last line end of a file."""
    start = max(0, files.size_of(file) - _LONGEST_ROW_BYTES)
    file.truncate(start + files.read_at(file, start, _LONGEST_ROW_BYTES).rfind(b"\n") + 1)


def placed(
    file: IO[bytes], values_of: Callable[[Iterable[str]], Iterator[Values]]
) -> Iterator[tuple[int, int, Values]]:
    """Where each row of a file starts and ends, in bytes, and the row, from where the file is on.

    Args:
        file: the file.
        values_of: parses lines, of which a row may take several.
    """
    place = end = file.tell()

    def lines() -> Iterator[str]:
        nonlocal end
        for line in file:
            end += len(line)
            yield line.decode(errors="surrogateescape")

    for values in values_of(lines()):
        yield place, end, values
        place = end


class Format(Protocol):
    """How rows are written; each ends with a line end.

    Attributes:
        row_start: what each row begins with.
    """

    row_start: str

    def header(self) -> str:
        """What the file begins with."""

    def encode(self, row: Row) -> str:
        """A row as text."""

    def values(self, lines: Iterable[str]) -> Iterator[Any]:
        """The values of each whole row; ValueError if one is damaged."""

    def decode(self, values: Any) -> Row:
        """A row by its values; ValueError, KeyError or TypeError if they are no row."""


class Csv:
    """Rows of a table. Of a song's votes, only those for the best guess are in it."""

    row_start = ""

    def __init__(self, genres: Sequence[str], *, vote: str) -> None:
        """The genres are in label order."""
        self._genres, self._vote = tuple(genres), vote
        numbers = ("share", "mean_probability", "slices")
        decided = ("path", "genre", "best_guess", *numbers, *genres, "top", "tag", "reason")
        self._columns = (*decided, "own_genres", "size_bytes", "modified_ns", "run")

    def header(self) -> str:
        """See `Format`."""
        return csv_line(self._columns) + "\r\n"

    def encode(self, row: Row) -> str:
        """See `Format`."""
        own_genres = SEPARATOR.join(row.own_genres)
        values = [*row.prediction.row(self._genres), own_genres, *row.state, row.run]
        return csv_line(values) + "\r\n"

    def values(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """See `Format`."""
        try:
            yield from csv.reader(lines, strict=True)
        except csv.Error as error:
            if str(error) != _OPEN_QUOTE:  # half a row, cut off at a line end in its path
                raise ValueError(str(error)) from error

    def decode(self, values: list[str]) -> Row:
        """See `Format`."""
        if len(values) != len(self._columns):
            raise ValueError(f"{len(values)} columns, not {len(self._columns)}")
        path, genre, best_guess, share, mean, slices, *rest = values
        *each, top, tag, reason, own_genres, size_bytes, modified_ns, run = rest
        state = State(int(size_bytes), int(modified_ns))
        own = tuple(own_genres.split(SEPARATOR)) if own_genres else ()
        if not genre:
            why, _, detail = reason.removesuffix(")").partition(" (")
            return Row(Prediction(path, reason=why, detail=detail), own, state, run)
        votes = round(float(share) * int(slices))
        prediction = Prediction(
            path,
            genre=genre,
            best_guess=best_guess,
            confidence=float(mean if self._vote == "mean" else share),
            votes={best_guess: votes, UNSURE: int(slices) - votes},
            probabilities=dict(zip(self._genres, map(float, each), strict=True)),
            top=top.split(SEPARATOR) if SEPARATOR in top else None,
            tag=tag or None,
            tag_error=reason or None,
        )
        return Row(prediction, own, state, run)


class JsonLines:
    """JSON objects, one per line."""

    row_start = '{"path": '

    def header(self) -> str:
        """See `Format`."""
        return ""

    def encode(self, row: Row) -> str:
        """See `Format`."""
        more = {"own_genres": row.own_genres, **row.state._asdict(), "run": row.run}
        return json.dumps(row.prediction.as_json() | more, allow_nan=False) + "\n"

    def values(self, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
        """See `Format`."""
        yield from map(json.loads, lines)

    def decode(self, values: dict[str, Any]) -> Row:
        """See `Format`."""
        names = [field.name for field in fields(Prediction)]
        prediction = Prediction(**{name: values[name] for name in names if name in values})
        state = State(int(values["size_bytes"]), int(values["modified_ns"]))
        return Row(prediction, tuple(values["own_genres"]), state, str(values["run"]))


def format_of(path: Path, *, genres: Sequence[str], vote: str) -> Format:
    """How rows are written to a file of one of `config.RESULTS_SUFFIXES`."""
    return Csv(genres, vote=vote) if path.suffix == ".csv" else JsonLines()
