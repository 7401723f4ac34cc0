import os

import numpy as np
import pytest
import soundfile
from mutagen.id3 import ID3, TLEN

from tests import songs
from tfgenre.audio.song import open_audio
from tfgenre.config import RenderConfig
from tfgenre.datasets import demo
from tfgenre.errors import SkipTrack
from tfgenre.spectrogram.render import render


def mono(path) -> np.ndarray:
    with open_audio(str(path)) as song:
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
    assert len(render(name, RenderConfig(renderer=renderer)).images) == 1


def test_what_only_ffmpeg_reads(tmp_path):
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


def test_a_length_in_the_tags_is_not_believed(tmp_path, sox):
    path = songs.write(tmp_path / "song.mp3", songs.noise(6.0, rate_hz=44100), rate_hz=44100)
    honest = render(str(path), RenderConfig())
    tag = ID3()
    tag.add(TLEN(encoding=0, text=["1000"]))
    tag.save(path)
    np.testing.assert_array_equal(render(str(path), RenderConfig()).images, honest.images)
    assert len(render(str(path), RenderConfig(renderer="sox")).images) == len(honest.images)


def test_blocks_of_a_vbr_mp3_are_the_song(tmp_path):
    """Reading with soundfile's own seeks is wrong by 0.47 in this one."""
    path = tmp_path / "song.mp3"
    demo.write_song(demo.Song(2, 9), path, seed=0)
    whole, _ = soundfile.read(path, dtype="float32")
    np.testing.assert_array_equal(mono(path), whole.mean(axis=1))


def test_an_mp3_cut_off_early_is_truncated(tmp_path):
    path = songs.write(tmp_path / "song.mp3", songs.noise(20.0))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    with pytest.raises(SkipTrack, match="truncated"):
        render(str(path), RenderConfig())


@pytest.mark.parametrize("rate_hz", [8000, 48000, 96000])
def test_another_rate_is_converted_as_sox_does(tmp_path, sox, rate_hz):
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


def test_tail_and_cap(tmp_path):
    path = str(songs.write(tmp_path / "song.wav", songs.noise(12.0)))
    assert render(path, RenderConfig()).indices.tolist() == [0, 1, 2, 3]
    assert len(render(path, RenderConfig(tail="overlap")).images) == 5
    assert render(path, RenderConfig(max_slices_per_track=2)).indices.tolist() == [1, 3]


def test_names_lie(tmp_path):
    tone = songs.tone(6.0, rate_hz=44100)
    m4a = songs.write_with_ffmpeg(tmp_path / "a.m4a", tone, "mp4", "aac", rate_hz=44100)
    mp3 = songs.write(tmp_path / "b.mp3", tone, rate_hz=44100)
    assert len(render(str(m4a.rename(tmp_path / "c.mp3")), RenderConfig()).images) == 2
    assert len(render(str(mp3.rename(tmp_path / "d.m4a")), RenderConfig()).images) == 2


@pytest.mark.parametrize("name", ["AC:DC.m4a", "file:x.m4a"])
def test_a_colon_is_no_protocol(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    songs.write_with_ffmpeg(tmp_path / name, songs.noise(6.0), "mp4", "aac", rate_hz=songs.RATE_HZ)
    assert len(render(name, RenderConfig()).images) == 2


def test_what_decodes_of_a_damaged_flac_is_used(tmp_path):
    whole = songs.write(tmp_path / "whole.flac", songs.noise(12.0))
    content = bytearray(whole.read_bytes())
    tagged = tmp_path / "tagged.flac"
    tagged.write_bytes(content + b"TAG" + bytes(125))
    np.testing.assert_array_equal(mono(tagged), mono(whole))
    content[int(0.7 * len(content))] ^= 0x55
    damaged = tmp_path / "damaged.flac"
    damaged.write_bytes(content)
    assert 0.6 * len(mono(whole)) < len(mono(damaged))


def test_a_tag_before_an_ogg(tmp_path):
    whole = songs.write(tmp_path / "whole.ogg", songs.noise(6.0))
    tagged = tmp_path / "tagged.ogg"
    tagged.write_bytes(b"ID3\x04\0\0\0\0\x01\x00" + bytes(128) + whole.read_bytes())
    np.testing.assert_array_equal(mono(tagged), mono(whole))


def test_a_quiet_start_does_not_make_an_aac_truncated(tmp_path):
    quiet = np.concatenate([np.zeros(12 * 44100), songs.noise(30.0, rate_hz=44100)])
    path = songs.write_with_ffmpeg(tmp_path / "a.aac", quiet, "adts", "aac", rate_hz=44100)
    assert len(mono(path)) == pytest.approx(len(quiet), abs=5000)
