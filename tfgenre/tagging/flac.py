"""The genre in a FLAC file's metadata blocks (RFC 9639, section 8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from tfgenre.errors import CannotTag
from tfgenre.files import pieces, read_at
from tfgenre.tagging import comments, endings, id3v2
from tfgenre.tagging.id3v2_tag import read_all
from tfgenre.tagging.splices import Content, Splice, digest, spliced

MAGIC = b"fLaC"
_STREAMINFO, _PADDING, _COMMENTS = 0, 1, 4  # types of blocks
_LAST = 0x80  # marks the last block
_LARGEST_BLOCK = (1 << 24) - 1


@dataclass(frozen=True)
class Block:
    """A metadata block.

    Attributes:
        kind: its type.
        is_last: whether the sound follows it.
        start: where its content starts in the file, after 4 bytes of header.
        length: of its content, in bytes.
    """

    kind: int
    is_last: bool
    start: int
    length: int


def edit(file: BinaryIO, genres: Sequence[str]) -> list[Splice]:
    """What to replace for a file to state genres.

    Raises:
        CannotTag: if its blocks or comments are damaged.
    """
    tags = read_all(file)
    others = [splice for tag in tags for splice in id3v2.edit(tag, genres, insert=False)]
    others += endings.edit(endings.read(file), genres)
    blocks = _blocks(file, tags[-1].end if tags else 0)
    found = [block for block in blocks if block.kind == _COMMENTS]
    if not found:
        return others + _new_block(blocks[0], genres)
    block = found[0]
    raw = read_at(file, block.start, block.length)
    splices = [
        Splice(block.start + splice.offset, splice.length, splice.new)
        for splice in comments.edit(comments.parse(raw), genres)
    ]
    growth = sum(len(splice.new) - splice.length for splice in splices)
    return others + splices + [_resized(block, growth), *_from_padding(blocks, growth)]


def content(file: BinaryIO) -> Content:
    """What a change of the genre leaves as it is."""
    tags, ending = read_all(file), endings.read(file)
    blocks = _blocks(file, tags[-1].end if tags else 0)
    kept: list[bytes] = []
    for block in blocks:
        raw = read_at(file, block.start, block.length)
        if block.kind == _COMMENTS:
            # A file without comments gets the program's name and an empty list.
            found = comments.parse(raw).others
            kept += [part for part in found if part != comments.EMPTY[:-4]]
        elif block.kind != _PADDING:
            kept.append(bytes([block.kind]) + raw)
    sound = digest(pieces(file, blocks[-1].start + blocks[-1].length, ending.start))
    others = (part for tag in tags for part in id3v2.others(tag))
    return Content((sound,), (*filter(None, kept), *others, *endings.others(ending)))


def _blocks(file: BinaryIO, start: int) -> list[Block]:
    """The metadata blocks of a file whose magic is at start."""
    blocks: list[Block] = []
    place = start + len(MAGIC)
    while not blocks or not blocks[-1].is_last:
        header = read_at(file, place, 4)
        if len(header) < 4:
            raise CannotTag("its metadata blocks are damaged")
        length = int.from_bytes(header[1:], "big")
        blocks.append(Block(header[0] & ~_LAST, bool(header[0] & _LAST), place + 4, length))
        place += 4 + length
    sync = int.from_bytes(read_at(file, place, 2), "big")
    if blocks[0].kind != _STREAMINFO or sync >> 2 != 0x3FFE:
        raise CannotTag("its metadata blocks are damaged")
    if sum(block.kind == _COMMENTS for block in blocks) > 1:
        raise CannotTag("it has several blocks of comments")
    return blocks


def _new_block(first: Block, genres: Sequence[str]) -> list[Splice]:
    """A block of comments after the first block."""
    raw = spliced(comments.EMPTY, comments.edit(comments.parse(comments.EMPTY), genres))
    header = bytes([_COMMENTS | (_LAST if first.is_last else 0)]) + len(raw).to_bytes(3, "big")
    return [
        Splice(first.start - 4, 1, bytes([first.kind])),
        Splice(first.start + first.length, 0, header + raw),
    ]


def _resized(block: Block, growth: int) -> Splice:
    """A block's new length."""
    if block.length + growth > _LARGEST_BLOCK:
        raise CannotTag("its block of comments has no space left")
    return Splice(block.start - 3, 3, (block.length + growth).to_bytes(3, "big"))


def _from_padding(blocks: list[Block], growth: int) -> list[Splice]:
    """Takes the growth of another block from the padding, if there is enough."""
    for block in blocks:
        if block.kind == _PADDING and growth <= block.length <= _LARGEST_BLOCK + growth:
            end = block.start + block.length
            taken, added = max(growth, 0), bytes(max(-growth, 0))
            return [_resized(block, -growth), Splice(end - taken, taken, added)]
    return []
