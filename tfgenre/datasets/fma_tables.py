"""FMA's tables genres.csv and tracks.csv, from `fma_metadata.zip`."""

import re
from dataclasses import dataclass
from pathlib import Path

from tfgenre.datasets import tables
from tfgenre.errors import UserError

_SPLITS = {"training": "train", "validation": "validation", "test": "test"}
_COLUMNS = {
    ("track", "genre_top"): "genre",
    ("artist", "id"): "artist",
    ("set", "split"): "split",
    ("set", "subset"): "subset",
    ("track", "duration"): "seconds",
}


@dataclass(frozen=True)
class FmaTrack:
    """A song's row in tracks.csv; "" and 0 for missing values."""

    genre: str = ""
    artist: str = ""
    split: str = ""
    subset: str = ""
    seconds: float = 0.0


def read_tracks(data_dir: Path, *, required: bool) -> dict[str, FmaTrack]:
    """Reads tracks.csv.

    Returns:
        Track id, six digits -> its row; empty if the table is missing and not required.

    Raises:
        UserError: if the table is required and missing, or is not FMA's.
    """
    path = _find(data_dir, "tracks.csv")
    if path is None and required:
        raise _missing(data_dir, "tracks.csv", ", or pass --fma_genres=id3")
    if path is None:
        return {}
    try:
        with tables.rows(path) as rows:
            groups, names, _ = next(rows), next(rows), next(rows)
            header = list(zip(groups, names, strict=True))
            places = {_COLUMNS[column]: header.index(column) for column in _COLUMNS}
            return {f"{int(row[0]):06}": _row(row, places) for row in rows if any(row)}
    except (StopIteration, ValueError, IndexError) as error:
        raise UserError(
            f"{path} is not FMA's table of tracks (3 header lines, then one per track; {error}); "
            "take it from fma_metadata.zip."
        ) from error


def _row(row: list[str], places: dict[str, int]) -> FmaTrack:
    values = {name: row[place].strip() for name, place in places.items()}
    return FmaTrack(
        genre=values["genre"],
        artist=values["artist"],
        split=_SPLITS.get(values["split"], ""),
        subset=values["subset"],
        seconds=tables.parse_seconds(values["seconds"] or "0"),
    )


def read_top_level_genres(data_dir: Path) -> dict[str, str]:
    """Reads genres.csv.

    Returns:
        Genre title, as from `fold` -> title of its top-level genre.

    Raises:
        UserError: if the table is missing or not FMA's.
    """
    path = _find(data_dir, "genres.csv")
    if path is None:
        raise _missing(data_dir, "genres.csv", "")
    try:
        with tables.rows(path) as rows:
            header = next(rows)
            by_id = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
        return {fold(row["title"]): by_id[row["top_level"]]["title"] for row in by_id.values()}
    except (StopIteration, KeyError, ValueError, IndexError) as error:
        raise UserError(
            f"{path} is not FMA's table of genres (genre_id,#tracks,parent,title,top_level); "
            "take it from fma_metadata.zip."
        ) from error


def fold(title: str) -> str:
    """A genre's title without case, spaces, hyphens and slashes, to match other spellings."""
    return re.sub(r"[^0-9a-z]", "", title.casefold())


def _find(data_dir: Path, name: str) -> Path | None:
    archived = data_dir / "fma_metadata.zip" / "fma_metadata" / name
    return tables.find([data_dir / name, data_dir / "fma_metadata" / name, archived])


def _missing(data_dir: Path, name: str, otherwise: str) -> UserError:
    return UserError(
        f"{data_dir / name} is missing: put fma_metadata.zip (342 MiB; see docs/data.md) or that "
        f"table from it into {data_dir}, or change --data_dir{otherwise}."
    )
