"""The Free Music Archive: `fma_*/NNN/NNNNNN.mp3`, genres from ID3 through `genres.csv`."""

import csv
import re
from pathlib import Path

from tfgenre.datasets import tags
from tfgenre.datasets.track import Catalogue, Skipped, Track
from tfgenre.errors import UserError

_CLIP = re.compile(r"\d{6}\.mp3")


def load(data_dir: Path) -> Catalogue:
    """Reads the clips' tags and maps each genre to its top-level genre.

    Args:
        data_dir: holds `genres.csv` (of fma_metadata.zip) and, at any depth, `NNN/NNNNNN.mp3`.

    Raises:
        UserError: if `genres.csv` or the clips are not there.
    """
    top_level = read_top_level_genres(data_dir / "genres.csv")
    clips = sorted(path for path in data_dir.rglob("*.mp3") if _CLIP.fullmatch(path.name))
    if not clips:
        raise UserError(
            f"No FMA clips under {data_dir}: expected {data_dir}/fma_small/000/000002.mp3 and so "
            "on; unpack fma_small.zip there or give its folder as --data_dir."
        )
    tracks: dict[str, Track] = {}
    skipped = []
    for clip in clips:
        entry = _track(data_dir, clip, top_level)
        if isinstance(entry, Track) and entry.id not in tracks:
            tracks[entry.id] = entry
        elif isinstance(entry, Track):  # fma_small beside fma_medium, which holds it too
            skipped.append(Skipped(entry.path, "duplicate", f"of {tracks[entry.id].path}"))
        else:
            skipped.append(entry)
    return Catalogue(
        data_dir=data_dir,
        tracks=tuple(tracks.values()),
        genres=tuple(sorted({track.genre for track in tracks.values()})),
        skipped=tuple(skipped),
    )


def read_top_level_genres(path: Path) -> dict[str, str]:
    """Genre title -> title of its top-level genre, keys folded by `fold`.

    Raises:
        UserError: if the file is not there or not FMA's.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = {row["genre_id"]: row for row in csv.DictReader(file)}
        return {fold(row["title"]): rows[row["top_level"]]["title"] for row in rows.values()}
    except FileNotFoundError as error:
        raise UserError(
            f"{path} is missing: it is in fma_metadata.zip; put it there or mend --data_dir."
        ) from error
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise UserError(
            f"{path} is not FMA's table of genres (genre_id,#tracks,parent,title,top_level); "
            "take it from fma_metadata.zip."
        ) from error


def fold(title: str) -> str:
    """Spellings of one genre become one: case, spaces, hyphens and slashes do not count."""
    return re.sub(r"[^0-9a-z]", "", title.casefold())


def _track(data_dir: Path, clip: Path, top_level: dict[str, str]) -> Track | Skipped:
    name = clip.relative_to(data_dir).as_posix()
    found = tags.read(clip)
    known = [top_level[fold(genre)] for genre in found.genres if fold(genre) in top_level]
    if not known:
        detail = f"genre tag {', '.join(found.genres)!r}" if found.genres else "no genre tag"
        return Skipped(name, "no_genre", detail)
    return Track(id=clip.stem, path=name, genre=known[0], artist=found.artist)
