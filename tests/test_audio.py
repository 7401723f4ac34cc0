import os

import numpy as np
import pytest

from tests import songs
from tfgenre import audio
from tfgenre.config import RenderConfig
from tfgenre.errors import SkipTrack
from tfgenre.render import render


def mono(path) -> np.ndarray:
    with audio.open_audio(str(path)) as song:
        return np.concatenate(list(song.blocks))


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
    assert audio.seconds_of(str(path)) == pytest.approx(6.0, abs=0.1)
    assert len(mono(path)) == pytest.approx(6 * songs.RATE_HZ, abs=3000)
    assert render(str(path), RenderConfig()).shape == (2, 128, 128)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("gone.mp3", None, "missing"),
        ("zero.mp3", b"", "empty"),
        ("page.mp3", b"<html>not found</html>", "not_audio"),
        ("header.wav", b"RIFF\x24\0\0\0WAVEfmt ", "not_audio"),
    ],
)
def test_files_that_are_no_songs(tmp_path, name, content, reason):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SkipTrack) as skip:
        render(str(path), RenderConfig())
    assert skip.value.reason == reason


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


def test_a_pipe_is_no_song(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(SkipTrack, match="not_audio"):
        render(str(tmp_path / "pipe.wav"), RenderConfig())


def test_a_song_cut_off_early_is_truncated(tmp_path):
    path = songs.write(tmp_path / "song.flac", songs.noise(10.0))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 4])
    with pytest.raises(SkipTrack) as skip:
        render(str(path), RenderConfig())
    assert skip.value.reason in {"truncated", "decode_error"}


@pytest.mark.parametrize("name", ["-n.wav", "a b é中🎵 .wav", "[x]*?.wav", "|sh.wav"])
@pytest.mark.parametrize("renderer", ["native", "sox"])
def test_odd_names(tmp_path, monkeypatch, sox, name, renderer):
    songs.write(tmp_path / name, songs.tone(3.0))
    monkeypatch.chdir(tmp_path)
    assert len(render(name, RenderConfig(renderer=renderer))) == 1
