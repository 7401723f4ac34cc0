"""Which bytes of a file are its sound, whatever its tags: to notice copies, and files that change.

Nothing is decoded. In formats that are not known here, all is sound but ID3 and APE tags.
"""

import hashlib
import re
import zlib
from collections.abc import Iterator
from typing import IO

from tfgenre.audio import mp4_atoms, mpeg, ogg, riff
from tfgenre.files import pieces, read_at, size_of

_Range = tuple[int, int]  # start and end, in bytes
_SAMPLE_BYTES = 1 << 12
_OGG_HEADER = re.compile(rb"OggS.{0,23}", re.DOTALL)
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_RIFF_SOUND = {b"fmt ", b"data", b"COMM", b"SSND"}


def summary(file: IO[bytes]) -> str:
    """The length of a file's sound in bytes and a checksum of 4 KiB from its middle; "" if none.

    Both stay the same when a tag is written, which may number the pages of an Ogg file anew.
    """
    found = ranges(file)
    if not (length := sum(end - start for start, end in found)):
        return ""
    start, end = max(found, key=lambda each: each[1] - each[0])
    sample = read_at(file, (start + end) // 2, min(_SAMPLE_BYTES, (end - start + 1) // 2))
    content = _OGG_HEADER.sub(b"", sample[max(0, sample.find(b"OggS")) :])
    return f"{length}-{zlib.crc32(content):08x}"


def digest(file: IO[bytes]) -> bytes:
    """A digest of all of a file's sound, which tags do not change either."""
    found = hashlib.blake2b()
    for start, end in ranges(file):
        for piece in _pieces(file, start, end):
            found.update(piece)
    return found.digest()


def ranges(file: IO[bytes]) -> list[_Range]:
    """Where in a file its sound is, in order."""
    start, end = mpeg.after_tag(file), before_endings(file)
    for found in (_within(file, start, end), [(start, end)]):
        if found := [each for each in found if each[0] < each[1]]:
            return found
    return []


def _within(file: IO[bytes], start: int, end: int) -> list[_Range]:
    """Where the sound is between a file's outer tags, by its format; nowhere in others."""
    head = read_at(file, start, 24)
    if head[4:8] == b"ftyp":
        return _mp4(file)
    if head[:4] == b"fLaC":
        return [(_after_flac_metadata(file, start + 4), end)]
    if head[:4] == b"OggS":
        return [(_after_ogg_headers(file, start), end)]
    if riff.is_riff(head):
        return [c[1:] for c in riff.chunks(file, start) if c.name in _RIFF_SOUND]
    if head[:16] == _ASF:
        return [(start + int.from_bytes(head[16:], "little"), end)]
    return []


def _pieces(file: IO[bytes], start: int, end: int) -> Iterator[bytes]:
    """What is between two places, without the headers of an Ogg file's pages."""
    for place, page in _ogg_pages(file, start):  # none in other formats
        start = place + ogg.page_bytes(page)
        yield read_at(file, place + ogg.HEADER_BYTES, start - place - ogg.HEADER_BYTES)
    yield from pieces(file, start, end)


def before_endings(file: IO[bytes]) -> int:
    """Where the ID3v1 and APE tags at the end of a file begin."""
    end = size_of(file)
    while (place := _before_ending(file, end)) < end:
        end = place
    return end


def _before_ending(file: IO[bytes], end: int) -> int:
    """Where the tag begins that ends at a place; that place if there is none."""
    if end >= 128 and read_at(file, end - 128, 3) == b"TAG":
        return end - 128
    footer = read_at(file, max(0, end - 32), 32)
    if footer[:8] != b"APETAGEX":
        return end
    flags = int.from_bytes(footer[20:24], "little")
    place = end - int.from_bytes(footer[12:16], "little") - (32 if flags >> 31 else 0)
    return place if place >= 0 else end


def _mp4(file: IO[bytes]) -> list[_Range]:
    try:
        return [(atom.body, atom.end) for atom in mp4_atoms.read(file) if atom.name == b"mdat"]
    except ValueError:  # damaged
        return []


def _after_flac_metadata(file: IO[bytes], place: int) -> int:
    while True:
        header = read_at(file, place, 4)
        place += 4 + int.from_bytes(header[1:], "big")
        if len(header) < 4 or header[0] & 0x80:
            return place


def _after_ogg_headers(file: IO[bytes], place: int) -> int:
    """Where the first page starts on which some sound ends; tags are on pages before it."""
    for start, page in _ogg_pages(file, place):
        place = start
        if int.from_bytes(page[6:14], "little", signed=True) > 0:
            break
    return place


def _ogg_pages(file: IO[bytes], place: int) -> Iterator[tuple[int, bytes]]:
    while (page := read_at(file, place, ogg.MOST_HEADER_BYTES))[:4] == b"OggS":
        if len(page) < ogg.HEADER_BYTES:
            return
        yield place, page
        place += ogg.page_bytes(page)
