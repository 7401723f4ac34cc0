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


def test_copy_protected_songs_are_named(tmp_path):
    rate_hz = {"rate_hz": 44100}
    tone = songs.tone(6.0, **rate_hz)
    m4p = songs.write_with_ffmpeg(tmp_path / "a.m4p", tone, "mp4", "aac", **rate_hz)
    m4p.write_bytes(m4p.read_bytes().replace(b"mp4a", b"drms"))
    wma = songs.write_with_ffmpeg(tmp_path / "a.wma", tone, "asf", "wmav2", **rate_hz)
    assert len(render(str(wma), RenderConfig()).images) == 2
    encryption = bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e") + bytes(16)
    wma.write_bytes(wma.read_bytes()[:30] + encryption + wma.read_bytes()[30:])
    for path in (m4p, wma):
        with pytest.raises(SkipTrack, match="not_audio: copy-protected"):
            render(str(path), RenderConfig())


def test_a_rate_that_changes_within_an_aac(tmp_path):
    contents = []
    for rate_hz in (22050, 44100):
        samples = songs.noise(4.0, rate_hz=rate_hz)
        path = songs.write_with_ffmpeg(tmp_path / "a.aac", samples, "adts", "aac", rate_hz=rate_hz)
        contents.append(path.read_bytes())
    (tmp_path / "song.aac").write_bytes(b"".join(contents))
    assert len(mono(tmp_path / "song.aac")) == pytest.approx(8 * 22050, abs=5000)
