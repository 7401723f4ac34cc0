"""Tables that come with a collection: found beside it or in its metadata archive, read as CSV."""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tfgenre.audio import archive_index, archives
from tfgenre.errors import SkipTrack, UserError


def find(places: Sequence[Path]) -> Path | None:
    """The first place that is a file, or a member of an archive; None if none is."""
    for place in places:
        if place.is_file():
            return place
        if (inside := archives.split(str(place))) and inside[1] in archive_index.members(inside[0]):
            return place
    return None


class Strict(csv.excel):
    """Commas; a quote that is not closed is an error, and does not swallow what follows."""

    strict = True


class TabSeparated(csv.excel_tab):
    """Tabs, and quotes that mean nothing."""

    quoting = csv.QUOTE_NONE


@contextmanager
def rows(path: Path, *, dialect: type[csv.Dialect] = csv.excel) -> Iterator[Iterator[list[str]]]:
    """The rows of a table in UTF-8.

    Raises:
        UserError: if it cannot be read; where this happens while rows are read, it names the row.
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


def seconds(text: str) -> float:
    """A length in seconds.

    Raises:
        ValueError: if it is none.
    """
    found = float(text)
    if not 0 <= found < math.inf:
        raise ValueError(text)
    return found
