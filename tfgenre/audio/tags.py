"""Reads genre and artist from a song's tags, whatever their format."""

import contextlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import mutagen
from mutagen.apev2 import APEv2
from mutagen.id3 import ID3

from tfgenre.audio import archives, mp4_tags, mpeg
from tfgenre.files import read_at


@dataclass(frozen=True)
class Tags:
    """A song's tags; "" and () where it has none."""

    artist: str = ""
    genres: tuple[str, ...] = ()


def read(path: Path) -> Tags:
    """Reads the tags of a song, in an archive or not; empty if they cannot be read."""
    try:
        with archives.opened(str(path)) as file:
            return _read(file)
    except Exception:  # one that cannot be opened
        return Tags()


def _read(file: IO[bytes]) -> Tags:
    found = Tags()
    for read_some in (_read_id3, _read_mp4, _read_any):
        if not (found.genres and found.artist):
            with contextlib.suppress(Exception):  # damaged tags can make mutagen raise anything
                found = _merged(found, read_some(file))
    return found


def seconds(path: Path) -> float:
    """The length of a song, as declared in its header or estimated by mutagen; 0 if unknown."""
    try:
        with archives.opened(str(path)) as file:
            found = mutagen.File(file)
            return float(found.info.length)
    except Exception:  # as above, or a format unknown to mutagen
        return 0.0


def _read_id3(file: IO[bytes]) -> Tags:
    """Reads an ID3v2 tag at the start of a file, and nothing beyond it."""
    file.seek(0)
    start = file.read(10)
    if start[:3] != b"ID3":
        return Tags()
    content = start + file.read(mpeg.tag_bytes(start))
    frames = ID3(io.BytesIO(content))
    return Tags(artist=_first(frames, "TPE1"), genres=_genres(frames))


def _read_any(file: IO[bytes]) -> Tags:
    """Reads tags of any format, including ID3v1 and APE."""
    file.seek(0)
    # Seeking backwards in a zip member reads it again from its start.
    whole = io.BytesIO(file.read()) if isinstance(file, zipfile.ZipExtFile) else file
    found = mutagen.File(whole, easy=True)
    named = Tags()
    if found is not None:
        named = Tags(artist=_first(found, "artist", "TPE1"), genres=_genres(found))
    if named.genres and named.artist:
        return named
    whole.seek(0)
    try:
        ape = APEv2(whole)
    except mutagen.MutagenError:
        return named
    return _merged(named, Tags(artist=_first(ape, "Artist"), genres=_texts(ape, "Genre")))


def _read_mp4(file: IO[bytes]) -> Tags:
    """Reads the tags of an MP4 file, also those in which mutagen finds none."""
    if read_at(file, 4, 4) != b"ftyp":
        return Tags()
    found = mp4_tags.read(file)
    genres = tuple(text for value in found.get("\xa9gen", ()) if (text := _clean(value)))
    return Tags(artist=_first(found, "\xa9ART", "aART"), genres=genres)


def _merged(first: Tags, second: Tags) -> Tags:
    return Tags(artist=first.artist or second.artist, genres=first.genres or second.genres)


def _genres(found: mutagen.Metadata) -> tuple[str, ...]:
    if isinstance(frame := found.get("TCON"), mutagen.id3.TCON):
        return tuple(text for genre in frame.genres if (text := _clean(genre)))
    return _texts(found, "genre")


def _first(found: mutagen.Metadata, *names: str) -> str:
    return next((text for name in names for text in _texts(found, name)), "")


def _texts(found: mutagen.Metadata, name: str) -> tuple[str, ...]:
    """The values of a tag; WAV and AIFF files have ID3 frames rather than easy names."""
    values = found.get(name) or ()
    values = getattr(values, "text", values)
    return tuple(text for value in values if (text := _clean(value)))


def _clean(value: object) -> str:
    return str(value).strip(" \0\t\r\n")
