"""The spectrogram of musicnn equals librosa's."""

import numpy as np
import pytest
from librosa.feature import melspectrogram

from tests import songs
from tfgenre.audio.song import open_audio
from tfgenre.config import RenderConfig
from tfgenre.errors import UserError
from tfgenre.spectrogram import musicnn
from tfgenre.spectrogram.render import render

CONFIG = RenderConfig(spectrogram="musicnn", sample_rate_hz=16000, pixels_per_second=62)


def drawn(blocks: list[np.ndarray]) -> np.ndarray:
    """The picture, uint8 [columns, 128]."""
    found = musicnn.columns(blocks, rate_hz=16000, pixels_per_second=62)
    return np.concatenate([np.zeros((0, 128), np.uint8), *found])


def assert_equals_librosa(samples: np.ndarray) -> None:
    bands = melspectrogram(
        y=samples.astype(np.float64), sr=16000, n_fft=512, hop_length=256, n_mels=96
    )
    theirs = np.minimum(np.round(np.log10(10_000 * bands + 1) / 6 * 250), 250).T + 4
    ours = drawn([samples]).astype(int)
    assert ours.shape == (1 + len(samples) // 256, 128)
    apart = np.abs(ours[:, :96] - theirs)
    assert apart.max() <= 1
    assert np.mean(apart > 0) <= 1e-4
    assert np.unique(ours[:, 96:]).tolist() == [4]


@pytest.mark.parametrize("num_samples", [1, 255, 256, 511, 512, 100_000])
@pytest.mark.parametrize("level", [1.0, 0.1, 1e-4])
def test_equals_librosa(num_samples, level):
    rng, time = np.random.default_rng(num_samples), np.arange(num_samples)
    assert_equals_librosa(level * rng.normal(0, 0.3, num_samples))
    assert_equals_librosa(level * np.sin(time * rng.uniform(0, np.pi)))


def test_equals_librosa_on_real_songs(shared_data):
    for path in sorted((shared_data / "genres4").rglob("*.mp3"))[::40]:
        with open_audio(str(path), sample_rate_hz=16000) as song:
            assert_equals_librosa(np.concatenate(list(song.blocks)))


def test_blocks_change_nothing():
    samples = np.random.default_rng(0).normal(0, 0.1, 400_000)
    blocks = np.split(samples, [1, 700, 701, 90_000, 350_001])
    np.testing.assert_array_equal(drawn(blocks), drawn([samples]))
    assert len(drawn([])) == 0


def test_a_songs_slices(tmp_path):
    song = songs.write(tmp_path / "song.wav", songs.noise(10.0, rate_hz=44100), rate_hz=44100)
    images = render(str(song), CONFIG).images
    assert images.shape == (4, 128, 128)  # of 2.048 s
    assert (images[:, :32] == 4).all()
    assert (images[:, 32:] > 4).mean() > 0.9


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"sample_rate_hz": 44100}, "--sample_rate_hz must be 16000 .* got 44100"),
        ({"pixels_per_second": 50}, "--pixels_per_second must be 62 .* got 50"),
        ({"renderer": "sox"}, "--renderer must be native"),
    ],
)
def test_what_the_network_was_not_trained_on_is_refused(options, sentence):
    right = {"sample_rate_hz": 16000, "pixels_per_second": 62}
    with pytest.raises(UserError, match=sentence):
        RenderConfig(spectrogram="musicnn", **{**right, **options})


def test_columns_per_second():
    assert CONFIG.columns_per_second == 62.5
    assert RenderConfig(pixels_per_second=62).columns_per_second == 62
