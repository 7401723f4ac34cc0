"""Finds a collection's tables, as files or in its metadata archive, and reads them as CSV."""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tfgenre.audio import archive_index, archives
from tfgenre.errors import SkipTrack, UserError


def find(paths: Sequence[Path]) -> Path | None:
    """The first of the paths that is a file or a member of an archive; None if there is none."""
    for path in paths:
        if path.is_file():
            return path
        inside = archives.split_path(str(path))
        if inside and inside[1] in archive_index.members(inside[0]):
            return path
    return None


class Strict(csv.excel):
    """Comma-separated; an unclosed quote is an error, instead of swallowing the next rows."""

    strict = True


class TabSeparated(csv.excel_tab):
    """Tab-separated, without quoting."""

    quoting = csv.QUOTE_NONE


@contextmanager
def rows(path: Path, *, dialect: type[csv.Dialect] = csv.excel) -> Iterator[Iterator[list[str]]]:
    """The rows of a table in UTF-8.

    Raises:
        UserError: if it cannot be read; names the last row that was read.
    """
    number = 0

    def numbered(reader: Iterator[list[str]]) -> Iterator[list[str]]:
        nonlocal number
        for row in reader:
            number += 1
            yield row

    limit = csv.field_size_limit(10**9)
    try:
        with archives.opened(str(path)) as file:
            text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
            yield numbered(csv.reader(text, dialect=dialect))
    except (OSError, SkipTrack, csv.Error, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read (after row {number:,}): {error}.") from error
    finally:
        csv.field_size_limit(limit)


def parse_seconds(text: str) -> float:
    """Parses a duration in seconds.

    Raises:
        ValueError: if it is not a finite number, or negative.
    """
    seconds = float(text)
    if not 0 <= seconds < math.inf:
        raise ValueError(text)
    return seconds
