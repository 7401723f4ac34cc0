"""The frequency axis of a picture names what is drawn there."""

import numpy as np
import pytest

from tfgenre.config import RenderConfig
from tfgenre.spectrogram import axis
from tfgenre.spectrogram.render import DRAW

CONFIGS = {
    "sox": RenderConfig(),
    "mel": RenderConfig(spectrogram="mel"),
    "musicnn": RenderConfig(spectrogram="musicnn", sample_rate_hz=16000, pixels_per_second=62),
}


def drawn(hz: float, config: RenderConfig) -> np.ndarray:
    """The picture of a sine wave, from the lowest frequency up, uint8 [128]."""
    rate_hz = config.sample_rate_hz
    sine = 0.5 * np.sin(2 * np.pi * hz / rate_hz * np.arange(rate_hz))
    draw = DRAW[config.spectrogram]
    columns = draw([sine], rate_hz=rate_hz, pixels_per_second=config.pixels_per_second)
    return np.concatenate(list(columns))[25, :128]


@pytest.mark.parametrize("spectrogram", CONFIGS)
def test_a_sine_wave_is_at_its_label(spectrogram):
    config = CONFIGS[spectrogram]
    for height, label in axis.ticks(config).items():
        number, unit = label.split()
        hz = float(number) * (1000 if unit == "kHz" else 1)
        loudest = int(drawn(hz, config).argmax())
        assert abs(loudest + 0.5 - height * 128) <= 1, label


def test_no_label_is_above_the_picture():
    for spectrogram in ("sox", "mel"):
        config = RenderConfig(spectrogram=spectrogram, sample_rate_hz=8000)
        assert max(axis.ticks(config)) < 1
        assert not any(label in ("5 kHz", "10 kHz") for label in axis.ticks(config).values())


def test_songs_with_their_own_rates_share_no_frequencies():
    ticks = axis.ticks(RenderConfig(sample_rate_hz=0))
    assert ticks == {0.0: "0 Hz", 1.0: "half the\nsample rate"}
