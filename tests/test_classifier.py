"""One song after another, in Python."""

import json

import numpy as np
import pytest
import soundfile

import tfgenre
from tests import songs
from tests.runs import untrained_run
from tfgenre.config import RenderConfig
from tfgenre.errors import UserError
from tfgenre.spectrogram.render import render, render_samples


@pytest.fixture(scope="module")
def run_dir(records_dir, tmp_path_factory):
    return untrained_run(tmp_path_factory.mktemp("run"), records_dir)


@pytest.fixture(scope="module")
def run(run_dir):
    return tfgenre.load_run(run_dir)


def test_a_file_as_predict_does(run, run_dir, collection):
    path = collection / "Tones" / "0.wav"
    song = run.predict(path)
    (expected,) = tfgenre.predict(run_dir, path)
    assert song.probabilities == pytest.approx(expected.probabilities)
    assert song.as_json().keys() == expected.as_json().keys()
    assert json.dumps(song.as_json())
    assert run.genres == ("Noise", "Tones")
    figure = song.plot()
    assert figure.get_suptitle() == song.line()
    assert len(figure.axes) == 2
    assert figure._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize("spectrogram", ["sox", "mel", "musicnn"])
@pytest.mark.parametrize("rate_hz", [22050, 44100])
def test_samples_give_the_slices_of_their_file(tmp_path, spectrogram, rate_hz):
    columns = 62 if spectrogram == "musicnn" else 50
    config = RenderConfig(spectrogram=spectrogram, sample_rate_hz=16000, pixels_per_second=columns)
    stereo = np.stack([songs.noise(9, rate_hz=rate_hz), songs.tone(9, rate_hz=rate_hz)], axis=1)
    for subtype in ("PCM_16", "FLOAT", "DOUBLE"):
        path = songs.write(tmp_path / f"{subtype}.wav", stereo, rate_hz=rate_hz, subtype=subtype)
        dtype = "float32" if subtype == "FLOAT" else "float64"
        samples, read_hz = soundfile.read(path, dtype=dtype)
        before = samples.copy()
        expected, found = render(str(path), config), render_samples(samples, read_hz, config)
        np.testing.assert_array_equal(found.images, expected.images)
        np.testing.assert_array_equal(found.indices, expected.indices)
        np.testing.assert_array_equal(samples, before)


def test_samples_of_one_channel_and_few_slices(run_dir):
    samples = songs.noise(60).astype(np.float32)
    few = tfgenre.load_run(run_dir, max_slices_per_track=3, vote="hard", min_confidence=0.99)
    song = few.predict(samples, sample_rate_hz=songs.RATE_HZ)
    assert song.path == "samples"
    assert song.votes is not None
    assert sum(song.votes.values()) == 3
    both = few.predict(np.stack([samples, samples], axis=1), sample_rate_hz=songs.RATE_HZ)
    assert both.probabilities == pytest.approx(song.probabilities)


def test_songs_that_cannot_be_used(run, tmp_path):
    missing = run.predict(tmp_path / "none.mp3")
    assert (missing.genre, missing.reason) == (None, "missing")
    with pytest.raises(UserError, match=r"none\.mp3: cannot be used: missing .* nothing to plot"):
        missing.plot()
    for samples, reason in ((songs.noise(1), "too_short"), (np.zeros(0), "empty")):
        assert run.predict(samples, sample_rate_hz=songs.RATE_HZ).reason == reason
    silence = np.zeros(10 * songs.RATE_HZ)
    assert run.predict(silence, sample_rate_hz=songs.RATE_HZ).reason == "silent"
    assert run.predict(silence, sample_rate_hz=1).reason == "decode_error"


@pytest.mark.parametrize(
    ("samples", "rate_hz", "sentence"),
    [
        (np.zeros(9, np.int16), 44100, r"must be float, .* got 'int16 \[9\]'"),
        (np.zeros((1, 2, 3)), 44100, r"got 'float64 \[1, 2, 3\]'"),
        (np.zeros(9), None, "sample_rate_hz must be given with samples"),
        ("song.mp3", 44100, "sample_rate_hz must be left out for a file, got 44100"),
    ],
)
def test_mistakes(run, samples, rate_hz, sentence):
    with pytest.raises(UserError, match=sentence):
        run.predict(samples, sample_rate_hz=rate_hz)


def test_mistakes_about_the_run(run_dir, tmp_path):
    with pytest.raises(UserError, match="No trained network in"):
        tfgenre.load_run(tmp_path)
    with pytest.raises(UserError, match="--vote must be one of"):
        tfgenre.load_run(run_dir, vote="loud")
    with pytest.raises(UserError, match="--max_slices_per_track must be at least 0"):
        tfgenre.load_run(run_dir, max_slices_per_track=-1)
