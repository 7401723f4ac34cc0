"""The tags that iTunes writes into MP4 files (moov/udta/meta/ilst), as text.

For files that mutagen cannot read, such as those of phones, whose `meta` has no version.
"""

from typing import IO

from mutagen.id3 import TCON

from tfgenre.audio import mp4_atoms
from tfgenre.files import read_at

_TEXT_TYPES = {1: "utf-8", 2: "utf-16-be"}
_DATA_HEADER_BYTES = 16  # size, "data", type, locale


def read(file: IO[bytes]) -> dict[str, tuple[str, ...]]:
    """The texts of each tag, such as `©gen`, of which `gnre` is one by number.

    Raises:
        ValueError: if the file is no MP4 file, or damaged.
    """
    found: dict[str, tuple[str, ...]] = {}
    for top in mp4_atoms.read(file):
        for path, atom in top.walk():
            if path.startswith(b"moov/udta/meta/ilst/"):
                name = atom.name.decode("latin-1").replace("gnre", "\xa9gen")
                found[name] = found.get(name, ()) + _texts(file, atom)
    return found


def _texts(file: IO[bytes], atom: mp4_atoms.Atom) -> tuple[str, ...]:
    texts = []
    place = atom.body
    while place + _DATA_HEADER_BYTES <= atom.end:
        header = read_at(file, place, _DATA_HEADER_BYTES)
        size, kind = int.from_bytes(header[:4], "big"), int.from_bytes(header[8:12], "big")
        if header[4:8] != b"data" or not _DATA_HEADER_BYTES <= size <= atom.end - place:
            break
        raw = read_at(file, place + _DATA_HEADER_BYTES, size - _DATA_HEADER_BYTES)
        if atom.name == b"gnre":
            number = int.from_bytes(raw, "big")  # from 1
            texts += TCON.GENRES[number - 1 : number]
        elif kind in _TEXT_TYPES:
            texts.append(raw.decode(_TEXT_TYPES[kind], "replace"))
        place += size
    return tuple(texts)
