"""The tags at a song's end: ID3v1 (id3.org) and APEv2 (Monkey's Audio)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from mutagen.id3 import TCON

from tfgenre.errors import CannotTag
from tfgenre.files import read_at, size_of
from tfgenre.tagging.splices import Splice

_ID3V1_BYTES = 128
_NO_GENRE = 255
_APE_BYTES = 32  # of a header or a footer
_HAS_HEADER = 1 << 31
_LYRICS_END = b"LYRICS200"


@dataclass(frozen=True)
class Ending:
    """The tags at a song's end.

    Attributes:
        start: where the first of them starts, in bytes; the file's size if there are none.
        id3v1: the ID3v1 tag, b"" if there is none.
        id3v1_start: where it starts.
        ape: the APEv2 tag's items and footer, b"" if there is none.
        ape_start: where the items start.
        ape_header: where the header starts; None without one.
    """

    start: int
    id3v1: bytes
    id3v1_start: int
    ape: bytes
    ape_start: int
    ape_header: int | None


def read(file: BinaryIO) -> Ending:
    """Finds the tags at a song's end.

    Raises:
        CannotTag: if an APEv2 tag is damaged.
    """
    end = size_of(file)
    id3v1 = read_at(file, max(0, end - _ID3V1_BYTES), _ID3V1_BYTES)
    # Three bytes earlier, these letters are part of "APETAGEX".
    before = read_at(file, max(0, end - _ID3V1_BYTES - 3), 3)
    has_id3v1 = len(id3v1) == _ID3V1_BYTES and id3v1[:3] == b"TAG" and before != b"APE"
    end = id3v1_start = end - _ID3V1_BYTES * has_id3v1
    if not _is_ape(file, end):
        end -= _lyrics_bytes(file, end)
    items, header = _ape_places(file, end) if _is_ape(file, end) else (end, None)
    return Ending(
        start=items if header is None else header,
        id3v1=id3v1 if has_id3v1 else b"",
        id3v1_start=id3v1_start,
        ape=read_at(file, items, end - items),
        ape_start=items,
        ape_header=header,
    )


def edit(ending: Ending, genres: Sequence[str]) -> list[Splice]:
    """What to replace for the tags at a song's end not to state other genres.

    ID3v1 has a place for the first only, and APEv2 puts a zero between two.
    """
    return _id3v1_edit(ending, genres[0]) + _ape_edit(ending, "\0".join(genres))


def others(ending: Ending) -> tuple[bytes, ...]:
    """All that the tags at a song's end hold but the genre, and APEv2's own size."""
    items = (ending.ape[start:end] for name, start, _, end in _items(ending) if name != b"genre")
    return (ending.id3v1[:-1], ending.ape[-_APE_BYTES:][:12], *items)


def _id3v1_edit(ending: Ending, genre: str) -> list[Splice]:
    names = [name.casefold() for name in TCON.GENRES]
    if not ending.id3v1 or ending.id3v1[-1] >= len(names):
        return []
    if names[ending.id3v1[-1]] == genre.casefold():
        return []
    found = names.index(genre.casefold()) if genre.casefold() in names else _NO_GENRE
    return [Splice(ending.id3v1_start + _ID3V1_BYTES - 1, 1, bytes([found]))]


def _ape_edit(ending: Ending, text: str) -> list[Splice]:
    splices = []
    for name, start, value, end in _items(ending):
        if name == b"genre":
            new = text.encode()
            splices += [
                Splice(ending.ape_start + start, 4, len(new).to_bytes(4, "little")),
                Splice(ending.ape_start + value, end - value, new),
            ]
    growth = sum(len(splice.new) - splice.length for splice in splices)
    if growth:
        size = (_ape_size(ending.ape[-_APE_BYTES:]) + growth).to_bytes(4, "little")
        footer = ending.ape_start + len(ending.ape) - _APE_BYTES
        headers = [footer] if ending.ape_header is None else [footer, ending.ape_header]
        splices += [Splice(place + 12, 4, size) for place in headers]
    return splices


def _items(ending: Ending) -> list[tuple[bytes, int, int, int]]:
    """Each item's name in lower case, and where it, its value and what follows it start."""
    items: list[tuple[bytes, int, int, int]] = []
    place, last = 0, len(ending.ape) - _APE_BYTES
    while place < last:
        length = int.from_bytes(ending.ape[place : place + 4], "little")
        value = ending.ape.find(b"\0", place + 8, last) + 1
        if not value or value + length > last:
            raise CannotTag("its APEv2 tag is damaged")
        items.append((ending.ape[place + 8 : value - 1].lower(), place, value, value + length))
        place = value + length
    return items


def _is_ape(file: BinaryIO, end: int) -> bool:
    return end >= _APE_BYTES and read_at(file, end - _APE_BYTES, 8) == b"APETAGEX"


def _ape_places(file: BinaryIO, end: int) -> tuple[int, int | None]:
    """Where an APEv2 tag's items start, and its header, if it has one."""
    footer = read_at(file, end - _APE_BYTES, _APE_BYTES)
    items = end - _ape_size(footer)
    if not 0 <= items <= end - _APE_BYTES:
        raise CannotTag("its APEv2 tag is damaged")
    if not int.from_bytes(footer[20:24], "little") & _HAS_HEADER:
        return items, None
    if read_at(file, max(0, items - _APE_BYTES), 8) != b"APETAGEX":
        raise CannotTag("its APEv2 tag is damaged")
    return items, items - _APE_BYTES


def _ape_size(footer: bytes) -> int:
    """The bytes of the items and the footer."""
    return int.from_bytes(footer[12:16], "little")


def _lyrics_bytes(file: BinaryIO, end: int) -> int:
    """The size of a Lyrics3v2 tag that ends at a place, 0 without one."""
    mark = read_at(file, max(0, end - 15), 15)
    is_there = mark[6:] == _LYRICS_END and mark[:6].isdigit()
    return 15 + int(mark[:6]) if is_there and 15 + int(mark[:6]) <= end else 0
