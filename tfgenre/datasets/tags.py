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
    except (mutagen.MutagenError, OSError, ValueError, EOFError):
        return Tags()
    if found is None or not hasattr(found, "get"):
        return Tags()
    return Tags(artist=next(iter(_texts(found, "artist")), ""), genres=_texts(found, "genre"))


def _texts(found: mutagen.FileType, name: str) -> tuple[str, ...]:
    values = found.get(name) or ()
    return tuple(text for value in values if (text := str(value).strip(" \0\t\r\n")))
