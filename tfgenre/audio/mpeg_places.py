"""Where the frames of MPEG audio are: walked from header to header, or computed from the bit rate.

A walk reads the whole file and is exact. `probed` reads little. It takes the bit rate for constant
if the first frames and the last ones have the same and lie where it puts them, and checks each
part that is read in the same way. It does not notice a change elsewhere that leaves those places.
"""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from tfgenre.audio import mpeg
from tfgenre.audio.mpeg_frames import Segment
from tfgenre.audio.mpeg_headers import Frame, bits_per_second, headers
from tfgenre.audio.sound_bytes import before_endings
from tfgenre.errors import SkipTrack
from tfgenre.files import read_at

_FIRST_BYTES, _LAST_FRAMES = 1 << 12, 4
_TOLERANCE_BYTES = 2  # a padded frame is a byte longer
_PADDING = 0x02  # in a header's third byte
_MONO = 0xC0


@dataclass(frozen=True)
class Places(ABC):
    """The frames of a file, numbered from 0 without the Xing header's.

    Attributes:
        file: the open file.
        frame: any of its frames.
        count: their number.
        xing: the file's Xing header, None if it has none.
    """

    file: BinaryIO
    frame: Frame
    count: int
    xing: mpeg.XingHeader | None

    @abstractmethod
    def num_bytes(self, first: int, last: int) -> int:
        """The length of the frames from first to before last; may be estimated."""

    @abstractmethod
    def read(self, first: int, last: int) -> tuple[bytearray, Sequence[int]]:
        """The bytes of these frames, and the length of each.

        Raises:
            SkipTrack: decode_error, if they are not where they should be.
        """


@dataclass(frozen=True)
class Walked(Places):
    """See `Places`."""

    segment: Segment

    def num_bytes(self, first: int, last: int) -> int:
        """See `Places`."""
        return self._place(last) - self._place(first)

    def read(self, first: int, last: int) -> tuple[bytearray, Sequence[int]]:
        """See `Places`."""
        places = [*self.segment.starts[first:last], self._place(last)]
        lengths = [end - start for start, end in itertools.pairwise(places)]
        return bytearray(read_at(self.file, places[0], places[-1] - places[0])), lengths

    def _place(self, number: int) -> int:
        return self.segment.end if number == self.count else self.segment.starts[number]


def walked(file: BinaryIO) -> Walked | None:
    """A file's frames; None if they are interrupted, not at its start, or not as many as declared.

    Frames without a bit rate are not found here either.

    Raises:
        SkipTrack: as `mpeg.find_frames`.
    """
    found = mpeg.frames_in(file)
    if found is None or found.has_junk or len(found.segments) != 1:
        return None
    if found.xing and found.xing.frames not in (None, found.num_frames):
        return None
    (segment,) = found.segments
    lengths = headers().lengths(segment.frame.format)
    if read_at(file, segment.start, 3) not in lengths:  # no bit rate
        return None
    return Walked(file, segment.frame, found.num_frames, found.xing, segment)


@dataclass(frozen=True)
class Probed(Places):
    """See `Places`; frame k starts within two bytes of `first + k * mean_bytes`."""

    first: int
    mean_bytes: float
    header: bytes

    def num_bytes(self, first: int, last: int) -> int:
        """See `Places`."""
        return int((last - first) * self.mean_bytes)

    def read(self, first: int, last: int) -> tuple[bytearray, Sequence[int]]:
        """See `Places`."""
        place = max(0, self.first + int(first * self.mean_bytes) - _TOLERANCE_BYTES)
        margin = 2 * _TOLERANCE_BYTES + 1
        data = read_at(self.file, place, self.num_bytes(first, last) + margin)
        for offset in range(margin):
            lengths = _lengths(data, offset, self.header)[: last - first]
            end = offset + sum(lengths)
            if len(lengths) == last - first and end <= len(data):
                return bytearray(data[offset:end]), lengths
        raise SkipTrack("decode_error", "the bit rate changes, or frames are missing")


def probed(file: BinaryIO) -> Probed | None:
    """The frames of a file of constant bit rate; None if that cannot be shown."""
    start = mpeg.after_tag(file)
    header = read_at(file, start, mpeg.XING_BYTES)
    if (frame := headers().frames.get(header[:3])) is None:
        return None
    xing = mpeg.read_xing(header, start)
    first = start + frame.num_bytes if xing else start
    head = read_at(file, first, _FIRST_BYTES)
    if (frame := headers().frames.get(head[:3])) is None:
        return None
    mean_bytes = bits_per_second(head) / 8 * frame.num_samples / frame.rate_hz
    lengths = _lengths(head, 0, head[:4])
    if max(lengths) < mean_bytes:  # some encoders do not pad
        mean_bytes = max(lengths)
    end = before_endings(file)
    count = int((end - first + _TOLERANCE_BYTES) / mean_bytes)
    found = Probed(file, frame, count, xing, first, mean_bytes, head[:4])
    if count < _LAST_FRAMES or (xing and xing.frames not in (None, count)):
        return None
    try:
        found.read(0, _LAST_FRAMES)
        found.read(count - _LAST_FRAMES, count)
    except SkipTrack:
        return None
    return found


def _lengths(data: bytes, offset: int, header: bytes) -> list[int]:
    """The lengths of the frames from an offset on, as long as their headers are like one."""
    found, known = [], headers().frames
    while len(now := data[offset : offset + 4]) == 4:
        is_alike = now[:2] == header[:2] and (now[2] ^ header[2]) & ~(_PADDING | 1) == 0
        if not is_alike or (now[3] >= _MONO) != (header[3] >= _MONO):
            break
        found.append(known[now[:3]].num_bytes)
        offset += found[-1]
    return found
