"""The genre in an MP4 file: moov/udta/meta/ilst/©gen, as iTunes writes it.

The atoms of the tags often precede the sound. If they grow, and no free space next to them takes
the growth, the sound moves, and all offsets that point to it are changed.
"""

from collections.abc import Sequence
from typing import BinaryIO

from tfgenre.audio.mp4_atoms import Atom, read
from tfgenre.errors import CannotTag
from tfgenre.files import pieces, read_at
from tfgenre.tagging import mp4_offsets
from tfgenre.tagging.splices import Content, Splice

MAGIC = b"ftyp"  # after 4 bytes of its size
_GENRES = (b"\xa9gen", b"gnre")  # text, and the number of one of ID3v1's
_FREE = (b"free", b"skip")
_PATH = (b"udta", b"meta", b"ilst")
_UTF8 = 1  # type of data
_HANDLER = bytes(8) + b"mdirappl" + bytes(9)
_NEW_HANDLER = b"moov/udta/meta/hdlr"


def edit(file: BinaryIO, genres: Sequence[str]) -> list[Splice]:
    """What to replace for a file to state genres, one atom 'data' each.

    Raises:
        CannotTag: if the file is damaged, or has offsets that cannot be changed.
    """
    atoms = _atoms(file)
    moov = _moov(atoms)
    above = _ancestors(file, moov)
    found = [atom for atom in above[-1].children or () if atom.name in _GENRES]
    header = (_UTF8).to_bytes(4, "big") + bytes(4)
    data = (_atom(b"data", header + genre.encode()) for genre in genres)
    new = _atom(b"\xa9gen", b"".join(data))
    for name in reversed(_PATH[len(above) - 1 :]):
        new = _atom(name, bytes(4) + _atom(b"hdlr", _HANDLER) + new if name == b"meta" else new)
    splices = [Splice(atom.start, atom.end - atom.start, b"") for atom in found]
    splices = splices or [Splice(above[-1].insertion, 0, b"")]
    splices[0] = Splice(splices[0].offset, splices[0].length, new)
    growth = sum(len(splice.new) - splice.length for splice in splices)
    return splices + _made_to_fit(file, atoms, above, growth)


def content(file: BinaryIO) -> Content:
    """What a change of the genre leaves as it is."""
    atoms = _atoms(file)
    offsets = mp4_offsets.find(file, atoms)
    tops = [atom for atom in atoms if atom.name not in (b"moov", *_FREE)]
    sound = [top.name + mp4_offsets.masked(file, top.body, top.end, offsets) for top in tops]
    sound += mp4_offsets.sound(file, atoms, offsets)
    tags = []
    for path, atom in _moov(atoms).walk():
        is_new_handler = path == _NEW_HANDLER and _is_new(file, atom)
        if atom.children is None and atom.name not in (*_FREE, *_GENRES) and not is_new_handler:
            tags.append(path + mp4_offsets.masked(file, atom.body, atom.end, offsets))
    return Content(tuple(sound), tuple(tags))


def _atoms(file: BinaryIO) -> list[Atom]:
    try:
        return read(file)
    except ValueError as error:
        raise CannotTag(str(error)) from error


def _moov(atoms: list[Atom]) -> Atom:
    found = [atom for atom in atoms if atom.name == b"moov"]
    if len(found) != 1:
        raise CannotTag(f"it has {len(found)} atoms 'moov', not one")
    return found[0]


def _ancestors(file: BinaryIO, moov: Atom) -> list[Atom]:
    """The atoms down to the list of tags, as far as they exist."""
    above = [moov]
    for name in _PATH:
        if sum(child.name == name for child in above[-1].children or ()) > 1:
            raise CannotTag(f"it has several atoms {name.decode()!r} in one")
        found = above[-1].child(name)
        if found is None:
            break
        above.append(found)
    if above[-1].name in (b"meta", b"ilst"):
        handler = above[2].child(b"hdlr")
        if handler is None or read_at(file, handler.body + 8, 4) != b"mdir":
            raise CannotTag("its tags are of a kind that is not iTunes'")
    return above


def _made_to_fit(file: BinaryIO, atoms: list[Atom], above: list[Atom], growth: int) -> list[Splice]:
    """Takes the growth from free space, or shifts the offsets; and writes the containers' sizes."""
    moov = above[0]
    growths = dict.fromkeys(above, growth)
    splices: list[Splice] = []
    end = moov.end
    free, holders = _free(atoms, above, growth)
    if free:
        splices += _resized_free(free, growth)
        for holder in holders:
            growths[holder] -= growth
        end = free.end
    elif growth:
        if any(atom.name == b"sidx" for atom in atoms[: atoms.index(moov)]):
            raise CannotTag("it has an index of segments before its tags")
        splices += mp4_offsets.shifted(file, mp4_offsets.find(file, atoms), end, growth)
    return splices + [_size(file, atom, change) for atom, change in growths.items() if change]


def _free(atoms: list[Atom], above: list[Atom], growth: int) -> tuple[Atom | None, list[Atom]]:
    """Free space that can take the growth, and the atoms around it; None if there is none."""
    places = [(holder, above[: number + 1]) for number, holder in enumerate(above)]
    for holder, holders in reversed(places):
        for atom in holder.children or ():
            if atom.name in _FREE and _takes(atom, growth):
                return atom, holders
    for atom in atoms[atoms.index(above[0]) + 1 :][:1]:
        if atom.name in _FREE and _takes(atom, growth):
            return atom, []
    return None, []


def _takes(free: Atom, growth: int) -> bool:
    left = free.end - free.start - growth
    return free.body - free.start == 8 and (left == 0 or 8 <= left < 1 << 32)


def _resized_free(free: Atom, growth: int) -> list[Splice]:
    left = free.end - free.start - growth
    if not left:
        return [Splice(free.start, free.end - free.start, b"")]
    taken, added = max(growth, 0), bytes(max(-growth, 0))
    return [
        Splice(free.start, 4, left.to_bytes(4, "big")),
        Splice(free.end - taken, taken, added),
    ]


def _size(file: BinaryIO, atom: Atom, growth: int) -> Splice:
    """The new size of a container."""
    size = atom.end - atom.start + growth
    if atom.body - atom.start == 16:
        return Splice(atom.start + 8, 8, size.to_bytes(8, "big"))
    if read_at(file, atom.start, 4) == bytes(4):  # up to the end of the file
        return Splice(atom.start, 0, b"")
    if size >> 32:
        raise CannotTag("its tags have no space left")
    return Splice(atom.start, 4, size.to_bytes(4, "big"))


def _atom(name: bytes, body: bytes) -> bytes:
    return (8 + len(body)).to_bytes(4, "big") + name + body


def _is_new(file: BinaryIO, atom: Atom) -> bool:
    return b"".join(pieces(file, atom.body, atom.end)) == _HANDLER
