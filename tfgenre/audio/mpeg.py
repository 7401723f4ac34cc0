"""MP3 files: finds their frames, and corrects the length that the Xing header declares.

MPEG audio declares no length, except in a Xing header (or Info: same layout), which the encoder may
write into an empty first frame. libsndfile's decoder stops at that length even if it is wrong, as
in concatenated files. Without one it stops at an estimate, and at any damaged frame header. So this
module counts the frames, and shows the decoder a repaired file.
"""

import io
import struct
from dataclasses import dataclass
from typing import IO, Any, BinaryIO

from tfgenre.audio.mpeg_frames import BUFFER_BYTES, first_frame, frame_lengths, is_mpeg_1, scan
from tfgenre.errors import SkipTrack
from tfgenre.files import FilePart


@dataclass(frozen=True)
class XingHeader:
    """A Xing or Info header, in which the encoder declares a file's length.

    Attributes:
        position: its offset in the file, in bytes.
        frames: the declared number of frames after its own, None if absent.
        bytes: the declared number of bytes from its own frame on, 0 if absent.
    """

    position: int
    frames: int | None
    bytes: int


@dataclass(frozen=True)
class Frames:
    """The frames of an MP3 file.

    Attributes:
        xing: the file's Xing header, None if it has none.
        num_samples: per channel, in all whole frames except the Xing header's.
        num_frames: the number of those frames.
        segments: (start, end) in bytes of each run of consecutive frames; more than one if the file
            is damaged or concatenated.
    """

    xing: XingHeader | None
    num_samples: int
    num_frames: int
    segments: tuple[tuple[int, int], ...]


def find_frames(path: str) -> Frames | None:
    """Finds the frames of an MP3 file; None if it is not one."""
    with open(path, "rb", buffering=BUFFER_BYTES) as file:
        start = first_frame(file, after_tag(file))
        if start is None:
            return None
        file.seek(start)
        frame = file.read(60)
        lengths = frame_lengths(frame[:3])
        xing = _read_xing(frame, start)
        first = start + lengths[frame[:3]] if xing else start
        num_frames, segments = scan(file, first, lengths)
        others = (_after_xing(file, *segment, lengths) for segment in segments[1:])
        segments = segments[:1] + tuple(others)
    num_samples = num_frames * (1152 if is_mpeg_1(frame) else 576)
    return Frames(xing, num_samples, num_frames, segments)


def repaired(path: str, frames: Frames) -> BinaryIO | None:
    """An MP3 file (its first segment) as the decoder should see it; None if it needs no repair.

    Raises:
        SkipTrack: if less than half of the file is present, as after an interrupted copy.
    """
    xing = frames.xing
    if xing and xing.frames and frames.num_frames < xing.frames / 2:
        size = sum(end - start for start, end in frames.segments)
        if size < xing.bytes / 2:
            raise SkipTrack("truncated", f"only {size} of {xing.bytes} bytes are present")
    if len(frames.segments) > 1 or xing is None or xing.frames is None:
        return segment(path, *frames.segments[0])
    if xing.frames == frames.num_frames:
        return None
    patch = (xing.position + 8, struct.pack(">I", frames.num_frames))
    return io.BufferedReader(_PatchedFile(path, patch=patch), BUFFER_BYTES)


def segment(path: str, start: int, end: int) -> BinaryIO:
    """A segment of an MP3 file, without a Xing header.

    The decoder would estimate the number of frames from the segment's size and the first frame's
    bit rate, and stop there. So the reported size is larger than any change of bit rate requires.
    """
    file = _PatchedFile(path, start=start, end=end, size_factor=100)
    return io.BufferedReader(file, BUFFER_BYTES)


class _PatchedFile(FilePart):
    """A part of a file, with some bytes replaced and its reported size multiplied."""

    def __init__(
        self,
        path: str,
        *,
        start: int = 0,
        end: int | None = None,
        patch: tuple[int, bytes] = (0, b""),
        size_factor: int = 1,
    ) -> None:
        self._patch = patch
        self._size_factor = size_factor
        super().__init__(path, start=start, end=end)

    def readinto(self, buffer: Any) -> int:
        """Reads bytes into a buffer, and returns how many."""
        position, content = self._patch
        before = position - self.tell()
        count = super().readinto(buffer)
        for place, byte in enumerate(content, before):
            if 0 <= place < count:
                memoryview(buffer)[place : place + 1] = bytes([byte])
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves to an offset, and returns it; the end itself is at the reported size."""
        place = super().seek(offset, whence)
        if whence == io.SEEK_END and not offset:
            return super().seek(place * self._size_factor)
        return place


def after_tag(file: IO[bytes]) -> int:
    """The offset of a file's content after its ID3v2 tags; 0 if it has none."""
    size = file.seek(0, io.SEEK_END)
    end = 0
    while True:
        file.seek(end)
        header = file.read(10)
        if header[:3] != b"ID3" or len(header) < 10:
            return end
        if end + 10 + tag_bytes(header) >= size:
            return end
        end += 10 + tag_bytes(header)


def tag_bytes(header: bytes) -> int:
    """How many bytes follow an ID3v2 tag's ten-byte header."""
    shifts = zip(header[6:10], (21, 14, 7, 0), strict=True)
    return sum((byte & 0x7F) << shift for byte, shift in shifts)


def _after_xing(
    file: IO[bytes], start: int, end: int, lengths: dict[bytes, int]
) -> tuple[int, int]:
    """A segment without a Xing header in its first frame, which would describe another file."""
    file.seek(start)
    frame = file.read(60)
    if len(frame) == 60 and _read_xing(frame, start):
        start = min(end, start + lengths[frame[:3]])
    return start, end


def _read_xing(frame: bytes, start: int) -> XingHeader | None:
    """The Xing header of a frame, given the frame's first 60 bytes and its offset in the file."""
    is_mono = frame[3] >> 6 == 3
    place = 4 + (9 if is_mono else 17) + (8 if is_mono else 15) * is_mpeg_1(frame)
    if frame[place : place + 4] not in (b"Xing", b"Info"):
        return None
    flags, first, second = struct.unpack_from(">III", frame, place + 4)
    frames, size = (first, second) if flags & 1 else (None, first)
    return XingHeader(start + place, frames, size if flags & 2 else 0)
