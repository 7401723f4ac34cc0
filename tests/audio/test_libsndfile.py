"""libsndfile's formats: whole, damaged and cut off."""

import numpy as np
import pytest
import soundfile

from tests import songs
from tests.audio.decoding import mono
from tfgenre.config import RenderConfig
from tfgenre.datasets import demo
from tfgenre.errors import SkipTrack
from tfgenre.spectrogram.render import render


def test_a_vbr_mp3_in_blocks_equals_the_whole(tmp_path):
    """With soundfile's own seeks, samples of this song are wrong by up to 0.47."""
    path = tmp_path / "song.mp3"
    demo.write_song(demo.Song(2, 9), path, seed=0)
    whole, _ = soundfile.read(path, dtype="float32")
    np.testing.assert_array_equal(mono(path), whole.mean(axis=1))


def test_an_mp3_cut_off_early_is_truncated(tmp_path):
    path = songs.write(tmp_path / "song.mp3", songs.noise(20.0))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    with pytest.raises(SkipTrack, match="truncated"):
        render(str(path), RenderConfig())


def test_a_flac_cut_off_early_is_truncated(tmp_path):
    path = songs.write(tmp_path / "song.flac", songs.noise(10.0))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 4])
    with pytest.raises(SkipTrack) as skip:
        render(str(path), RenderConfig())
    assert skip.value.reason in {"truncated", "decode_error"}


def test_the_intact_part_of_a_damaged_flac_is_used(tmp_path):
    whole = songs.write(tmp_path / "whole.flac", songs.noise(12.0))
    content = bytearray(whole.read_bytes())
    tagged = tmp_path / "tagged.flac"
    tagged.write_bytes(content + b"TAG" + bytes(125))
    np.testing.assert_array_equal(mono(tagged), mono(whole))
    content[int(0.7 * len(content))] ^= 0x55
    damaged = tmp_path / "damaged.flac"
    damaged.write_bytes(content)
    assert 0.6 * len(mono(whole)) < len(mono(damaged))


def test_a_tag_before_an_ogg_is_skipped(tmp_path):
    whole = songs.write(tmp_path / "whole.ogg", songs.noise(6.0))
    tagged = tmp_path / "tagged.ogg"
    tagged.write_bytes(b"ID3\x04\0\0\0\0\x01\x00" + bytes(128) + whole.read_bytes())
    np.testing.assert_array_equal(mono(tagged), mono(whole))
