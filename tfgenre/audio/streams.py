"""What every decoder returns: a stream of samples."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32] | NDArray[np.float64]


class Block(NamedTuple):
    """Consecutive samples of a song.

    Attributes:
        rate_hz: their rate, which may change within a song.
        samples: float64 (float32 if lossy) [frames, channels], full scale 1; the number of channels
            may change within a song.
    """

    rate_hz: int
    samples: Samples


@dataclass(frozen=True)
class Stream:
    """A sound file being decoded.

    Attributes:
        rate_hz: the sample rate of its start.
        declared_frames: samples per channel that it should have at that rate, 0 if unknown.
        is_mpeg: True for MPEG audio.
        encoding: integer, float, double or lossy; lossy samples vary with the decoder.
        blocks: the samples; a block is only valid until the next one is read.
    """

    rate_hz: int
    declared_frames: int
    is_mpeg: bool
    encoding: str
    blocks: Iterator[Block]
