"""Ogg files: finds the files that were chained to one, as by a recorder of internet radio."""

import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from tfgenre.errors import SkipTrack
from tfgenre.files import read_at

_FIRST_PAGE = re.compile(rb"OggS\0[\x02\x03\x06\x07]\0{8}")  # it begins a stream
HEADER_BYTES = 27  # of a page, before the sizes of its segments
MOST_HEADER_BYTES = HEADER_BYTES + 255  # with them
_CHUNK_BYTES = 1 << 20
_MAX_LINKS = 1000


def links(file: BinaryIO, start: int) -> tuple[tuple[int, int], ...]:
    """The chained files in an Ogg file: (start, end) of each, in bytes.

    Streams that begin on consecutive pages, such as a film's sound and picture, are in one of them.

    Args:
        file: any file.
        start: where its content starts, in bytes.

    Raises:
        SkipTrack: decode_error, if there are more than 1,000.
    """
    starts, end_of_last = [], -1
    for place, length in _first_pages(file, start):
        if place != end_of_last:
            starts.append(place)
        end_of_last = place + length
        if len(starts) > _MAX_LINKS:
            raise SkipTrack("decode_error", f"a chain of more than {_MAX_LINKS:,} Ogg files")
    ends = [*starts[1:], file.seek(0, io.SEEK_END)]
    return tuple(zip(starts, ends, strict=False))  # a damaged file may have no start


def page_bytes(header: bytes) -> int:
    """The length of a page, by its first bytes."""
    num_segments = header[HEADER_BYTES - 1] if len(header) >= HEADER_BYTES else 0
    return HEADER_BYTES + num_segments + sum(header[HEADER_BYTES : HEADER_BYTES + num_segments])


def _first_pages(file: BinaryIO, start: int) -> Iterator[tuple[int, int]]:
    """Offset and length of each page that begins a stream."""
    while True:
        data = read_at(file, start, _CHUNK_BYTES + MOST_HEADER_BYTES)
        for found in _FIRST_PAGE.finditer(data, 0, min(len(data), _CHUNK_BYTES + 13)):
            header = data[found.start() : found.start() + MOST_HEADER_BYTES]
            yield start + found.start(), page_bytes(header)
        if len(data) <= _CHUNK_BYTES:
            return
        start += _CHUNK_BYTES
