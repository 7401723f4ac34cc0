"""Where an MP4 file's sound is: the offsets in its atoms, from the start of the file."""

import bisect
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from tfgenre.audio.mp4_atoms import Atom
from tfgenre.errors import CannotTag
from tfgenre.files import pieces, read_at
from tfgenre.tagging.splices import Splice, digest

_HAS_BASE = 0x000001  # flag of tfhd


@dataclass(frozen=True)
class Offsets:
    """Offsets that are next to each other, or at a fixed distance.

    Attributes:
        start: where the first one is in the file.
        width: of each, in bytes.
        stride: from the start of one to the next.
        count: how many.
    """

    start: int
    width: int
    stride: int
    count: int

    @property
    def num_bytes(self) -> int:
        """From the start of the first to the end of the last."""
        return self.stride * (self.count - 1) + self.width if self.count else 0

    def values(self, file: BinaryIO) -> list[int]:
        """The offsets."""
        raw = read_at(file, self.start, self.num_bytes)
        places = range(0, self.num_bytes, self.stride)
        return [int.from_bytes(raw[place : place + self.width], "big") for place in places]


def find(file: BinaryIO, atoms: list[Atom]) -> list[Offsets]:
    """All offsets of a file, in the order in which they are in it.

    Raises:
        CannotTag: if there are offsets of a kind that is unknown here.
    """
    found = []
    for atom in (below for top in atoms for _, below in top.walk()):
        if atom.name == b"saio" or (
            atom.name == b"meta"
            and atom.children is None
            and any(b"iloc" in piece for piece in pieces(file, atom.body, atom.end))
        ):
            raise CannotTag("it is encrypted, or has pictures at fixed places")
        if atom.name in _FINDERS:
            found.append(_FINDERS[atom.name](file, atom))
            if found[-1].start + found[-1].num_bytes > atom.end:
                raise CannotTag("a list of offsets in it is damaged")
    return found


def shifted(file: BinaryIO, found: list[Offsets], place: int, shift: int) -> Iterator[Splice]:
    """Yields what to replace in offsets, as all bytes from a place on are shifted.

    Raises:
        CannotTag: if an offset does not fit its width any more.
    """
    for offsets in found:
        raw = bytearray(read_at(file, offsets.start, offsets.num_bytes))
        for number, value in enumerate(offsets.values(file)):
            if value < place:
                continue
            if (value + shift) >> 8 * offsets.width:
                raise CannotTag("it is too large for its offsets")
            start = number * offsets.stride
            new = (value + shift).to_bytes(offsets.width, "big")
            raw[start : start + offsets.width] = new
        yield Splice(offsets.start, len(raw), bytes(raw))


def masked(file: BinaryIO, start: int, end: int, found: list[Offsets]) -> bytes:
    """A digest of the bytes from start to end without the offsets in them."""

    def parts() -> Iterator[bytes]:
        place = start
        number = bisect.bisect_left(found, start, key=lambda offsets: offsets.start)
        while number < len(found) and found[number].start + found[number].num_bytes <= end:
            offsets = found[number]
            for each in range(offsets.start, offsets.start + offsets.num_bytes, offsets.stride):
                yield from pieces(file, place, each)
                place = each + offsets.width
            number += 1
        yield from pieces(file, place, end)

    return digest(parts())


def sound(file: BinaryIO, atoms: list[Atom], found: list[Offsets]) -> Iterator[bytes]:
    """Yields a digest of what is at each offset, up to the next one or the end of its atom."""
    values = [offsets.values(file) for offsets in found]
    places = sorted(set(itertools.chain(*values)))
    ends = [atom.end for atom in atoms]
    digests: dict[int, bytes] = {}
    for place, following in itertools.pairwise([*places, atoms[-1].end]):
        number = bisect.bisect_right(ends, place)
        end = min(ends[number], following) if number < len(ends) else place
        digests[place] = masked(file, place, end, found)
    return (digests[place] for place in itertools.chain(*values))


def _chunks(width: int, file: BinaryIO, atom: Atom) -> Offsets:
    return Offsets(atom.body + 8, width, width, _number(file, atom.body + 4))


def _base(file: BinaryIO, atom: Atom) -> Offsets:
    flags = _number(file, atom.body)
    return Offsets(atom.body + 8, 8, 8, flags & _HAS_BASE)


def _random_access(file: BinaryIO, atom: Atom) -> Offsets:
    """tfra: a table of (time, offset of a moof, number of traf, of trun, of sample)."""
    version = read_at(file, atom.body, 1)
    sizes = _number(file, atom.body + 8)
    width = 8 if version == b"\1" else 4
    stride = 2 * width + sum((sizes >> shift & 3) + 1 for shift in (4, 2, 0))
    return Offsets(atom.body + 16 + width, width, stride, _number(file, atom.body + 12))


def _number(file: BinaryIO, place: int) -> int:
    return int.from_bytes(read_at(file, place, 4), "big")


_FINDERS = {
    b"stco": lambda file, atom: _chunks(4, file, atom),
    b"co64": lambda file, atom: _chunks(8, file, atom),
    b"tfhd": _base,
    b"tfra": _random_access,
}
