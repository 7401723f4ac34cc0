"""A song's path becomes slices, with either renderer, or a reason for skipping it."""

import numpy as np
import pytest
from mutagen.id3 import ID3, TLEN

from tests import songs
from tfgenre.config import RenderConfig
from tfgenre.errors import SkipTrack
from tfgenre.spectrogram.render import render


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros(0), "empty"),
        (np.zeros(6 * songs.RATE_HZ), "silent"),
        (songs.tone(2.0), "too_short"),
    ],
)
def test_songs_without_slices(tmp_path, samples, reason):
    path = songs.write(tmp_path / "song.wav", samples)
    with pytest.raises(SkipTrack) as skip:
        render(str(path), RenderConfig())
    assert skip.value.reason == reason


@pytest.mark.parametrize("name", ["-n.wav", "a b é中🎵 .wav", "[x]*?.wav", "|sh.wav"])
@pytest.mark.parametrize("renderer", ["native", "sox"])
def test_odd_names(tmp_path, monkeypatch, sox, name, renderer):
    songs.write(tmp_path / name, songs.tone(3.0))
    monkeypatch.chdir(tmp_path)
    assert len(render(name, RenderConfig(renderer=renderer)).images) == 1


def test_tail_and_cap(tmp_path):
    path = str(songs.write(tmp_path / "song.wav", songs.noise(12.0)))
    assert render(path, RenderConfig()).indices.tolist() == [0, 1, 2, 3]
    assert len(render(path, RenderConfig(tail="overlap")).images) == 5
    assert render(path, RenderConfig(max_slices_per_track=2)).indices.tolist() == [1, 3]


def test_a_length_in_the_tags_is_ignored(tmp_path, sox):
    path = songs.write(tmp_path / "song.mp3", songs.noise(6.0, rate_hz=44100), rate_hz=44100)
    untagged = render(str(path), RenderConfig())
    tag = ID3()
    tag.add(TLEN(encoding=0, text=["1000"]))
    tag.save(path)
    np.testing.assert_array_equal(render(str(path), RenderConfig()).images, untagged.images)
    assert len(render(str(path), RenderConfig(renderer="sox")).images) == len(untagged.images)


@pytest.mark.parametrize("rate_hz", [8000, 48000, 96000])
def test_other_rates_are_converted_as_in_sox(tmp_path, sox, rate_hz):
    samples = songs.noise(6.0, rate_hz=rate_hz)
    path = songs.write(tmp_path / "song.flac", samples, rate_hz=rate_hz)
    native = render(str(path), RenderConfig()).images.astype(int)
    steps = np.abs(native - render(str(path), RenderConfig(renderer="sox")).images)
    assert (steps > 0).mean() < 0.02  # by half a decibel
    assert (steps > 1).mean() < 0.0005


def test_one_frequency_is_one_row_whatever_the_rate(tmp_path):
    rows = set()
    for rate_hz in (22050, 44100, 48000):
        path = songs.write(
            tmp_path / "song.wav", songs.tone(3.0, hz=5000, rate_hz=rate_hz), rate_hz=rate_hz
        )
        rows.add(render(str(path), RenderConfig()).images[0][:, 64].argmax())
    assert len(rows) == 1
