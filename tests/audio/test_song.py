"""A song becomes mono samples, whatever its format; other files are skipped."""

import os

import numpy as np
import pytest

from tests import songs
from tests.audio.decoding import mono
from tfgenre.audio.song import open_audio
from tfgenre.config import RenderConfig
from tfgenre.errors import SkipTrack
from tfgenre.spectrogram.render import render


def test_channels_are_averaged(tmp_path):
    stereo = np.stack([songs.tone(1.0), np.zeros(songs.RATE_HZ)], axis=1)
    path = songs.write(tmp_path / "stereo.wav", stereo, subtype="FLOAT")
    np.testing.assert_allclose(mono(path), songs.tone(1.0) / 2, atol=1e-7)


def test_overdriven_samples_are_clipped(tmp_path):
    path = songs.write(tmp_path / "loud.wav", 3 * songs.tone(0.5), subtype="FLOAT")
    assert np.abs(mono(path)).max() == 1


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff"])
def test_formats(tmp_path, suffix):
    path = songs.write(tmp_path / f"song.{suffix}", songs.tone(6.0))
    with open_audio(str(path)) as song:
        assert song.seconds == pytest.approx(6.0, abs=0.1)
    assert len(mono(path)) == pytest.approx(6 * songs.RATE_HZ, abs=3000)
    assert render(str(path), RenderConfig()).images.shape == (2, 128, 128)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("gone.mp3", None, "missing"),
        ("zero.mp3", b"", "empty"),
        ("page.mp3", b"<html>not found</html>", "not_audio"),
        ("header.wav", b"RIFF\x24\0\0\0WAVEfmt ", "not_audio"),
    ],
)
def test_files_that_are_not_songs(tmp_path, name, content, reason):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SkipTrack) as skip:
        render(str(path), RenderConfig())
    assert skip.value.reason == reason


def test_a_pipe_is_not_a_song(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(SkipTrack, match="not_audio"):
        render(str(tmp_path / "pipe.wav"), RenderConfig())
