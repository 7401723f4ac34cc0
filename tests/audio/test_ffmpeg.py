"""Formats that only ffmpeg reads, recognised by their content."""

import numpy as np
import pytest

from tests import songs
from tests.audio.decoding import mono
from tfgenre.config import RenderConfig
from tfgenre.errors import SkipTrack
from tfgenre.spectrogram.render import render


def test_an_m4a_is_rendered(tmp_path):
    path = songs.write_with_ffmpeg(
        tmp_path / "song.m4a", songs.tone(6.0, rate_hz=44100), "mp4", "aac", rate_hz=44100
    )
    found = render(str(path), RenderConfig())
    assert len(found.images) == 2
    brightest = found.images[0][:, 64].argmax()
    assert brightest == 127 - round(440 / 44100 * 256)
    path.write_bytes(b"no such thing")
    with pytest.raises(SkipTrack, match="not_audio"):
        render(str(path), RenderConfig())


def test_wrong_suffixes_do_not_matter(tmp_path):
    tone = songs.tone(6.0, rate_hz=44100)
    m4a = songs.write_with_ffmpeg(tmp_path / "a.m4a", tone, "mp4", "aac", rate_hz=44100)
    mp3 = songs.write(tmp_path / "b.mp3", tone, rate_hz=44100)
    assert len(render(str(m4a.rename(tmp_path / "c.mp3")), RenderConfig()).images) == 2
    assert len(render(str(mp3.rename(tmp_path / "d.m4a")), RenderConfig()).images) == 2


@pytest.mark.parametrize("name", ["AC:DC.m4a", "file:x.m4a"])
def test_a_colon_in_a_name_is_not_a_protocol(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    songs.write_with_ffmpeg(tmp_path / name, songs.noise(6.0), "mp4", "aac", rate_hz=songs.RATE_HZ)
    assert len(render(name, RenderConfig()).images) == 2


def test_a_quiet_start_does_not_make_an_aac_truncated(tmp_path):
    quiet = np.concatenate([np.zeros(12 * 44100), songs.noise(30.0, rate_hz=44100)])
    path = songs.write_with_ffmpeg(tmp_path / "a.aac", quiet, "adts", "aac", rate_hz=44100)
    assert len(mono(path)) == pytest.approx(len(quiet), abs=5000)
