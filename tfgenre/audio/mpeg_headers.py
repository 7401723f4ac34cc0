"""The headers of MPEG audio's frames: what they say."""

from functools import cache
from typing import NamedTuple

import numpy as np

_MPEG_1 = 3  # as version bits
_LAYER_I = 3  # as layer bits
_KBITS = {  # by version, then layer (3, 2, 1)
    3: (
        (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
        (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
        (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    ),
    2: (
        (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
        (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
        (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    ),
}
_KBITS[0] = _KBITS[2]  # MPEG 2.5
RATES_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


class Frame(NamedTuple):
    """What the first three bytes of a frame's header say.

    Attributes:
        num_bytes: its length with the header.
        num_samples: its length per channel.
        rate_hz: sample rate.
        format: a number from 1 on, the same for frames of one version, layer and sample rate.
    """

    num_bytes: int
    num_samples: int
    rate_hz: int
    format: int


class Headers:
    """The headers that are known.

    Attributes:
        frames: frames by the first three bytes of their headers.
        num_bytes, formats: of the frames, by the header's second and third byte, 0 if it is not a
            frame's, [65536] each.
    """

    def __init__(self, frames: dict[bytes, Frame]) -> None:
        self.frames = frames
        self.num_bytes, self.formats = np.zeros((2, 1 << 16), np.int64)
        for header, frame in frames.items():
            key = header[1] << 8 | header[2]
            self.num_bytes[key], self.formats[key] = frame.num_bytes, frame.format
        self._lengths: dict[int, dict[bytes, int]] = {}

    def lengths(self, kind: int) -> dict[bytes, int]:
        """The lengths in bytes of the frames of one format, by the first bytes of their headers."""
        if kind not in self._lengths:
            found = ((key, frame) for key, frame in self.frames.items() if frame.format == kind)
            self._lengths[kind] = {key: frame.num_bytes for key, frame in found}
        return self._lengths[kind]


@cache
def headers() -> Headers:
    """All headers with a bit rate."""
    found = {}
    for key in range(0xE200, 0x10000):
        header = bytes((0xFF, key >> 8, key & 0xFF))
        if (frame := parse(header)) is not None:
            found[header] = frame
    return Headers(found)


def parse(header: bytes, free_bytes: int = 0) -> Frame | None:
    """A frame by its header, None if it is not one's.

    Args:
        header: its first three bytes.
        free_bytes: the length of frames without a bit rate and padding, 0 if there are none.
    """
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    number, rate = header[2] >> 4, header[2] >> 2 & 3
    if version not in _KBITS or not layer or rate == 3 or number == 15:
        return None
    rate_hz = RATES_HZ[version][rate]
    is_short = layer == 1 and version != _MPEG_1
    num_samples = 384 if layer == _LAYER_I else 576 if is_short else 1152
    slot = slot_bytes(header)
    num_bytes = free_bytes
    if number:
        num_bytes = num_samples // 8 // slot * bits_per_second(header) // rate_hz * slot
    padding = (header[2] >> 1 & 1) * slot
    kind = version << 4 | layer << 2 | rate
    return Frame(num_bytes + padding, num_samples, rate_hz, kind) if num_bytes else None


def bits_per_second(header: bytes) -> int:
    """The bit rate, by a header's first three bytes; it must have one."""
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    return 1000 * _KBITS[version][layer - 1][(header[2] >> 4) - 1]


def slot_bytes(header: bytes) -> int:
    """The unit of a frame's length in bytes."""
    return 4 if header[1] >> 1 & 3 == _LAYER_I else 1


def is_sync(start: bytes) -> bool:
    """Whether a file begins like a frame of MPEG audio; AAC does not."""
    return len(start) > 1 and start[0] == 0xFF and start[1] >= 0xE0 and bool(start[1] & 6)


def side_bytes(header: bytes) -> int:
    """The length of the side information of a frame of layer III, by its header."""
    is_mono = header[3] >> 6 == 3
    return (9 if is_mono else 17) + (8 if is_mono else 15) * is_mpeg_1(header)


def is_mpeg_1(header: bytes) -> bool:
    """Whether a frame is MPEG 1, not 2 or 2.5."""
    return header[1] >> 3 & 3 == _MPEG_1
