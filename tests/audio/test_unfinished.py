"""The samples of interrupted recordings are read, whatever their headers declare."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests import songs
from tests.audio.decoding import mono
from tfgenre.errors import SkipTrack

UNKNOWN = [0, 0xFFFFFFFF, 0x7FFFFFFF]
LIST = b"LIST\x1a\0\0\0INFOISFT\x0e\0\0\0Lavf60.16.100\0"


def written(tmp_path: Path, suffix: str, *patches: tuple[int, bytes]) -> Path:
    """A song with some bytes of its header replaced; the right one is beside it."""
    content = bytearray(songs.write(tmp_path / f"right.{suffix}", songs.noise(3)).read_bytes())
    for place, new in patches:
        content[place : place + len(new)] = new
    (tmp_path / f"song.{suffix}").write_bytes(content)
    return tmp_path / f"song.{suffix}"


def assert_is_whole(path: Path) -> None:
    np.testing.assert_array_equal(mono(path), mono(path.with_stem("right")))


@pytest.mark.parametrize("size", [0, 8, 36, 0xFFFFFFFF])
@pytest.mark.parametrize("num_bytes", UNKNOWN)
def test_a_wav(tmp_path, size, num_bytes):
    sizes = (4, struct.pack("<I", size)), (40, struct.pack("<I", num_bytes))
    assert_is_whole(written(tmp_path, "wav", *sizes))


@pytest.mark.parametrize("first", [LIST, b"JUNK\x1c\0\0\0" + bytes(28)])
def test_a_wav_with_other_chunks_first(tmp_path, first):
    path = written(tmp_path, "wav", (4, bytes(4)), (40, bytes(4)))
    content = path.read_bytes()
    path.write_bytes(content[:36] + first + content[36:])
    assert_is_whole(path)


def test_a_wav_after_a_tag(tmp_path):
    path = written(tmp_path, "wav", (4, bytes(4)), (40, bytes(4)))
    path.write_bytes(b"ID3\x04\0\0\0\0\x01\x00" + bytes(128) + path.read_bytes())
    assert_is_whole(path)


@pytest.mark.parametrize("rest", [b"", LIST, LIST + LIST])
def test_a_wav_without_samples_is_empty(tmp_path, rest):
    path = tmp_path / "empty.wav"
    soundfile.write(path, np.zeros(0), 22050)
    path.write_bytes(path.read_bytes()[:44] + rest)
    with pytest.raises(SkipTrack, match="empty: the file has no samples"):
        mono(path)


@pytest.mark.parametrize("num_bytes", [0, -1, 1 << 40])
def test_an_rf64(tmp_path, num_bytes):
    sizes = struct.pack("<3q", num_bytes, num_bytes, 0)
    assert_is_whole(written(tmp_path, "rf64", (20, sizes)))


@pytest.mark.parametrize("num_bytes", [0, 24, -1, 1 << 40])
def test_a_w64(tmp_path, num_bytes):
    size = struct.pack("<q", num_bytes)
    assert_is_whole(written(tmp_path, "w64", (16, size), (96, size)))


@pytest.mark.parametrize("size", [0, 46, 0xFFFFFFFF])
@pytest.mark.parametrize("num_bytes", [*UNKNOWN, 8])
def test_an_aiff(tmp_path, size, num_bytes):
    num_frames = num_bytes & 0x1FFFFFFF if num_bytes > 8 else 0
    sizes = [(4, size), (22, num_frames), (42, num_bytes)]
    patches = [(place, struct.pack(">I", value)) for place, value in sizes]
    assert_is_whole(written(tmp_path, "aiff", *patches))


@pytest.mark.parametrize("num_bytes", UNKNOWN)
def test_an_au(tmp_path, num_bytes):
    assert_is_whole(written(tmp_path, "au", (8, struct.pack(">I", num_bytes))))


@pytest.mark.parametrize("num_bytes", [0, 4, -1, 1 << 40])
def test_a_caf(tmp_path, num_bytes):
    content = songs.write(tmp_path / "a.caf", songs.noise(3)).read_bytes()
    size = struct.pack(">q", num_bytes)
    assert_is_whole(written(tmp_path, "caf", (content.index(b"data") + 4, size)))
