"""Recordings that were interrupted: the size of their samples, which was to be written last.

Recorders write 0 or the largest number in its place. libsndfile reads some of these files as empty.
"""

import struct
from typing import BinaryIO, NamedTuple

from tfgenre.audio.patched import patched
from tfgenre.files import read_at, size_of

_MAX_CHUNKS = 1000


class _Format(NamedTuple):
    """A format made of chunks, each a name, its size, and that many bytes.

    Attributes:
        first: offset of the first chunk.
        header: a chunk's name and size.
        samples: the name of the chunk with the samples.
        before: bytes in that chunk before the samples.
        alignment: chunks start at multiples of this many bytes.
    """

    first: int
    header: struct.Struct
    samples: bytes
    before: int = 0
    alignment: int = 2


_FORMATS = {
    b"RIFF": _Format(12, struct.Struct("<4sI"), b"data"),
    b"RIFX": _Format(12, struct.Struct(">4sI"), b"data"),
    b"RF64": _Format(12, struct.Struct("<4sI"), b"data"),
    b"FORM": _Format(12, struct.Struct(">4sI"), b"SSND", 8),
    b"caff": _Format(8, struct.Struct(">4sq"), b"data", 4, 1),
}
_DS64 = struct.Struct("<3Q")  # in RF64: the sizes of the file and of the samples; their number
_DS64_NAME = b"ds64"
_AU = struct.Struct(">4s2I")


def repaired(path: str, start: int = 0) -> BinaryIO | None:
    """A file with the true size of its samples in its header; None if that needs no repair.

    Args:
        path: the file.
        start: where its content starts, in bytes.
    """
    with open(path, "rb") as file:
        size = size_of(file) - start
        head = read_at(file, start, _AU.size)
        if head[:4] == b".snd" and len(head) == _AU.size:
            patches = _au_patches(head, size)
        elif head[:4] in _FORMATS:
            patches = _chunk_patches(file, start, size, _FORMATS[head[:4]])
        else:
            patches = {}
    return patched(path, start=start, patches=patches) if patches else None


def _au_patches(head: bytes, size: int) -> dict[int, bytes]:
    _, offset, declared = _AU.unpack(head)
    left = size - offset
    is_right = left <= 0 or 0 < declared <= left
    return {} if is_right else {8: struct.pack(">I", min(left, 0xFFFFFFFF))}


def _chunk_patches(file: BinaryIO, start: int, size: int, kind: _Format) -> dict[int, bytes]:
    """What to replace in a file of chunks, by offset from its start."""
    places = _places(file, start, size, kind)
    if kind.samples not in places:
        return {}
    place, declared = places[kind.samples]
    content = place + kind.header.size
    ds64 = places[_DS64_NAME][0] + kind.header.size if _DS64_NAME in places else 0
    if ds64:
        _, declared, _ = _DS64.unpack(read_at(file, start + ds64, _DS64.size))
    left = size - content
    is_empty = 0 <= declared <= kind.before
    if left <= kind.before or kind.before < declared <= left:
        return {}
    if is_empty and _is_chunks(file, start + content + declared, start + size, kind):
        return {}
    if ds64:
        return {ds64: _DS64.pack(size - 8, left, 0)}
    return {place: kind.header.pack(kind.samples, min(left, _largest(kind)))}


def _places(file: BinaryIO, start: int, size: int, kind: _Format) -> dict[bytes, tuple[int, int]]:
    """Offset from a file's start and declared size of each chunk, up to that with the samples."""
    found: dict[bytes, tuple[int, int]] = {}
    place = kind.first
    for _ in range(_MAX_CHUNKS):
        name, declared = _chunk(file, start + place, kind)
        found[name] = place, declared
        place += kind.header.size + declared + declared % kind.alignment
        if name in (b"", kind.samples) or not 0 <= place <= size:
            break
    return found


def _largest(kind: _Format) -> int:
    return (1 << 63) - 1 if kind.header.size > 8 else (1 << 32) - 1


def _chunk(file: BinaryIO, place: int, kind: _Format) -> tuple[bytes, int]:
    """Name and size of a chunk; an empty name at the file's end."""
    header = read_at(file, place, kind.header.size)
    if len(header) < kind.header.size:
        return b"", 0
    name, size = kind.header.unpack(header)
    return name, size


def _is_chunks(file: BinaryIO, place: int, end: int, kind: _Format) -> bool:
    """Whether a file's rest is chunks, not samples."""
    for _ in range(_MAX_CHUNKS):
        name, size = _chunk(file, place, kind)
        if not name.isascii() or not name.decode().isprintable() or size < 0:
            return False
        place += kind.header.size + size
        place += size % kind.alignment
        if place >= end:
            return place <= end + 1
    return False
