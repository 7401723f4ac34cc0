"""Splices: parts of a file that are replaced, and how to reverse that."""

import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from tfgenre.files import pieces, read_at, size_of


@dataclass(frozen=True)
class Splice:
    """Bytes of a file that others replace.

    Attributes:
        offset: where they start, in bytes from the start of the file as it is before any splice.
        length: how many bytes are replaced; 0 inserts.
        new: what replaces them; empty removes them.
    """

    offset: int
    length: int
    new: bytes


@dataclass(frozen=True)
class Content:
    """What a change of the genre leaves as it is.

    Attributes:
        sound: digests of the encoded sound, with the headers that decode it.
        tags: the bytes of all other tags.
    """

    sound: tuple[bytes, ...]
    tags: tuple[bytes, ...]


def ordered(file: BinaryIO, splices: Iterable[Splice]) -> tuple[Splice, ...]:
    """Splices by offset, without those that change nothing.

    Raises:
        ValueError: if two overlap, or one reaches beyond the file's end.
    """
    size = size_of(file)
    kept: list[Splice] = []
    end = 0
    for splice in sorted(splices, key=lambda splice: splice.offset):
        if splice.offset < end or splice.offset + splice.length > size:
            raise ValueError(f"splices must not overlap, nor leave the file, got {splice}")
        end = splice.offset + splice.length
        if read_at(file, splice.offset, splice.length) != splice.new:
            kept.append(splice)
    return tuple(kept)


def apply(file: BinaryIO, splices: Iterable[Splice]) -> Iterator[bytes]:
    """Yields a file's bytes with ordered splices applied."""
    place = 0
    for splice in splices:
        yield from pieces(file, place, splice.offset)
        yield splice.new
        place = splice.offset + splice.length
    yield from pieces(file, place, size_of(file))


def spliced(raw: bytes, splices: Iterable[Splice]) -> bytes:
    """Bytes with ordered splices applied."""
    return b"".join(apply(io.BytesIO(raw), splices))


def reversing(file: BinaryIO, splices: Iterable[Splice]) -> tuple[Splice, ...]:
    """The splices that, applied to the changed file, give back the file."""
    shift = 0
    back = []
    for splice in splices:
        old = read_at(file, splice.offset, splice.length)
        back.append(Splice(splice.offset + shift, len(splice.new), old))
        shift += len(splice.new) - splice.length
    return tuple(back)


def digest(content: Iterable[bytes]) -> bytes:
    """The SHA-256 digest of bytes in pieces."""
    total = hashlib.sha256()
    for piece in content:
        total.update(piece)
    return total.digest()
