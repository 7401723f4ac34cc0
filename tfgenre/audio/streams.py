"""What every decoder returns: a stream of samples."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32] | NDArray[np.float64]


@dataclass(frozen=True)
class Stream:
    """A sound file being decoded.

    Attributes:
        rate_hz: its sample rate.
        declared_frames: samples per channel that it should have, 0 if unknown.
        is_mpeg: True for MPEG audio.
        encoding: integer, float, double or lossy; lossy samples vary with the decoder.
        blocks: samples, float64 (float32 if lossy) [frames, channels] each, full scale 1; a block
            is only valid until the next one is read.
    """

    rate_hz: int
    declared_frames: int
    is_mpeg: bool
    encoding: str
    blocks: Iterator[Samples]
