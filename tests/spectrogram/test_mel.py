"""The mel spectrogram equals librosa's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from librosa import stft
from librosa.filters import mel as mel_filters

from tests import songs
from tests.audio.decoding import mono
from tfgenre.config import RenderConfig
from tfgenre.datasets import demo
from tfgenre.errors import SkipTrack, UserError
from tfgenre.spectrogram import mel
from tfgenre.spectrogram.palette import palette
from tfgenre.spectrogram.render import render


def drawn(samples: np.ndarray, *, rate_hz: int = 44100, pixels_per_second: int = 50) -> np.ndarray:
    """The picture, uint8 [columns, 128]."""
    found = mel.columns([samples], rate_hz=rate_hz, pixels_per_second=pixels_per_second)
    return np.concatenate([np.zeros((0, 128), np.uint8), *found])


def drawn_by_librosa(samples: np.ndarray, *, rate_hz: int, pixels_per_second: int) -> np.ndarray:
    """The picture by librosa in float64, uint8 [columns, 128]; its empty bands are 0."""
    spectrum = stft(
        samples.astype(np.float64),
        n_fft=2048,
        hop_length=rate_hz // pixels_per_second,
        pad_mode="constant",
    )
    power = np.abs(spectrum * 2 / np.hanning(2049).sum()) ** 2
    bands = mel_filters(
        sr=rate_hz,
        n_fft=2048,
        n_mels=128,
        fmin=20,
        fmax=min(20_000, rate_hz / 2),
        htk=True,
        norm=1,
        dtype=np.float64,
    )
    picture = palette(bands @ power)
    picture[~bands.any(axis=1)] = 0
    return picture.T


def assert_equals_librosa(samples: np.ndarray, *, rate_hz: int, pixels_per_second: int) -> None:
    how = {"rate_hz": rate_hz, "pixels_per_second": pixels_per_second}
    ours, theirs = drawn(samples, **how).astype(int), drawn_by_librosa(samples, **how).astype(int)
    assert ours.shape == theirs.shape
    there = theirs > 0
    apart = np.abs(ours - theirs)[there]
    assert apart.max() <= 1
    assert np.mean(apart > 0) <= 1e-4


@pytest.mark.filterwarnings("ignore:Empty filters", "ignore:n_fft=2048")
@given(
    rate_and_pixels=st.sampled_from(
        [(44100, 50), (44100, 25), (44100, 100), (48000, 50), (22050, 50), (16000, 40), (8000, 8)]
    ),
    num_samples=st.integers(1, 200_000),
    kind=st.sampled_from(["noise", "faint", "sine", "decay"]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_equals_librosa(rate_and_pixels, num_samples, kind, seed):
    rng, time = np.random.default_rng(seed), np.arange(num_samples)
    samples = {
        "noise": rng.normal(0, 0.2, num_samples),
        "faint": rng.normal(0, 1e-5, num_samples),
        "sine": 0.9 * np.sin(time * rng.uniform(0, np.pi)) + rng.normal(0, 1e-4, num_samples),
        "decay": np.exp(-time / 20_000) * rng.uniform(-1, 1, num_samples),
    }[kind]
    rate_hz, pixels_per_second = rate_and_pixels
    assert_equals_librosa(samples, rate_hz=rate_hz, pixels_per_second=pixels_per_second)


def test_equals_librosa_on_the_demos_songs():
    for song in demo.SONGS[::20]:
        samples = demo.render(song, seed=0).mean(axis=1)
        assert_equals_librosa(samples, rate_hz=44100, pixels_per_second=50)


def test_equals_librosa_on_real_songs(shared_data):
    for path in sorted((shared_data / "genres4").rglob("*.mp3"))[::25]:
        assert_equals_librosa(mono(path), rate_hz=44100, pixels_per_second=50)


def test_a_full_scale_sine_has_a_power_of_1():
    bin_ = 200
    picture = drawn(np.sin(2 * np.pi * bin_ / 2048 * np.arange(44100)))
    power = {bin_ - 1: 0.25, bin_: 1.0, bin_ + 1: 0.25}  # the Hann window's
    found = mel.bands(44100)
    terms = [w * power.get(int(b), 0.0) for b, w in zip(found.bins, found.weights, strict=True)]
    loud = np.add.reduceat(terms, found.starts) > 0
    expected = palette(np.add.reduceat(terms, found.starts))
    np.testing.assert_array_equal(picture[25][loud], expected[loud])
    assert (picture[25][~loud] < expected[loud].min()).all()


def test_every_band_has_a_weight_of_one():
    for rate_hz in (4000, 8000, 16000, 22050, 44100, 48000, 192_000):
        found = mel.bands(rate_hz)
        np.testing.assert_allclose(np.add.reduceat(found.weights, found.starts), 1, rtol=1e-6)
        assert found.bins.max() <= 1024


@given(
    cuts=st.lists(st.integers(0, 60_000), max_size=8),
    pixels_per_second=st.sampled_from([1, 7, 23, 50, 333, 5000]),
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_the_picture_does_not_depend_on_the_blocks(cuts, pixels_per_second):
    samples = np.random.default_rng(1).normal(0, 0.1, 60_000)
    blocks = np.split(samples, sorted(cuts))
    found = mel.columns(blocks, rate_hz=22050, pixels_per_second=pixels_per_second)
    whole = drawn(samples, rate_hz=22050, pixels_per_second=pixels_per_second)
    np.testing.assert_array_equal(np.concatenate(list(found)), whole)
    assert len(whole) == 1 + 60_000 * pixels_per_second // 22050


def test_columns_keep_to_the_second_at_any_rate():
    click = np.zeros(44100 * 20)
    click[44100 * 17] = 1.0
    picture = drawn(click, pixels_per_second=23)  # 1,917.4 samples a column
    assert picture.max(axis=1).argmax() == 17 * 23


def test_no_samples_give_no_columns():
    assert drawn(np.zeros(0)).shape == (0, 128)


def test_songs_are_rendered_with_it(tmp_path):
    path = songs.write(tmp_path / "a.wav", songs.noise(6.0, rate_hz=22050), rate_hz=22050)
    config = RenderConfig(spectrogram="mel", sample_rate_hz=22050)
    picture = drawn(mono(path), rate_hz=22050)
    found = render(str(path), config)
    assert found.images.shape == (2, 128, 128)
    np.testing.assert_array_equal(found.images[1], picture[128:256, ::-1].T)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"sample_rate_hz": 0}, "--sample_rate_hz must be above 0 for --spectrogram=mel, got 0"),
        ({"renderer": "sox"}, "--renderer must be native for --spectrogram=mel, got 'sox'"),
        (
            {"sample_rate_hz": 4000, "pixels_per_second": 4001},
            "--pixels_per_second must be at most --sample_rate_hz, got 4001",
        ),
    ],
)
def test_what_it_cannot_draw_is_refused(options, sentence):
    with pytest.raises(UserError, match=sentence):
        RenderConfig(spectrogram="mel", **options)


def test_an_unknown_spectrogram_is_refused():
    with pytest.raises(
        UserError, match="--spectrogram must be one of sox, mel, musicnn, got 'cqt'"
    ):
        RenderConfig(spectrogram="cqt")


def test_memory_does_not_grow_with_a_song():
    def blocks():
        for seed in range(200):
            yield np.random.default_rng(seed).normal(0, 0.1, 44100)

    sizes = [len(some) for some in mel.columns(blocks(), rate_hz=44100, pixels_per_second=50)]
    assert max(sizes) <= 128
    assert sum(sizes) == 200 * 50 + 1


def test_a_missing_file_is_skipped_as_ever(tmp_path):
    config = RenderConfig(spectrogram="mel")
    with pytest.raises(SkipTrack, match="missing"):
        render(str(tmp_path / "none.mp3"), config)
