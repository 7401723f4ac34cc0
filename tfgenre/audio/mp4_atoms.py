"""The atoms (boxes) of an MP4 file (ISO/IEC 14496-12; QuickTime File Format)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from tfgenre.files import read_at, size_of

# The atoms that are read as containers, by what they are in; b"" is the file.
_CONTAINERS = {
    b"": {b"moov", b"moof", b"mfra"},
    b"moov": {b"trak", b"udta"},
    b"trak": {b"mdia"},
    b"mdia": {b"minf"},
    b"minf": {b"stbl"},
    b"udta": {b"meta"},
    b"meta": {b"ilst"},
    b"moof": {b"traf"},
}


@dataclass(frozen=True)
class Atom:
    """An atom.

    Attributes:
        name: its four letters.
        start: where its header starts in the file, in bytes.
        body: where its content starts.
        end: where it ends.
        children: the atoms in it; None if they are not looked at.
    """

    name: bytes
    start: int
    body: int
    end: int
    children: "tuple[Atom, ...] | None" = None

    @property
    def insertion(self) -> int:
        """Where another child would be added, before zeros that end the list."""
        return self.children[-1].end if self.children else self.body

    def child(self, name: bytes) -> "Atom | None":
        """The first child of a name."""
        return next((child for child in self.children or () if child.name == name), None)

    def walk(self, above: bytes = b"") -> "Iterator[tuple[bytes, Atom]]":
        """Yields this atom and all below it, each with its path, such as `moov/udta`."""
        path = above + b"/" + self.name if above else self.name
        yield path, self
        for child in self.children or ():
            yield from child.walk(path)


def read(file: IO[bytes]) -> list[Atom]:
    """The atoms of a file.

    Raises:
        ValueError: if they do not fill it.
    """
    return _atoms(file, 0, size_of(file), above=b"")


def _atoms(file: IO[bytes], place: int, end: int, *, above: bytes) -> list[Atom]:
    """The atoms between two places, up to zeros that end a list."""
    atoms = []
    while place < end:
        header = read_at(file, place, 16)
        if end - place < 8 and above and not any(header[: end - place]):
            break
        size, name, body = int.from_bytes(header[:4], "big"), header[4:8], place + 8
        if size == 1:
            size, body = int.from_bytes(header[8:], "big"), place + 16
        elif size == 0 and not above:
            size = end - place
        if place + size > end or place + size < body or len(header) < 8:
            raise ValueError(f"its atoms are damaged at byte {place}")
        children = _children(file, name, body, place + size, above)
        atoms.append(Atom(name, place, body, place + size, children))
        place += size
    return atoms


def _children(
    file: IO[bytes], name: bytes, start: int, end: int, above: bytes
) -> tuple[Atom, ...] | None:
    if name not in _CONTAINERS.get(above, ()):
        return None
    if name == b"meta" and read_at(file, start + 4, 4) != b"hdlr":
        start += 4  # a version, which QuickTime's does not have
    return tuple(_atoms(file, start, end, above=name))
