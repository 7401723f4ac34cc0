"""Power to the pixels of SoX's picture: half a decibel a step, from -120 dB to full scale."""

import numpy as np
from numpy.typing import NDArray

FLOOR_DB = -120.0
PALETTE_FIRST = 4
PALETTE_STEPS = 249
TINY = np.finfo(float).tiny


def palette(power: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Converts mean power to palette indices, uint8 of the same shape.

    They are 4 at or below -120 dB and 254 at 0 dB; decibels pass through float32, as in SoX.
    """
    decibels = (10 * np.log10(np.maximum(power, TINY))).astype(np.float32)
    steps = 1 + (1 - decibels.astype(np.float64) / FLOOR_DB) * PALETTE_STEPS
    np.minimum(steps, PALETTE_STEPS + 1, out=steps)
    steps[decibels < FLOOR_DB] = 0
    return steps.astype(np.uint8) + np.uint8(PALETTE_FIRST)
