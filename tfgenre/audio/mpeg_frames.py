"""The frames of MPEG audio, layer III: their headers, and where a file contains them."""

import io
import re
from functools import cache
from typing import BinaryIO

BUFFER_BYTES = 1 << 18
_SEARCH_BYTES = 1 << 24
_MAX_FRAME_BYTES = 1441
_FRAMES_TO_CONFIRM = 4
_SYNC = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")
_MPEG_1 = 3  # as version bits
_MONO = 0xC0  # as mode bits
_KBITS = {
    3: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    0: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
RATES_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def is_mpeg_1(header: bytes) -> bool:
    """Whether a frame is MPEG 1, not 2 or 2.5."""
    return header[1] >> 3 & 3 == _MPEG_1


def first_frame(file: BinaryIO, start: int) -> int | None:
    """The offset of the first of several consecutive frames in the 16 MB after start, or None."""
    for place in range(start, start + _SEARCH_BYTES, BUFFER_BYTES):
        file.seek(place)
        data = file.read(BUFFER_BYTES + _FRAMES_TO_CONFIRM * _MAX_FRAME_BYTES)
        for sync in _SYNC.finditer(data, 0, BUFFER_BYTES + 1):
            end = sync.start()
            lengths = frame_lengths(data[end : end + 3])
            for _ in range(_FRAMES_TO_CONFIRM):
                end += lengths.get(data[end : end + 3], len(data))
            if end <= len(data):
                return place + sync.start()
        if len(data) < BUFFER_BYTES:
            return None
    return None


def scan(
    file: BinaryIO, place: int, lengths: dict[bytes, int]
) -> tuple[int, tuple[tuple[int, int], ...]]:
    """Counts the frames in a file.

    Args:
        file: any file.
        place: where the first frame starts, in bytes.
        lengths: `frame_lengths` of the format to count.

    Returns:
        The number of whole frames up to the file's end; and its segments, (start, end) in bytes, in
        which frames follow each other without a gap and are either all mono or all not.
    """
    size = file.seek(0, io.SEEK_END)
    count, segments, start, was_mono = 0, [], place, None
    while place < size:
        file.seek(place)
        header = file.read(4)
        length = lengths.get(header[:3])
        if length is None or place + length > size:
            segments.append((start, place))
            start = place = _next_frame(file, place + 1, lengths)
            continue
        is_mono = header[3] >= _MONO
        if was_mono not in (is_mono, None):
            segments.append((start, place))
            start = place
        was_mono = is_mono
        place += length
        count += 1
    segments.append((start, place))
    return count, tuple((start, end) for start, end in segments if start < end)


def _next_frame(file: BinaryIO, place: int, lengths: dict[bytes, int]) -> int:
    """The offset of the next two consecutive frames at or after place; else the file's end."""
    while True:
        file.seek(place)
        data = file.read(BUFFER_BYTES)
        for sync in _SYNC.finditer(data):
            header = data[sync.start() : sync.start() + 3]
            if header in lengths:
                file.seek(place + sync.start() + lengths[header])
                if file.read(3) in lengths:
                    return place + sync.start()
        if len(data) < BUFFER_BYTES:
            return place + len(data)
        place += len(data) - 2


@cache
def frame_lengths(header: bytes) -> dict[bytes, int]:
    """The lengths of one format's layer III frames in bytes, by their headers' first three bytes.

    Args:
        header: the first three bytes of any frame of that format (MPEG version and sample rate).

    Returns:
        One entry for each header of that format; none if the header is not layer III.
    """
    if len(header) < 3:
        return {}
    version, layer, rate = header[1] >> 3 & 3, header[1] >> 1 & 3, header[2] >> 2 & 3
    if header[0] != 0xFF or header[1] < 0xE0 or layer != 1 or rate == 3 or version not in _KBITS:
        return {}
    rate_hz = RATES_HZ[version][rate]
    lengths = {}
    for number, kbits in enumerate(_KBITS[version], 1):
        for padding_private in range(4):
            for no_crc in range(2):
                length = (144 if version == _MPEG_1 else 72) * 1000 * kbits // rate_hz
                key = (0xFF, header[1] & 0xFE | no_crc, number << 4 | rate << 2 | padding_private)
                lengths[bytes(key)] = length + (padding_private >> 1)
    return lengths
