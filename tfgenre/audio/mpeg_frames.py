"""The frames of MPEG audio: where a file contains them."""

import io
import re
from array import array
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfgenre.audio.mpeg_headers import Frame, Headers, headers, is_sync, parse, slot_bytes
from tfgenre.audio.patched import BUFFER_BYTES
from tfgenre.errors import SkipTrack
from tfgenre.files import read_at

_SEARCH_BYTES = 1 << 24
_BLOCK_BYTES = 1 << 16  # that are read at once
_WINDOW_BYTES = 1 << 12  # of a search, at first
_FRAMES_TO_CONFIRM = 4
_FRAMES_TO_RESUME = 2
_MAX_SEGMENTS = 10_000
_MIN_FREE_BYTES, _MAX_FREE_BYTES = 40, 6000
_MONO = b"\xc0"  # as mode bits, in a header's fourth byte, which a cut file may lack


class Segment(NamedTuple):
    """Frames of one format that follow each other, and are all mono or all not.

    Attributes:
        start, end: in bytes.
        frame: any of them.
        starts: where each starts.
    """

    start: int
    end: int
    frame: Frame
    starts: "array[int]"

    @property
    def num_frames(self) -> int:
        """Their number."""
        return len(self.starts)

    def without_first(self) -> "Segment":
        """The frames after the first."""
        start = self.starts[1] if self.num_frames > 1 else self.end
        return self._replace(start=start, starts=self.starts[1:])


def first_frame(file: BinaryIO, start: int) -> int | None:
    """The offset of the first of several consecutive frames in the 16 MB after start, or None."""
    return _next_run(file, start, start + _SEARCH_BYTES, headers())


def free_format(file: BinaryIO, start: int) -> Headers | None:
    """The headers of a file whose frames have no bit rate, but one length; None if it is another.

    As decoders do, this takes the distance to the next such header for the length.

    Args:
        file: any file.
        start: where its first frame starts, in bytes.
    """
    file.seek(start)
    data = file.read(_MAX_FREE_BYTES * (_FRAMES_TO_CONFIRM + 1))
    if not is_sync(data) or len(data) < 3 or data[2] >> 4:
        return None
    same = re.compile(re.escape(data[:2]) + b"[%s]" % re.escape(bytes(_like(data[2]))), re.DOTALL)
    found = same.search(data, 3, _MAX_FREE_BYTES)
    if found is None or found.start() < _MIN_FREE_BYTES:
        return None
    num_bytes = found.start() - (data[2] >> 1 & 1) * slot_bytes(data)
    keys = (data[:2] + bytes((last,)) for last in _like(data[2]))
    known = {key: frame for key in keys if (frame := parse(key, num_bytes)) is not None}
    return Headers(known) if known and _is_run(file, start, Headers(known)) else None


def _like(last: int) -> range:
    """The third bytes of headers that differ in padding and the private bit."""
    return range(last & 0xFC, (last & 0xFC) + 4)


def scan(file: BinaryIO, place: int, known: Headers) -> tuple[Segment, ...]:
    """Finds the whole frames in a file.

    Args:
        file: any file.
        place: where the first frame starts, in bytes.
        known: the headers to look for.

    Raises:
        SkipTrack: decode_error, if they are interrupted more than 10,000 times.
    """
    segments: list[Segment] = []
    size = file.seek(0, io.SEEK_END)
    following: int | None = place
    while following is not None:
        if (found := _segment(file, following, size, known)) is None:
            break
        segments.append(found)
        if len(segments) > _MAX_SEGMENTS:
            detail = f"its frames are interrupted more than {_MAX_SEGMENTS:,} times"
            raise SkipTrack("decode_error", detail)
        following = _resumption(file, found.end, size, known, found.frame.format)
    return tuple(segments)


def _segment(file: BinaryIO, start: int, size: int, known: Headers) -> Segment | None:
    """The whole frames of one format, all mono or all not, from a place on; None without any."""
    data = read_at(file, start, _BLOCK_BYTES)
    first = known.frames.get(data[:3])
    if first is None:
        return None
    is_mono, lengths = data[3:4] >= _MONO, known.lengths(first.format)
    place, offset, starts = start, 0, array("q")
    while (length := lengths.get(data[offset : offset + 3])) and place + length <= size:
        if (data[offset + 3 : offset + 4] >= _MONO) != is_mono:
            break
        starts.append(place)
        place += length
        offset += length
        if offset + 4 > len(data):
            data, offset = read_at(file, place, _BLOCK_BYTES), 0
    return Segment(start, place, first, starts) if starts else None


def _resumption(file: BinaryIO, place: int, size: int, known: Headers, current: int) -> int | None:
    """Where frames continue, at or after the end of a segment; None if it is the last."""
    file.seek(place)
    frame = known.frames.get(file.read(3))
    is_whole = frame is not None and place + frame.num_bytes <= size
    if frame and is_whole and (frame.format == current or _is_run(file, place, known)):
        return place
    return _next_run(file, place + 1, size, known, current)


def _is_run(file: BinaryIO, place: int, known: Headers) -> bool:
    """Whether enough frames of one format start at a place."""
    return _next_run(file, place, place + 1, known) == place


def _next_run(
    file: BinaryIO, place: int, stop: int, known: Headers, current: int = 0
) -> int | None:
    """The offset of the first four consecutive frames of one format between two places, or None.

    Of the current format, two are enough. What is read grows with the distance searched, so that a
    file with many interruptions is not read many times.
    """
    window = _WINDOW_BYTES
    margin = _FRAMES_TO_CONFIRM * int(known.num_bytes.max())
    while place < stop:
        window = min(window, stop - place)
        file.seek(place)
        data = np.frombuffer(file.read(window + margin), np.uint8)
        found = _runs(data, window, known, _FRAMES_TO_CONFIRM)
        if current:
            resumed = _runs(data, window, known, _FRAMES_TO_RESUME, current)
            found = np.concatenate([found, resumed])
        if len(found):
            return place + int(found.min())
        if len(data) <= window:
            return None
        place += window
        window = min(4 * window, BUFFER_BYTES)
    return None


def _runs(
    data: NDArray[np.uint8], limit: int, known: Headers, count: int, wanted: int = 0
) -> NDArray[np.int64]:
    """Where in the first `limit` bytes so many whole frames of one format follow each other.

    Args:
        data: uint8 [bytes].
        limit: in bytes.
        known: the headers to look for.
        count: how many frames.
        wanted: their format; 0 for any.
    """
    starts = np.flatnonzero((data[:-2][:limit] == 0xFF) & (data[1:-1][:limit] >= 0xE0))
    places, formats = starts, np.zeros(len(starts), np.int64)
    for number in range(count):
        inside = places + 2 < len(data)
        starts, places, formats = starts[inside], places[inside], formats[inside]
        keys = data[places + 1].astype(np.int64) << 8 | data[places + 2]
        formats = (
            formats if number else np.full(len(keys), wanted) if wanted else known.formats[keys]
        )
        good = (data[places] == 0xFF) & (known.formats[keys] == formats) & (formats > 0)
        starts, formats = starts[good], formats[good]
        places = places[good] + known.num_bytes[keys[good]]
    found: NDArray[np.int64] = starts[places <= len(data)]
    return found
