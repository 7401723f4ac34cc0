"""The native picture equals SoX's, pixel for pixel."""

import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import songs
from tests.audio.decoding import mono
from tfgenre.config import RenderConfig
from tfgenre.datasets import demo
from tfgenre.errors import SkipTrack
from tfgenre.spectrogram.native import DFT_SIZE, Grid, spectrogram, window
from tfgenre.spectrogram.render import columns

RATES_HZ = (8000, 11025, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 192000)


def draw(path: Path, renderer: str, pixels_per_second: int = 50) -> np.ndarray:
    """The picture at the song's own sample rate, uint8 [columns, 129]."""
    config = RenderConfig(renderer=renderer, sample_rate_hz=0, pixels_per_second=pixels_per_second)
    return np.concatenate([np.zeros((0, 129), np.uint8), *columns(str(path), config)])


def signal(kind: str, num_samples: int, channels: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    time = np.arange(num_samples)[:, None]
    signals = {
        "silence": np.zeros((num_samples, channels)),
        "noise": rng.normal(0, 0.2, (num_samples, channels)),
        "clipping": 3 * np.sin(time * rng.uniform(0, np.pi, channels)),
        "decay": np.exp(-time / 2000) * rng.uniform(-1, 1, (num_samples, channels)),
        "faint": rng.normal(0, 1e-5, (num_samples, channels)),  # where rounding shows
    }
    return signals[kind]


def sox_draws(path: Path, pixels_per_second: int) -> np.ndarray:
    """SoX's picture; empty if SoX refuses to draw one without columns."""
    try:
        return draw(path, "sox", pixels_per_second)
    except SkipTrack as skip:
        if "Invalid IHDR" not in skip.detail:
            raise
        return np.zeros((0, 129), np.uint8)


@given(
    rate_hz=st.sampled_from(RATES_HZ),
    channels=st.integers(1, 8),
    num_samples=st.one_of(st.integers(1, 300), st.integers(300, 3000), st.integers(3000, 120_000)),
    pixels_per_second=st.integers(25, 400),
    kind=st.sampled_from(["silence", "noise", "clipping", "decay", "faint"]),
    subtype=st.sampled_from(["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_equals_sox(sox, rate_hz, channels, num_samples, pixels_per_second, kind, subtype, seed):
    with tempfile.TemporaryDirectory() as folder:
        samples = signal(kind, num_samples, channels, seed)
        path = songs.write(Path(folder, "song.wav"), samples, rate_hz=rate_hz, subtype=subtype)
        native = draw(path, "native", pixels_per_second)
        np.testing.assert_array_equal(native, sox_draws(path, pixels_per_second))


def test_equals_sox_on_real_songs(sox, shared_data, tmp_path):
    for path in sorted((shared_data / "songs").rglob("*.ogg"))[:3]:
        samples, rate_hz = soundfile.read(path, dtype="int16", frames=30 * 44100)
        lossless = songs.write(tmp_path / "song.flac", samples, rate_hz=rate_hz)
        np.testing.assert_array_equal(draw(lossless, "native"), draw(lossless, "sox"))


def assert_equals_sox_apart_from_decoding(mp3: Path, folder: Path) -> None:
    """At most 2 pixels in 1000 differ, once both decoders' samples are aligned.

    The first and last columns are left out: a clip's first frame refers to one that was cut off,
    which the decoders conceal differently.
    """
    lossless = folder / "decoded.wav"
    subprocess.run(["sox", "-D", "-V1", mp3, "-b", "32", lossless, "remix", "-"], check=True)
    ours, theirs = mono(mp3), mono(lossless)
    delay = signal_delay(ours, theirs)
    ours, theirs = ours[max(0, -delay) :], theirs[max(0, delay) :]
    length = min(len(ours), len(theirs))
    assert length > len(ours) - 5000
    rate_hz = soundfile.info(mp3).samplerate
    pictures = (
        spectrogram([samples[:length]], rate_hz=rate_hz, pixels_per_second=50)[:, 1:-1]
        for samples in (ours, theirs)
    )
    assert np.not_equal(*pictures).mean() < 0.002


def signal_delay(first: np.ndarray, second: np.ndarray) -> int:
    """How many samples the second lags behind the first, by the peak of their correlation."""
    size = 1 << 19
    spectra = (np.fft.rfft(samples[: size // 2], size) for samples in (first, second))
    correlation = np.fft.irfft(np.multiply(next(spectra).conj(), next(spectra)))
    delay = int(correlation.argmax())
    return delay if delay < size // 2 else delay - size


def test_equals_sox_on_an_mp3(sox, tmp_path):
    path = tmp_path / "song.mp3"
    demo.write_song(demo.SONGS[-1], path, seed=0)
    assert_equals_sox_apart_from_decoding(path, tmp_path)


def test_equals_sox_on_real_mp3s(sox, shared_data, tmp_path):
    for path in sorted((shared_data / "fma").rglob("*.mp3")):
        assert_equals_sox_apart_from_decoding(path, tmp_path)


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


def test_a_rate_below_one_sample_per_column_is_refused():
    with pytest.raises(SkipTrack, match="40 Hz is too low for 50 pixels per second"):
        Grid.for_rate(40, 50)


@pytest.mark.parametrize("sizes", [[7], [1, 30_000], [70_000, 5000], [100_000]])
def test_block_sizes_do_not_matter(sizes):
    samples = songs.noise(4.0)
    cuts = np.cumsum(np.resize(sizes, 2 * len(samples) // min(sizes)))
    blocks = np.split(samples, cuts[cuts < len(samples)])
    whole = spectrogram([samples], rate_hz=songs.RATE_HZ, pixels_per_second=50)
    parts = spectrogram(blocks, rate_hz=songs.RATE_HZ, pixels_per_second=50)
    np.testing.assert_array_equal(whole, parts)


def test_no_samples_give_no_columns():
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
