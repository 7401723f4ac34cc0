"""Genre and artist out of a song's own tags, whatever their format."""

from dataclasses import dataclass
from pathlib import Path

import mutagen


@dataclass(frozen=True)
class Tags:
    """A song's tags; "" and () where it has none."""

    artist: str = ""
    genres: tuple[str, ...] = ()


def read(path: Path) -> Tags:
    """Reads a song's tags; a file whose tags cannot be read has none."""
    try:
        found = mutagen.File(path, easy=True)
    except Exception:  # mutagen raises whatever a damaged tag makes it trip over
        return Tags()
    if found is None:
        return Tags()
    artists = _texts(found, "artist", "TPE1")
    return Tags(artist=next(iter(artists), ""), genres=_texts(found, "genre", "TCON"))


def _texts(found: mutagen.FileType, name: str, id3_frame: str) -> tuple[str, ...]:
    """The values of a tag; WAV and AIFF files have no easy names, but ID3 frames."""
    values = found.get(name) or getattr(found.get(id3_frame), "text", ())
    return tuple(text for value in values if (text := str(value).strip(" \0\t\r\n")))
