"""The decoder fits the content, a second one is tried, and every part of a chained file is read."""

import sys

import numpy as np
import pytest

from tests import songs
from tests.audio.decoding import mono
from tests.audio.ogg_pages import first_page
from tfgenre.audio.song import open_audio
from tfgenre.errors import SkipTrack


def ogg(tmp_path, seconds, *, rate_hz=22050, channels=1, name="part.ogg", **options) -> bytes:
    samples = np.stack([songs.noise(seconds, rate_hz=rate_hz)] * channels, axis=1)
    return songs.write(tmp_path / name, samples, rate_hz=rate_hz, **options).read_bytes()


def ogg_flac(tmp_path, seconds, *, rate_hz=22050) -> bytes:
    samples = songs.noise(seconds, rate_hz=rate_hz)
    return songs.write_with_ffmpeg(
        tmp_path / "part.oga", samples, "ogg", "flac", rate_hz=rate_hz
    ).read_bytes()


def opus(tmp_path, seconds, *, channels=1) -> bytes:
    kind = {"format": "OGG", "subtype": "OPUS"}
    return ogg(tmp_path, seconds, rate_hz=48000, channels=channels, name="a.opus", **kind)


def seconds_of(tmp_path, content: bytes, *, sample_rate_hz=22050) -> float:
    """What is decoded of a file; it must be what the file declares."""
    path = tmp_path / "song.ogg"
    path.write_bytes(content)
    with open_audio(str(path), sample_rate_hz=sample_rate_hz) as song:
        decoded = sum(map(len, song.blocks)) / song.rate_hz
        assert decoded == pytest.approx(song.seconds, abs=0.1)
    return decoded


def test_all_parts_of_a_chained_ogg_are_read(tmp_path):
    first, second = ogg(tmp_path, 2), ogg(tmp_path, 3)
    assert seconds_of(tmp_path, first + second + first) == pytest.approx(7, abs=0.01)


def test_a_tag_before_a_chained_ogg_is_skipped(tmp_path):
    tag = b"ID3\x04\0\0\0\0\x01\x00" + bytes(128)
    content = tag + ogg(tmp_path, 2) + ogg(tmp_path, 3)
    assert seconds_of(tmp_path, content) == pytest.approx(5, abs=0.01)


@pytest.mark.parametrize("sample_rate_hz", [0, 22050, 44100])
def test_parts_may_have_other_rates_and_channels(tmp_path, sample_rate_hz):
    parts = [ogg(tmp_path, 2), ogg(tmp_path, 3, rate_hz=44100, channels=2), opus(tmp_path, 2)]
    found = seconds_of(tmp_path, b"".join(parts), sample_rate_hz=sample_rate_hz)
    assert found == pytest.approx(7, abs=0.01)


def test_a_tone_keeps_its_pitch_where_the_rate_changes(tmp_path):
    parts = []
    for rate_hz in (22050, 44100):
        path = songs.write(tmp_path / "a.ogg", songs.tone(2, rate_hz=rate_hz), rate_hz=rate_hz)
        parts.append(path.read_bytes())
    (tmp_path / "song.ogg").write_bytes(b"".join(parts))
    whole = mono(tmp_path / "song.ogg")
    for part in (whole[: 2 * 22050], whole[2 * 22050 : 4 * 22050]):
        assert np.abs(np.fft.rfft(part)).argmax() == pytest.approx(2 * 440, abs=2)


def test_chained_opus(tmp_path):
    content = opus(tmp_path, 2) + opus(tmp_path, 3, channels=2)
    assert seconds_of(tmp_path, content) == pytest.approx(5, abs=0.01)


def test_chained_ogg_flac(tmp_path):
    content = ogg_flac(tmp_path, 2) + ogg_flac(tmp_path, 3, rate_hz=44100) + ogg(tmp_path, 2)
    assert seconds_of(tmp_path, content) == pytest.approx(7, abs=0.01)


def test_a_song_most_of_which_cannot_be_decoded_is_skipped(tmp_path):
    damaged = bytearray(ogg(tmp_path, 9))
    damaged[40:] = bytes(len(damaged) - 40)
    with pytest.raises(SkipTrack, match="part 2 of 2"):
        seconds_of(tmp_path, ogg(tmp_path, 2) + damaged)


def test_a_chain_of_very_many_files_is_skipped(tmp_path):
    page = first_page(b"no such codec", serial=7)
    with pytest.raises(SkipTrack, match="a chain of more than 1,000 Ogg files"):
        seconds_of(tmp_path, (page + b"junk") * 2000)


def test_ogg_flac_is_read_by_ffmpeg(tmp_path):
    assert seconds_of(tmp_path, ogg_flac(tmp_path, 4)) == pytest.approx(4)


def test_the_sound_of_a_film_in_ogg_is_read(tmp_path):
    picture = first_page(b"\x80theora\3\2\1" + bytes(32), serial=7)
    assert seconds_of(tmp_path, picture + ogg(tmp_path, 3)) == pytest.approx(3, abs=0.01)


@pytest.mark.parametrize("chained", [False, True])
def test_without_the_extra_the_reason_names_it(tmp_path, monkeypatch, chained):
    content = chained * ogg(tmp_path, 1) + ogg_flac(tmp_path, 4)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(SkipTrack, match=r"not_audio: .*pip install 'tfgenre\[av\]'"):
        seconds_of(tmp_path, content)


@pytest.mark.parametrize("content", [b"<html>", b"OggS", b"OggS" + bytes(300), b"fLaC", b"RIFF"])
def test_what_neither_reads_is_skipped(tmp_path, content):
    with pytest.raises(SkipTrack, match="not_audio"):
        seconds_of(tmp_path, content)


@pytest.mark.parametrize(
    ("name", "seconds"), [("chained.ogg", 11), ("rate_change.mp3", 12.12), ("oggflac.oga", 3)]
)
def test_real_songs_are_read_to_their_end(shared_data, name, seconds):
    with open_audio(str(shared_data / "field" / name), sample_rate_hz=44100) as song:
        assert sum(map(len, song.blocks)) / 44100 == pytest.approx(seconds, abs=0.02)
