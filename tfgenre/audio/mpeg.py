"""MPEG audio, such as MP3: finds its frames, and corrects the length that its Xing header declares.

MPEG audio declares no length, except in a Xing header (or Info: same layout), which the encoder may
write into an empty first frame. libsndfile's decoder stops at that length even if it is wrong, as
in concatenated files. Without one it stops at an estimate, at any damaged frame header, and where
the sample rate changes. So this module counts the frames, and shows the decoder a repaired file.
"""

import struct
from dataclasses import dataclass
from typing import IO, BinaryIO

from tfgenre.audio.mpeg_frames import Segment, first_frame, free_format, scan
from tfgenre.audio.mpeg_headers import headers, side_bytes
from tfgenre.audio.patched import BUFFER_BYTES, patched
from tfgenre.errors import SkipTrack
from tfgenre.files import read_at, size_of

XING_BYTES = 60  # of a frame, enough to read a Xing header
SIZE_FACTOR = 100  # see `segment`
_MAX_TAIL_BYTES = 1 << 16  # after the last frame, such as tags


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
    """The frames of a file of MPEG audio.

    Attributes:
        start: the offset of the first, in bytes.
        has_junk: whether there is more than tags before and after them.
        xing: the file's Xing header, None if it has none.
        num_samples: per channel, in all whole frames except the Xing header's, at the first frame's
            sample rate.
        num_frames: the number of those frames.
        segments: each run of consecutive frames; more than one if the file is damaged or
            concatenated, or its format changes.
    """

    start: int
    has_junk: bool
    xing: XingHeader | None
    num_samples: int
    num_frames: int
    segments: tuple[Segment, ...]


def find_frames(path: str) -> Frames | None:
    """Finds the frames of a file of MPEG audio, without decoding it; None if it is another.

    Raises:
        SkipTrack: decode_error, if they are interrupted more than 10,000 times.
    """
    with open(path, "rb", buffering=BUFFER_BYTES) as file:
        return frames_in(file)


def frames_in(file: BinaryIO) -> Frames | None:
    """The same for an open file."""
    content, size = after_tag(file), size_of(file)
    free = free_format(file, content)
    start = content if free else first_frame(file, content)
    if start is None:
        return None
    known = free or headers()
    header = read_at(file, start, XING_BYTES)
    frame = known.frames[header[:3]]
    xing = read_xing(header, start)
    found = scan(file, start + frame.num_bytes if xing else start, known)
    segments = found[:1] + tuple(_after_xing(file, segment) for segment in found[1:])
    num_samples = sum(
        segment.num_frames * segment.frame.num_samples * frame.rate_hz / segment.frame.rate_hz
        for segment in segments
    )
    num_frames = sum(segment.num_frames for segment in segments)
    end = segments[-1].end if segments else start
    has_junk = start > content or size > end + _MAX_TAIL_BYTES
    return Frames(start, has_junk, xing, round(num_samples), num_frames, segments)


def repaired(path: str, frames: Frames) -> BinaryIO | None:
    """A file (its first segment) as the decoder should see it; None if it needs no repair.

    Raises:
        SkipTrack: if less than half of the file is present, as after an interrupted copy.
    """
    xing = frames.xing
    if xing and xing.frames and frames.num_frames < xing.frames / 2:
        size = sum(found.end - found.start for found in frames.segments)
        if size < xing.bytes / 2:
            raise SkipTrack("truncated", f"only {size} of {xing.bytes} bytes are present")
    if not frames.segments:
        return None
    first = frames.segments[0]
    if len(frames.segments) > 1 or xing is None or xing.frames is None:
        return segment(path, first)
    if xing.frames == frames.num_frames and not frames.has_junk:
        return None
    patch = {xing.position + 8 - frames.start: struct.pack(">I", frames.num_frames)}
    return patched(path, start=frames.start, end=first.end, patches=patch)


def segment(path: str, found: Segment) -> BinaryIO:
    """A segment of a file, without a Xing header.

    The decoder would estimate the number of frames from the segment's size and the first frame's
    bit rate, and stop there. So the reported size is larger than any change of bit rate requires.
    """
    return patched(path, start=found.start, end=found.end, size_factor=SIZE_FACTOR)


def after_tag(file: IO[bytes]) -> int:
    """The offset of a file's content after its ID3v2 tags; 0 if it has none."""
    size = size_of(file)
    end = 0
    while True:
        header = read_at(file, end, 10)
        if header[:3] != b"ID3" or len(header) < 10:
            return end
        if end + 10 + tag_bytes(header) >= size:
            return end
        end += 10 + tag_bytes(header)


def tag_bytes(header: bytes) -> int:
    """How many bytes follow an ID3v2 tag's ten-byte header."""
    shifts = zip(header[6:10], (21, 14, 7, 0), strict=True)
    return sum((byte & 0x7F) << shift for byte, shift in shifts)


def _after_xing(file: IO[bytes], found: Segment) -> Segment:
    """A segment without a Xing header in its first frame, which would describe another file."""
    header = read_at(file, found.start, XING_BYTES)
    if len(header) < XING_BYTES or not read_xing(header, found.start):
        return found
    return found.without_first()


def read_xing(frame: bytes, start: int) -> XingHeader | None:
    """The Xing header of a frame, given its first bytes and its offset in the file."""
    place = 4 + side_bytes(frame)
    is_empty = not any(frame[6:place])  # but for a checksum; the decoder checks this, too
    if not is_empty or frame[place : place + 4] not in (b"Xing", b"Info"):
        return None
    flags, first, second = struct.unpack_from(">III", frame, place + 4)
    frames, size = (first, second) if flags & 1 else (None, first)
    return XingHeader(start + place, frames, size if flags & 2 else 0)
