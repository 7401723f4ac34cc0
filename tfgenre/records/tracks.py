"""tracks.csv beside the records: each song's genre, artist and split, which evaluation reads."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from tfgenre.datasets.track import Track
from tfgenre.errors import UserError, program
from tfgenre.files import write_atomically
from tfgenre.spelling import artist_key
from tfgenre.text import csv_line

NAME = "tracks.csv"
_FIELDS = ("track_id", "genre", "artist", "split", "sound")
_NEEDED = {"genre", "artist", "split"}


def write(records_dir: Path, rows: Iterable[tuple[Track, str]]) -> None:
    """Writes the table.

    Args:
        records_dir: the folder of the records.
        rows: each song and its split, "" if its slices are in several splits.
    """
    values = ((t.id, t.genre, t.artist, split, t.sound) for t, split in rows)
    text = "".join(f"{csv_line(row)}\n" for row in (_FIELDS, *values))
    write_atomically(records_dir / NAME, text.encode(errors="surrogateescape"))


def read_artists(records_dir: Path) -> dict[bytes, str]:
    """A key of each song's artist, the same for all spellings, by track id as in the records.

    The key of an unknown artist is "".

    Raises:
        UserError: if the table is missing or damaged.
    """
    return {
        track_id.encode(errors="surrogateescape"): artist_key(row["artist"])
        for track_id, row in read(records_dir).items()
    }


def read(records_dir: Path) -> dict[str, dict[str, str]]:
    """The table's rows by track id: genre, artist, split, and sound as in `Track`.

    The tables of earlier versions have no sound.

    Raises:
        UserError: if the table is missing or damaged.
    """
    path = records_dir / NAME
    try:
        text = path.read_bytes().decode(errors="surrogateescape")
        rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        found = {row.pop("track_id"): row for row in rows}
        if any(None in row.values() or not row.keys() >= _NEEDED for row in found.values()):
            raise ValueError("columns")
        return found
    except (OSError, KeyError, ValueError, csv.Error) as error:
        raise UserError(
            f"{path} is missing or damaged: build the records again with "
            f"{program('make_records')} --overwrite."
        ) from error
