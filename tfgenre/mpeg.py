"""MPEG audio as it lies on disk: its frames, and the note of their number that encoders leave.

MPEG audio has no length but what an encoder may have noted in an empty first frame, after the name
Xing or Info. libsndfile's decoder ends there, even where the note is wrong, as in songs that were
glued together, and at a guess where there is none. Both are mended on the way to the decoder.
"""

import io
import re
import struct
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO

from tfgenre.errors import SkipTrack

_BUFFER_BYTES = 1 << 18
_MPEG_1 = 3  # as version bits
_KBITS = {
    3: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    0: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


@dataclass(frozen=True)
class Note:
    """What an encoder noted of a file's length.

    Attributes:
        position: where in the file the note starts, with its name.
        header: the first three bytes of the frame that holds it.
        frame: where that frame starts.
        frames: how many it says follow, None if it does not say.
        bytes: how many bytes it says there are from that frame on, 0 if it does not say.
    """

    position: int
    header: bytes
    frame: int
    frames: int | None
    bytes: int


class _MendedFile(io.FileIO):
    """A file that reads as if other bytes stood in one place of it, and as if it was longer."""

    def __init__(
        self, path: str, *, position: int = 0, content: bytes = b"", times_longer: int = 1
    ) -> None:
        super().__init__(path)
        self._position = position
        self._content = content
        self._times_longer = times_longer

    def readinto(self, buffer: Any) -> int:
        """Reads bytes into a buffer, and returns how many."""
        start = self.tell()
        count = super().readinto(buffer) or 0
        for place, byte in enumerate(self._content, self._position - start):
            if 0 <= place < count:
                memoryview(buffer)[place : place + 1] = bytes([byte])
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Goes somewhere, and returns where that is; the end itself is where it seems to be."""
        place = super().seek(offset, whence)
        if whence == io.SEEK_END and not offset:
            return super().seek(place * self._times_longer)
        return place


def find_note(path: str) -> Note | None:
    """The note in a file's first frame, None if there is none."""
    with open(path, "rb") as file:
        start = _after_tag(file)
        file.seek(start)
        frame = file.read(60)
    if len(frame) < 60 or frame[:3] not in frame_lengths(frame[:3]):
        return None
    is_mpeg_1, is_mono = frame[1] >> 3 & 3 == _MPEG_1, frame[3] >> 6 == 3
    place = 4 + (9 if is_mono else 17) + (8 if is_mono else 15) * is_mpeg_1
    if frame[place : place + 4] not in (b"Xing", b"Info"):
        return None
    flags, first, second = struct.unpack_from(">III", frame, place + 4)
    frames, size = (first, second) if flags & 1 else (None, first)
    return Note(start + place, frame[:3], start, frames, size if flags & 2 else 0)


def mended(path: str, note: Note) -> BinaryIO | None:
    """A file with a right note in place of a wrong one, None if it is right.

    Raises:
        SkipTrack: if less than half of the file is there, as when copying it was cut off.
    """
    if note.frames is None:
        return endless(path)
    with open(path, "rb", buffering=_BUFFER_BYTES) as file:
        num_frames = count_frames(file, note)
        size = file.seek(0, io.SEEK_END) - note.frame
    if num_frames == note.frames:
        return None
    if size < note.bytes / 2 and num_frames < note.frames / 2:
        raise SkipTrack("truncated", f"{size} of {note.bytes} bytes are there")
    right = struct.pack(">I", num_frames)
    raw = _MendedFile(path, position=note.position + 8, content=right)
    return io.BufferedReader(raw, _BUFFER_BYTES)


def endless(path: str) -> BinaryIO:
    """A file without a note.

    The decoder would guess the number of frames from the file's size and the first one's bit rate,
    and end there; so the size seems to be larger than any bit rates can make up for.
    """
    return io.BufferedReader(_MendedFile(path, times_longer=100), _BUFFER_BYTES)


def count_frames(file: BinaryIO, note: Note) -> int:
    """How many whole frames follow that with the note, of its format, whatever lies between."""
    lengths = frame_lengths(note.header)
    size = file.seek(0, io.SEEK_END)
    place = note.frame + lengths[note.header]
    count = 0
    while place < size:
        file.seek(place)
        length = lengths.get(file.read(3))
        if length is None:
            place = _next_frame(file, place + 1, lengths)
        else:
            place += length
            count += place <= size
    return count


def _next_frame(file: BinaryIO, place: int, lengths: dict[bytes, int]) -> int:
    """Where, from a place on, two frames follow each other; the file's end if nowhere."""
    while True:
        file.seek(place)
        data = file.read(_BUFFER_BYTES)
        for sync in re.finditer(rb"\xff[\xe2-\xff]", data):
            header = data[sync.start() : sync.start() + 3]
            file.seek(place + sync.start() + lengths.get(header, 0))
            if header in lengths and file.read(3) in lengths:
                return place + sync.start()
        if len(data) < _BUFFER_BYTES:
            return place + len(data)
        place += len(data) - 2


@cache
def frame_lengths(header: bytes) -> dict[bytes, int]:
    """The bytes a layer III frame takes by its header's first three, for one format.

    Args:
        header: three bytes of a frame of that format: MPEG version and sample rate.

    Returns:
        One entry for each header of that format; nothing if the header is not layer III's.
    """
    version, layer, rate = header[1] >> 3 & 3, header[1] >> 1 & 3, header[2] >> 2 & 3
    if header[0] != 0xFF or header[1] < 0xE0 or layer != 1 or rate == 3 or version not in _KBITS:
        return {}
    rate_hz = _RATES_HZ[version][rate]
    lengths = {}
    for number, kbits in enumerate(_KBITS[version], 1):
        for padding_private in range(4):
            for no_crc in range(2):
                length = (144 if version == _MPEG_1 else 72) * 1000 * kbits // rate_hz
                key = (0xFF, header[1] & 0xFE | no_crc, number << 4 | rate << 2 | padding_private)
                lengths[bytes(key)] = length + (padding_private >> 1)
    return lengths


def _after_tag(file: BinaryIO) -> int:
    """Where a file's sound starts, after an ID3v2 tag."""
    file.seek(0)
    start = file.read(10)
    if start[:3] != b"ID3" or len(start) < 10:
        return 0
    shifts = zip(start[6:], (21, 14, 7, 0), strict=True)
    return 10 + sum((byte & 0x7F) << shift for byte, shift in shifts)
