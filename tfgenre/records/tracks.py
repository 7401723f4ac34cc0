"""tracks.csv beside the records: each song's genre, artist and split, which evaluation reads."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from tfgenre.datasets.track import Track
from tfgenre.errors import UserError, program
from tfgenre.files import write_atomically

NAME = "tracks.csv"
_FIELDS = ("track_id", "genre", "artist", "split")


def write(records_dir: Path, rows: Iterable[tuple[Track, str]]) -> None:
    """Writes the table.

    Args:
        records_dir: the folder of the records.
        rows: each song and its split, "" if its slices are in several splits.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_FIELDS)
    writer.writerows((track.id, track.genre, track.artist, split) for track, split in rows)
    write_atomically(records_dir / NAME, text.getvalue().encode(errors="surrogateescape"))


def read_artists(records_dir: Path) -> dict[bytes, str]:
    """Each song's artist, "" if unknown, by track id as in the records.

    Raises:
        UserError: if the table is missing or damaged.
    """
    path = records_dir / NAME
    try:
        text = path.read_bytes().decode(errors="surrogateescape")
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        return {row["track_id"].encode(errors="surrogateescape"): row["artist"] for row in rows}
    except (OSError, KeyError, AttributeError, csv.Error) as error:
        raise UserError(
            f"{path} is missing or damaged: build the records again with "
            f"{program('make_records')} --overwrite."
        ) from error
