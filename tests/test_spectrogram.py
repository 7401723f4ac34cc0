"""The native picture is SoX's, pixel for pixel."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import songs
from tfgenre.config import RenderConfig
from tfgenre.errors import SkipTrack
from tfgenre.render import columns
from tfgenre.spectrogram import DFT_SIZE, Grid, spectrogram, window

RATES_HZ = (8000, 11025, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 192000)


def draw(path: Path, renderer: str, pixels_per_second: int = 50) -> np.ndarray:
    """The picture at the song's own sample rate, uint8 [columns, 129]."""
    config = RenderConfig(renderer=renderer, sample_rate_hz=0, pixels_per_second=pixels_per_second)
    return np.concatenate([np.zeros((0, 129), np.uint8), *columns(str(path), config)])


def signal(kind: str, num_samples: int, channels: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    time = np.arange(num_samples)[:, None]
    made = {
        "silence": np.zeros((num_samples, channels)),
        "noise": rng.normal(0, 0.2, (num_samples, channels)),
        "clipping": 3 * np.sin(time * rng.uniform(0, np.pi, channels)),
        "decay": np.exp(-time / 2000) * rng.uniform(-1, 1, (num_samples, channels)),
    }
    return (np.clip(made[kind], -1, 1) * 32767).astype(np.int16)


@given(
    rate_hz=st.sampled_from(RATES_HZ),
    channels=st.integers(1, 8),
    num_samples=st.one_of(st.integers(DFT_SIZE, 3000), st.integers(3000, 120_000)),
    pixels_per_second=st.integers(25, 400),
    kind=st.sampled_from(["silence", "noise", "clipping", "decay"]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_equals_sox(sox, rate_hz, channels, num_samples, pixels_per_second, kind, seed):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "song.wav")
        soundfile.write(path, signal(kind, num_samples, channels, seed), rate_hz)
        pictures = {
            renderer: draw(path, renderer, pixels_per_second) for renderer in ("native", "sox")
        }
    np.testing.assert_array_equal(pictures["native"], pictures["sox"])


def test_equals_sox_on_real_songs(sox, shared_data, tmp_path):
    for path in sorted((shared_data / "songs").rglob("*.ogg"))[:3]:
        samples, rate_hz = soundfile.read(path, dtype="int16", frames=30 * 44100)
        lossless = songs.write(tmp_path / "song.flac", samples, rate_hz=rate_hz)
        np.testing.assert_array_equal(draw(lossless, "native"), draw(lossless, "sox"))


@pytest.mark.parametrize(
    ("rate_hz", "pixels_per_second", "step", "frames_per_column"),
    [
        (44100, 50, 126, 7),
        (44100, 25, 126, 14),
        (44100, 100, 110, 4),
        (48000, 50, 120, 8),
        (8000, 400, 20, 1),
    ],
)
def test_grid(rate_hz, pixels_per_second, step, frames_per_column):
    assert Grid.for_rate(rate_hz, pixels_per_second) == Grid(step, frames_per_column)


def test_a_rate_below_a_sample_a_column_is_refused():
    with pytest.raises(SkipTrack, match="40 Hz cannot give 50 pixels a second"):
        Grid.for_rate(40, 50)


@pytest.mark.parametrize("sizes", [[7], [1, 30_000], [70_000, 5000], [100_000]])
def test_blocks_do_not_matter(sizes):
    samples = songs.noise(4.0)
    cuts = np.cumsum(np.resize(sizes, 2 * len(samples) // min(sizes)))
    blocks = np.split(samples, cuts[cuts < len(samples)])
    whole = spectrogram([samples], rate_hz=songs.RATE_HZ, pixels_per_second=50)
    parts = spectrogram(blocks, rate_hz=songs.RATE_HZ, pixels_per_second=50)
    np.testing.assert_array_equal(whole, parts)


def test_no_samples_make_no_columns():
    assert spectrogram([], rate_hz=44100, pixels_per_second=50).shape == (129, 0)


def test_a_tone_is_a_bright_row():
    picture = spectrogram([songs.tone(2.0, hz=5000)], rate_hz=22050, pixels_per_second=50)
    row = 128 - round(5000 / 22050 * DFT_SIZE)
    assert (picture[:, 10:-10].argmax(axis=0) == row).all()


def test_windows_at_the_ends_are_shorter():
    assert np.count_nonzero(window()) == 255
    assert not window(100)[:100].any()
    assert window(100)[101:].all()
    assert not window(-100)[157:].any()
