"""FMA's tables, out of `fma_metadata.zip`: genres.csv and tracks.csv."""

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
    """What tracks.csv says of a song; "" and 0 where it says nothing."""

    genre: str = ""
    artist: str = ""
    split: str = ""
    subset: str = ""
    seconds: float = 0.0


def read_tracks(data_dir: Path, *, required: bool) -> dict[str, FmaTrack]:
    """tracks.csv by track id of six digits; nothing if it is not there and not required.

    Raises:
        UserError: if it is required and not there, or is not FMA's.
    """
    path = _find(data_dir, "tracks.csv")
    if path is None and required:
        raise _missing(data_dir, "tracks.csv", "; or say --fma_genres=id3")
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
            f"{path} is not FMA's table of tracks (three header lines, then one a track; {error}): "
            "take it from fma_metadata.zip."
        ) from error


def _row(row: list[str], places: dict[str, int]) -> FmaTrack:
    values = {name: row[place].strip() for name, place in places.items()}
    return FmaTrack(
        genre=values["genre"],
        artist=values["artist"],
        split=_SPLITS.get(values["split"], ""),
        subset=values["subset"],
        seconds=tables.seconds(values["seconds"] or "0"),
    )


def read_top_level_genres(data_dir: Path) -> dict[str, str]:
    """Genre title -> title of its top-level genre, keys folded by `fold`, out of genres.csv.

    Raises:
        UserError: if it is not there or not FMA's.
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
    """Spellings of one genre become one: case, spaces, hyphens and slashes do not count."""
    return re.sub(r"[^0-9a-z]", "", title.casefold())


def _find(data_dir: Path, name: str) -> Path | None:
    archived = data_dir / "fma_metadata.zip" / "fma_metadata" / name
    return tables.find([data_dir / name, data_dir / "fma_metadata" / name, archived])


def _missing(data_dir: Path, name: str, otherwise: str) -> UserError:
    return UserError(
        f"{data_dir / name} is missing: put fma_metadata.zip (342 MiB; docs/data.md) or the table "
        f"out of it there, or mend --data_dir{otherwise}."
    )
