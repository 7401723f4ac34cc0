"""Enters MPEG audio, such as MP3, at any sample: with the same samples as decoding the whole gives.

A frame of layer III takes bytes from the frames before it (the bit reservoir), and adds to its
samples those of the two frames before it (the overlap of its transform, and the synthesis filter).
So frames before a part are decoded with it, and their samples dropped. The rounding of libsndfile's
decoder, mpg123, depends on a frame's number modulo 8, so parts are entered at multiples of that.
"""

import io
from collections.abc import Sequence
from typing import BinaryIO, NamedTuple

from tfgenre.audio import libsndfile
from tfgenre.audio.mpeg import SIZE_FACTOR, XingHeader
from tfgenre.audio.mpeg_headers import is_mpeg_1, side_bytes
from tfgenre.audio.mpeg_places import Places
from tfgenre.audio.streams import Samples
from tfgenre.errors import SkipTrack
from tfgenre.files import read_at

_FRAMES_BEFORE = 2
_ALIKE_FRAMES = 8
_LAYER_III = 1  # as layer bits
_DECODER_DELAY = 529  # samples
_DELAYS = 21  # where an encoder writes its delay, after the fields that all Xing headers have


class _Ends(NamedTuple):
    """How many samples of a file the decoder leaves out, as its encoder declared."""

    start: int
    end: int


class MpegParts:
    """A file of MPEG audio.

    Attributes:
        rate_hz: its sample rate.
        num_samples: per channel, of the whole file.
        encoding: as in `Stream`.
    """

    encoding = "lossy"

    def __init__(self, file: BinaryIO, places: Places) -> None:
        """See the class.

        Raises:
            SkipTrack: decode_error, if what the decoder leaves out at its ends is not known.
        """
        self._places = places
        self._ends = _ends(file, places.xing)
        self._reservoir = _Reservoir(bytes(places.read(0, 1)[0][:4]))
        self.rate_hz = places.frame.rate_hz
        self.num_samples = places.count * places.frame.num_samples - sum(self._ends)

    def read(self, start: int, stop: int) -> Samples:
        """Decodes the samples from start to before stop, float32 [stop - start, channels].

        Raises:
            SkipTrack: decode_error, if the decoder gives fewer samples.
        """
        per_frame = self._places.frame.num_samples
        start, stop = start + self._ends.start, stop + self._ends.start
        first, last = start // per_frame, min(-(-stop // per_frame), self._places.count)
        entry = self._entry(first)
        data, lengths = self._places.read(entry, last)
        if entry:
            self._reservoir.silence(data, lengths[: first - _FRAMES_BEFORE - entry])
        samples = libsndfile.decode(_Larger(data), (last - entry) * per_frame)
        return samples[start - entry * per_frame : stop - entry * per_frame]

    def _entry(self, first: int) -> int:
        """The frame from which on to decode, so that `first` is as in the whole file."""
        complete = entry = max(0, first - _FRAMES_BEFORE)
        while entry:
            others = self._reservoir.overhead * (complete - entry)
            if self._places.num_bytes(entry, complete) - others >= self._reservoir.most_bytes:
                break
            entry -= 1
        return entry // _ALIKE_FRAMES * _ALIKE_FRAMES


class _Reservoir:
    """How frames of a file share bytes.

    Attributes:
        overhead: the bytes of a frame that are not shared: its header and side information.
        most_bytes: how far back a frame can reach in the bytes that are.
    """

    def __init__(self, header: bytes) -> None:
        has_checksum = not header[1] & 1
        self._side_start = 6 if has_checksum else 4
        self._bits = 9 if is_mpeg_1(header) else 8
        self._side_bytes = side_bytes(header)
        self.overhead = self._side_start + self._side_bytes
        is_shared = header[1] >> 1 & 3 == _LAYER_III
        self.most_bytes = (1 << self._bits) - 1 if is_shared else 0

    def silence(self, data: bytearray, lengths: Sequence[int]) -> None:
        """Empties frames that reach back before the data, of which the decoder would complain.

        They keep what they share, as the decoder looks for it in the frame before only.

        Args:
            data: frames, of which these are the first.
            lengths: of the frames that may be emptied, in bytes.
        """
        place = available = 0
        for length in lengths if self.most_bytes else ():
            side = slice(place + self._side_start, place + self.overhead)
            reach = int.from_bytes(data[side][:2], "big") >> 16 - self._bits
            if reach > available:
                reach = min(available, self.most_bytes)
                start = (reach << 16 - self._bits).to_bytes(2, "big")
                data[side] = start + bytes(self._side_bytes - 2)
            available = reach + length - self.overhead
            place += length


class _Larger(io.BytesIO):
    """Bytes whose reported size is larger than any change of bit rate requires."""

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves to an offset, and returns it; the end itself is at the reported size."""
        place = super().seek(offset, whence)
        if whence == io.SEEK_END and not offset:
            return super().seek(place * SIZE_FACTOR)
        return place


def _ends(file: BinaryIO, xing: XingHeader | None) -> _Ends:
    if xing is None or xing.frames is None:  # the decoder then does not see the header
        return _Ends(0, 0)
    header = read_at(file, xing.position, 160)
    flags = header[7]
    place = 8 + 4 * bool(flags & 1) + 4 * bool(flags & 2) + 100 * bool(flags & 4)
    place += 4 * bool(flags & 8)
    if not any(header[place : place + 1]):
        return _Ends(0, 0)
    delays = int.from_bytes(header[place + _DELAYS : place + _DELAYS + 3], "big")
    delay, padding = delays >> 12, delays & 0xFFF
    if padding < _DECODER_DELAY:
        raise SkipTrack("decode_error", f"a padding of {padding} samples")
    return _Ends(delay + _DECODER_DELAY, padding - _DECODER_DELAY)
