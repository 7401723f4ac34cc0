"""ID3v2 tags, read frame by frame as bytes (id3.org: ID3v2.2, 2.3, 2.4).

mutagen gives frames as values, and drops or merges those that it cannot parse. Here a frame is only
its name and its place, so that all but the genre's stay as they are.
"""

import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from tfgenre.errors import CannotTag
from tfgenre.files import read_at, size_of

_HEADER_BYTES = 10
_UNSYNCHRONISED, _EXTENDED, _FOOTER = 0x80, 0x40, 0x10  # flags of the header
_NAMES = {2: re.compile(rb"[A-Za-z0-9]{3}"), 3: re.compile(rb"[A-Za-z0-9]{3}[A-Za-z0-9 \0]")}


@dataclass(frozen=True)
class Frame:
    """A frame's name, and where it is in the tag: [start, end) in bytes."""

    name: bytes
    start: int
    end: int


@dataclass(frozen=True)
class Tag:
    """An ID3v2 tag.

    Attributes:
        offset: where it starts in the file, in bytes.
        raw: all its bytes, with header, padding and footer.
        version: 2, 3 or 4.
        frames: its frames, up to the padding or to what is no frame.
        frames_start: where the first frame starts in `raw`.
        frames_end: where the last frame ends in `raw`.
        is_plain_size: whether a frame's size has 8 bits a byte; 7 in 2.4, but for some programs.
    """

    offset: int
    raw: bytes
    version: int
    frames: tuple[Frame, ...]
    frames_start: int
    frames_end: int
    is_plain_size: bool

    @property
    def end(self) -> int:
        """Where the tag ends in the file."""
        return self.offset + len(self.raw)

    @property
    def is_unsynchronised(self) -> bool:
        """Whether a zero follows each 0xff that could be taken for a frame of sound."""
        return bool(self.raw[5] & _UNSYNCHRONISED) and self.version < 4

    @property
    def footer_bytes(self) -> int:
        """The size of the footer, which only 2.4 can have."""
        return _HEADER_BYTES if self.version == 4 and self.raw[5] & _FOOTER else 0

    @property
    def rest(self) -> bytes:
        """What follows the frames: padding, if all is well."""
        return self.raw[self.frames_end : len(self.raw) - self.footer_bytes]

    @property
    def has_padding(self) -> bool:
        """Whether the bytes after the frames, if any, are padding and stated nowhere."""
        return not (self.footer_bytes or self.raw[5] & _EXTENDED or self.rest.strip(b"\0"))

    @property
    def genres(self) -> list[Frame]:
        """The frames that state the genre."""
        return [frame for frame in self.frames if frame.name == genre_name(self.version)]


def read_all(file: BinaryIO) -> list[Tag]:
    """The tags at a file's start, one after the other.

    Raises:
        CannotTag: if one is damaged, or of an unknown version.
    """
    tags: list[Tag] = []
    end = 0
    while (header := read_at(file, end, _HEADER_BYTES))[:3] == b"ID3" and len(header) == 10:
        tags.append(_read(file, end, header))
        end = tags[-1].end
    return tags


def genre_name(version: int) -> bytes:
    """The name of the frame that states the genre."""
    return b"TCO" if version == 2 else b"TCON"


def _read(file: BinaryIO, offset: int, header: bytes) -> Tag:
    version, flags, size = header[3], header[5], synchsafe(header[6:])
    if version not in (2, 3, 4):
        raise CannotTag(f"its ID3v2 tag has the unknown version 2.{version}")
    if max(header[6:]) > 0x7F or (version == 2 and flags & _EXTENDED):
        raise CannotTag("its ID3v2 tag has a damaged header")
    footer_bytes = _HEADER_BYTES if version == 4 and flags & _FOOTER else 0
    num_bytes = _HEADER_BYTES + size + footer_bytes
    if offset + num_bytes > size_of(file):
        raise CannotTag("its ID3v2 tag is longer than the file")
    raw = read_at(file, offset, num_bytes)
    clean, stuffed = raw[: len(raw) - footer_bytes], []
    if flags & _UNSYNCHRONISED and version < 4:
        stuffed = [found.start() - number for number, found in enumerate(_stuffings(clean))]
        clean = clean[:10] + clean[10:].replace(b"\xff\0", b"\xff")
    start = _HEADER_BYTES + _extended_header_bytes(version, flags, clean)
    frames, is_plain_size = _best_walk(clean, start, version)

    def in_raw(place: int) -> int:
        return place + bisect_left(stuffed, place)

    placed = tuple(Frame(f.name, in_raw(f.start), in_raw(f.end)) for f in frames)
    end = placed[-1].end if placed else in_raw(start)
    return Tag(offset, raw, version, placed, in_raw(start), end, is_plain_size)


def _stuffings(raw: bytes) -> list[re.Match[bytes]]:
    return list(re.compile(rb"\xff\0").finditer(raw, _HEADER_BYTES))


def _extended_header_bytes(version: int, flags: int, clean: bytes) -> int:
    """The size of an extended header, which has a checksum of the frames in it or not."""
    start = clean[10:16]
    if not flags & _EXTENDED or len(start) < 6 or _NAMES[3].fullmatch(start[:4]):
        return 0  # some programs set the flag without such a header
    if version == 3:
        size, has_checksum = 4 + int.from_bytes(start[:4], "big"), start[4] & 0x80
    else:
        size, has_checksum = synchsafe(start[:4]), start[5] & 0x20
    if has_checksum or 10 + size > len(clean):
        raise CannotTag("its ID3v2 tag has a checksum, or a damaged header")
    return size


def _best_walk(clean: bytes, start: int, version: int) -> tuple[list[Frame], bool]:
    """The frames, and whether their sizes have 8 bits a byte, which is right if it fits better."""
    ways = {True: _plain, False: synchsafe} if version < 4 else {False: synchsafe, True: _plain}
    walks = {is_plain: _walk(clean, start, version, size) for is_plain, size in ways.items()}
    for is_plain, frames in walks.items():
        if not clean[frames[-1].end if frames else start :].strip(b"\0"):
            return frames, is_plain
    is_plain = next(iter(ways))
    return walks[is_plain], is_plain


def _walk(
    clean: bytes, place: int, version: int, size_of_frame: Callable[[bytes], int]
) -> list[Frame]:
    """The frames from a place on, up to the first that is none or does not fit."""
    length, header_bytes = (3, 6) if version == 2 else (4, 10)
    frames = []
    while place + header_bytes <= len(clean):
        name = clean[place : place + length]
        end = place + header_bytes + size_of_frame(clean[place + length : place + 2 * length])
        if not _NAMES[min(version, 3)].fullmatch(name) or end > len(clean):
            break
        frames.append(Frame(name, place, end))
        place = end
    return frames


def _plain(size: bytes) -> int:
    return int.from_bytes(size, "big")


def synchsafe(size: bytes) -> int:
    """A number with 7 bits a byte."""
    return sum((byte & 0x7F) << 7 * place for place, byte in enumerate(reversed(size)))


def from_synchsafe(number: int) -> int:
    """The number whose bytes are a number with 7 bits a byte."""
    return sum((number >> 7 * place & 0x7F) << 8 * place for place in range(4))
