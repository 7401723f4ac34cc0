"""The renderer in the graph draws the same slices as in NumPy."""

from collections.abc import Iterator

import numpy as np
import pytest
import tensorflow as tf

from tests import songs
from tests.export.numpy_renderer import drawn_by_numpy
from tfgenre.config import RenderConfig
from tfgenre.datasets import demo
from tfgenre.export.graph_spectrogram import draw_slices
from tfgenre.spectrogram import native, slices

SAMPLES = tf.TensorSpec((None,), tf.float32)
RATE = tf.TensorSpec((), tf.int32)
CONFIGS = (
    RenderConfig(),
    RenderConfig(pixels_per_second=100, tail="overlap"),
    RenderConfig(pixels_per_second=23, sample_rate_hz=22050),
    RenderConfig(sample_rate_hz=0, tail="overlap"),
    RenderConfig(sample_rate_hz=0, pixels_per_second=333, tail="overlap", max_slices_per_track=3),
    RenderConfig(spectrogram="mel"),
    RenderConfig(spectrogram="mel", tail="overlap", pixels_per_second=23, sample_rate_hz=22050),
    RenderConfig(spectrogram="musicnn", pixels_per_second=62, sample_rate_hz=16000),
)


def drawer(config: RenderConfig) -> tf.types.experimental.PolymorphicFunction:
    return tf.function(
        lambda samples, rate_hz: draw_slices(samples, sample_rate_hz=rate_hz, config=config),
        input_signature=(SAMPLES, RATE),
    )


def signals(num_samples: int) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(num_samples)
    time = np.arange(num_samples)
    yield rng.normal(0, 0.2, num_samples)
    yield rng.normal(0, 1e-5, num_samples)
    yield 0.5 * np.sin(0.05 * time)
    yield 3 * np.sin(1e-5 * time**2)
    yield np.exp(-time / 2000) * rng.uniform(-1, 1, num_samples)


def assert_same_pictures(ours: tf.Tensor, theirs: np.ndarray, spectrogram: str = "sox") -> None:
    assert ours.shape == (*theirs.shape, 1)
    apart = np.abs(ours.numpy()[..., 0].astype(int) - theirs)
    assert apart.max() <= 1
    # The mel bands are summed in float32 by NumPy and in float64 by the graph.
    assert np.mean(apart > 0) <= (1e-5 if spectrogram == "sox" else 1e-4)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_the_graph_draws_the_same_picture(config):
    draw = drawer(config)
    rates_hz = (config.sample_rate_hz,) if config.sample_rate_hz else (8000, 22050, 44100, 96000)
    for rate_hz in rates_hz:
        for columns in (129, 256.3, 1700.6):
            for samples in signals(int(columns / config.pixels_per_second * rate_hz)):
                samples = samples.astype(np.float32)
                ours = draw(samples, rate_hz)
                theirs = drawn_by_numpy(samples, rate_hz, config)
                assert_same_pictures(ours, theirs, config.spectrogram)


def test_at_every_length():
    config = RenderConfig(sample_rate_hz=8000, tail="overlap")
    draw = drawer(config)
    noise = songs.noise(6.0, rate_hz=8000).astype(np.float32)
    for length in [*range(20_400, 21_000, 13), *range(40_800, 41_300, 17)]:
        columns = drawn_by_numpy_columns(noise[:length])
        if columns >= slices.SLICE_SIZE:
            ours = draw(noise[:length], 8000)
            assert_same_pictures(ours, drawn_by_numpy(noise[:length], 8000, config))
        else:
            with pytest.raises(tf.errors.InvalidArgumentError, match=rf"it has\] \[{columns}\]"):
                draw(noise[:length], 8000)


def drawn_by_numpy_columns(samples: np.ndarray) -> int:
    return native.spectrogram([samples], rate_hz=8000, pixels_per_second=50).shape[1]


@pytest.mark.parametrize("spectrogram", ["sox", "mel"])
@pytest.mark.parametrize("pixels_per_second", [25, 50, 100])
def test_on_the_demos_songs(pixels_per_second, spectrogram):
    config = RenderConfig(pixels_per_second=pixels_per_second, spectrogram=spectrogram)
    draw = drawer(config)
    for song in demo.SONGS[::25]:
        samples = demo.render(song, seed=0).mean(axis=1)
        theirs = drawn_by_numpy(samples, 44100, config)
        assert_same_pictures(draw(samples, 44100), theirs, spectrogram)


NOISE = songs.noise(4.0, rate_hz=44100)


@pytest.mark.parametrize(
    ("samples", "rate_hz", "config_rate_hz", "sentence"),
    [
        (NOISE, 48000, 44100, r"resample the song to 44100 Hz first. It is\] \[48000\]"),
        (NOISE, 0, 0, r"between 1000 and 768000. It is\] \[0\]"),
        (NOISE[:44100], 44100, 44100, r"too short: a slice takes 128 columns .* it has\] \[50\]"),
        (NOISE[:0], 44100, 0, r"too short: .* it has\] \[0\]"),
        (0 * NOISE, 44100, 0, "silent"),
        (np.append(NOISE, np.nan), 44100, 0, r"\[samples must be finite numbers\]"),
        (np.append(NOISE, -np.inf), 44100, 0, r"\[samples must be finite numbers\]"),
        (NOISE * 32768, 44100, 44100, r"divide 16-bit .* by 32768 first. The largest is\] \[98"),
        (NOISE * 128, 44100, 0, r"divide 16-bit integers .* The largest is\] \[38"),
        (np.append(NOISE, -4.1), 44100, 0, r"The largest is\] \[4.1\]"),
    ],
)
def test_songs_that_cannot_be_used(samples, rate_hz, config_rate_hz, sentence):
    draw = drawer(RenderConfig(sample_rate_hz=config_rate_hz))
    with pytest.raises(tf.errors.InvalidArgumentError, match=sentence):
        draw(samples.astype(np.float32), rate_hz)
