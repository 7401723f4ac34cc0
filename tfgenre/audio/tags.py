"""Reads genre and artist from a song's tags, whatever their format."""

import contextlib
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import mutagen
from mutagen.apev2 import APETextValue, APEv2
from mutagen.id3 import ID3, TCON, ParseID3v1

from tfgenre.audio import archives, mp4_tags, mpeg, riff
from tfgenre.files import read_at, size_of

_Texts = Mapping[str, tuple[str, ...]]  # of tags, by name in lower case
# As ID3v2, MP4, Vorbis comments and APEv2, ASF (WMA), RIFF (WAV) and IFF (AIFF) name them.
_GENRES = ("tcon", "\xa9gen", "genre", "wm/genre", "ignr")
_ARTISTS = ("tpe1", "\xa9art", "artist", "author", "iart", "auth")
_ALBUM_ARTISTS = ("tpe2", "aart", "albumartist", "album artist", "album_artist", "wm/albumartist")
_PERFORMERS = ("performer",)
_NO_ARTIST = {"various artists", "various", "va"}  # as an album's artist


@dataclass(frozen=True)
class Tags:
    """A song's tags; "" and () where it has none."""

    artist: str = ""
    genres: tuple[str, ...] = ()


def read(path: Path) -> Tags:
    """Reads the tags of a song, in an archive or not; empty if they cannot be read.

    The first tag of a file counts that states a genre, or an artist. Where none states the artist,
    the album's artist or else the performer is taken.
    """
    try:
        with archives.opened(str(path)) as file:
            return _read(file)
    except Exception:  # one that cannot be opened
        return Tags()


def seconds(path: Path) -> float:
    """The length of a song, as declared in its header or estimated by mutagen; 0 if unknown."""
    try:
        with archives.opened(str(path)) as file:
            found = mutagen.File(file)
            return float(found.info.length)
    except Exception:  # as above, or a format unknown to mutagen
        return 0.0


def _read(file: IO[bytes]) -> Tags:
    found: list[_Texts] = []
    tags = Tags()
    for texts in _all_texts(file):
        found.append(texts)
        genres, artists = _first(found, _GENRES), _first(found, _ARTISTS)
        tags = Tags(artist=artists[0] if artists else "", genres=genres)
        if genres and artists:
            return tags
    return Tags(artist=tags.artist or _other_artist(found), genres=tags.genres)


def _first(found: list[_Texts], names: tuple[str, ...]) -> tuple[str, ...]:
    """The texts of the first tag of one of some names."""
    return next((texts[name] for texts in found for name in names if texts.get(name)), ())


def _other_artist(found: list[_Texts]) -> str:
    albums, performers = _first(found, _ALBUM_ARTISTS), _first(found, _PERFORMERS)
    known = [name for name in albums if name.casefold() not in _NO_ARTIST]
    return next(iter((*known, *performers)), "")


def _all_texts(file: IO[bytes]) -> Iterator[_Texts]:
    """The texts of each tag, those that are read with least effort first."""
    with contextlib.suppress(Exception):  # damaged tags can make mutagen raise anything
        yield from _id3v2(file)
    # Seeking backwards in a zip member reads it again from its start.
    whole = io.BytesIO(_rest(file)) if isinstance(file, zipfile.ZipExtFile) else file
    for read_some in (_mp4, _any, _ape, _riff, _id3v1):
        with contextlib.suppress(Exception):
            yield read_some(whole)


def _rest(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _id3v2(file: IO[bytes]) -> Iterator[_Texts]:
    """The ID3v2 tags at the start of a file; nothing beyond them is read."""
    place = 0
    while (start := read_at(file, place, 10))[:3] == b"ID3" and len(start) == 10:
        content = file.read(mpeg.tag_bytes(start))
        place += len(start) + len(content)
        sizes = (len(content) >> shift & 0x7F for shift in (21, 14, 7, 0))
        header = start[:6] + bytes(sizes)  # a tag may claim more than the file has
        with contextlib.suppress(mutagen.MutagenError):
            yield _texts(ID3(io.BytesIO(header + content)))


def _mp4(file: IO[bytes]) -> _Texts:
    """The tags of an MP4 file, also those in which mutagen finds none."""
    if read_at(file, 4, 4) != b"ftyp":
        return {}
    return {name.lower(): _clean(values) for name, values in mp4_tags.read(file).items()}


def _any(file: IO[bytes]) -> _Texts:
    """The tags of a format that mutagen recognises."""
    file.seek(0)
    return _texts(mutagen.File(file) or {})


def _ape(file: IO[bytes]) -> _Texts:
    file.seek(0)
    return _texts(APEv2(file))


def _riff(file: IO[bytes]) -> _Texts:
    place = mpeg.after_tag(file)
    if not riff.is_riff(read_at(file, place, 12)):
        return {}
    return {name.lower(): _clean([text]) for name, text in riff.texts(file, place).items()}


def _id3v1(file: IO[bytes]) -> _Texts:
    """The ID3v1 tag at the end of a file, also beside an ID3v2 tag of an unknown version."""
    ending = read_at(file, max(0, size_of(file) - 128), 128)
    return _texts(ParseID3v1(ending) or {}) if ending[:3] == b"TAG" else {}


def _texts(found: Mapping[str, object]) -> _Texts:
    """Texts by name of what mutagen found: frames of ID3, or lists of texts."""
    texts = {}
    for name, value in found.items():
        if isinstance(value, TCON):
            texts[name.lower()] = _clean(value.genres)
        elif isinstance(values := getattr(value, "text", value), (list, APETextValue)):
            texts[name.lower()] = _clean(values)
    return texts


def _clean(values: Iterable[object]) -> tuple[str, ...]:
    """Texts without blanks around them; a zero separates two."""
    texts = (text for value in values for text in str(value).split("\0"))
    return tuple(text for each in texts if (text := each.strip()))
