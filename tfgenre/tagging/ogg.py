"""The genre in an Ogg file's packet of comments (RFC 3533; xiph.org for what is in the packets).

The packet keeps its number of pages where it can. Otherwise all later pages get another number.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import mutagen
from mutagen.ogg import OggPage

from tfgenre.errors import CannotTag
from tfgenre.files import pieces, read_at, size_of
from tfgenre.tagging import comments
from tfgenre.tagging.splices import Content, Splice, digest, spliced

MAGIC = b"OggS"
_MOST_SEGMENTS = 255  # of up to 255 bytes, in a page
# What each codec's first packet starts with, and the bytes before the comments in its second.
_CODECS = {b"\x01vorbis": 7, b"OpusHead": 8, b"\x7fFLAC": 4, b"Speex   ": 0}
_FLAC = b"\x7fFLAC"
_NUMBER_AND_CHECKSUM = slice(18, 26)  # of a page's header


@dataclass(frozen=True)
class Header:
    """The pages with the comments of an Ogg file.

    Attributes:
        codec: what its first packet starts with.
        pages: those that the packet of comments is on.
        packet: that packet.
        later: the pages after those, of the same stream.
        end: where the last valid page of the file ends, in bytes.
    """

    codec: bytes
    pages: list[OggPage]
    packet: bytes
    later: list[int]
    end: int

    @property
    def rest(self) -> list[bytes]:
        """The packets after the comments on their last page."""
        packets: list[bytes] = self.pages[-1].packets
        return packets[1:]


def edit(file: BinaryIO, genres: Sequence[str]) -> list[Splice]:
    """What to replace for a file to state genres.

    Raises:
        CannotTag: if the file is damaged, or has no place for genres that is certain.
    """
    header = _read(file)
    packet = _changed(header, genres)
    pages = _paged(header, packet)
    splices = [
        Splice(old.offset, old.size, new.write() if new else b"")
        for old, new in zip(header.pages, pages + [None] * len(header.pages), strict=False)
    ]
    added = pages[len(header.pages) :]
    last = splices[-1]
    splices[-1] = Splice(last.offset, last.length, last.new + b"".join(p.write() for p in added))
    return splices + _renumbered(file, header, len(pages) - len(header.pages))


def content(file: BinaryIO) -> Content:
    """What a change of the genre leaves as it is."""
    header = _read(file)
    start = _CODECS[header.codec]
    program, *others = comments.parse(header.packet, start).others
    if header.codec == _FLAC:  # without the length of its block
        program = program[:1] + program[4:]
    with_comments = {page.offset for page in header.pages}
    last = header.pages[-1]
    sound = [digest([*header.rest, repr((last.position, last.last, last.complete)).encode()])]
    for page in _pages(file):
        if page.offset not in with_comments:
            raw = bytearray(page.write())
            raw[_NUMBER_AND_CHECKSUM] = bytes(8)
            sound.append(digest([bytes(raw)]))
    sound.append(digest(pieces(file, header.end, size_of(file))))
    return Content(tuple(sound), (program, *others))


def _pages(file: BinaryIO) -> Iterator[OggPage]:
    """The pages of a file, up to the first that is damaged or is none."""
    place = 0
    while True:
        file.seek(place)
        try:
            page = OggPage(file)
        except (mutagen.MutagenError, EOFError):
            return
        if page.write() != read_at(file, place, page.size):
            return
        place += page.size
        yield page


def _read(file: BinaryIO) -> Header:
    codecs: dict[int, bytes] = {}
    pages: list[OggPage] = []
    later: list[int] = []
    end, is_after_starts, is_whole = 0, False, False
    for page in _pages(file):
        end = page.offset + page.size
        if page.first:
            if is_after_starts:
                raise CannotTag("it is several Ogg files in one")
            for codec in filter(page.packets[0].startswith, _CODECS) if _is_alone(page) else ():
                codecs[page.serial] = codec
            continue
        is_after_starts = True
        if page.serial not in codecs:
            continue
        if is_whole:
            later.append(page.offset)
        else:
            pages.append(page)
            is_whole = len(page.packets) > 1 or page.complete
    if len(codecs) != 1 or not is_whole:
        raise CannotTag("its first pages are damaged, or it has not one stream of sound")
    packet = b"".join(page.packets[0] for page in pages)
    return Header(next(iter(codecs.values())), pages, packet, later, end)


def _is_alone(page: OggPage) -> bool:
    """Whether a page has one packet, as the first page must."""
    return len(page.packets) == 1 and bool(page.complete)


def _changed(header: Header, genres: Sequence[str]) -> bytes:
    """The packet of comments with other genres."""
    found = comments.parse(header.packet, _CODECS[header.codec])
    packet = spliced(header.packet, comments.edit(found, genres))
    if header.codec != _FLAC:
        return packet
    if header.packet[0] & 0x7F != 4 or len(packet) - 4 >= 1 << 24:
        raise CannotTag("it has no block of comments after its first block, or a full one")
    return packet[:1] + (len(packet) - 4).to_bytes(3, "big") + packet[4:]


def _paged(header: Header, packet: bytes) -> list[OggPage]:
    """The pages of another packet of comments, and of what is after it on its last page."""
    last = header.pages[-1]
    is_cut = not last.complete and len(last.packets[-1]) % 255 == 0
    num_others = sum(len(other) // 255 + 1 for other in header.rest) - is_cut
    left = len(packet) // 255 + 1
    num_pages = len(header.pages)
    if not num_pages <= left <= _MOST_SEGMENTS * num_pages - num_others:
        num_pages = -(-(left + num_others) // _MOST_SEGMENTS)
    pages: list[OggPage] = []
    for pages_left in reversed(range(num_pages)):
        taken = min(_MOST_SEGMENTS, left - pages_left) if pages_left else left
        pages.append(_page(header, len(pages), [packet[: 255 * taken]]))
        packet, left = packet[255 * taken :], left - taken
    pages[-1].packets += header.rest
    pages[-1].complete, pages[-1].last = last.complete, last.last
    pages[-1].position = last.position
    return pages


def _page(header: Header, number: int, packets: list[bytes]) -> OggPage:
    """A page on which the packet of comments does not end."""
    page = OggPage()
    page.serial = header.pages[0].serial
    page.sequence = header.pages[0].sequence + number
    page.continued = number > 0
    page.complete = False
    page.packets = packets
    return page


def _renumbered(file: BinaryIO, header: Header, shift: int) -> list[Splice]:
    """Other numbers for the later pages, which are part of a page's checksum."""
    if shift and header.end < size_of(file):
        raise CannotTag("it is damaged after its comments")
    splices = []
    for offset in header.later if shift else []:
        file.seek(offset)
        page = OggPage(file)
        page.sequence += shift
        splices.append(Splice(offset + 18, 8, page.write()[_NUMBER_AND_CHECKSUM]))
    return splices
