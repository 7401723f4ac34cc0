"""Songs are read straight from zip and tar archives."""

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests import songs
from tests.audio.packing import tarred, zipped
from tfgenre.audio import archive_index, archives
from tfgenre.config import RenderConfig
from tfgenre.errors import SkipTrack, UserError
from tfgenre.spectrogram.render import render


@pytest.fixture
def song(tmp_path) -> Path:
    return songs.write(tmp_path / "song.mp3", songs.noise(6.0))


@pytest.mark.parametrize("renderer", ["native", "sox"])
@pytest.mark.parametrize("kind", ["stored.zip", "deflated.ZIP", "plain.tar"])
def test_a_song_in_an_archive_is_the_song(sox, song, tmp_path, kind, renderer):
    contents = {"a/first.mp3": b"no song", "a/b.tar/song.mp3": song.read_bytes()}
    if kind.endswith("tar"):
        archive = tarred(tmp_path / kind, contents)
    else:
        method = zipfile.ZIP_DEFLATED if kind.startswith("deflated") else zipfile.ZIP_STORED
        archive = zipped(tmp_path / kind, contents, method)
    config = RenderConfig(renderer=renderer)
    inside = render(f"{archive}/a/b.tar/song.mp3", config)
    np.testing.assert_array_equal(inside.images, render(str(song), config).images)
    with pytest.raises(SkipTrack, match="not_audio"):
        render(f"{archive}/a/first.mp3", config)
    with pytest.raises(SkipTrack, match="missing"):
        render(f"{archive}/a/second.mp3", config)


def test_reading_leaves_no_temporary_file(song, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    archive = zipped(tmp_path / "a.zip", {"song.mp3": song.read_bytes()})
    with archives.on_disk(f"{archive}/song.mp3") as path:
        assert Path(path).read_bytes() == song.read_bytes()
        assert not os.listdir(tmp_path / "temporary")


def test_a_damaged_member_is_named(song, tmp_path):
    archive = zipped(tmp_path / "a.zip", {"song.mp3": song.read_bytes()}, zipfile.ZIP_DEFLATED)
    content = bytearray(archive.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 100] = bytes(100)
    archive.write_bytes(content)
    with pytest.raises(SkipTrack, match="decode_error: damaged in its archive"):
        render(f"{archive}/song.mp3", RenderConfig())


@pytest.mark.parametrize("name", ["a.zip", "a.tar"])
def test_files_that_are_not_archives(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"<html>" * 1000)
    with pytest.raises(UserError, match="is not a complete archive"):
        archive_index.members(str(path))
    with pytest.raises(SkipTrack, match=r"unreadable.*is not a complete archive"):
        archives.opened(f"{path}/song.mp3")


@pytest.mark.parametrize(
    ("size", "bad_byte"),
    [(2 * 10_752 + 5000, 0), (2 * 10_752 + 300, 0), (3 * 10_752, 2 * 10_752 + 100)],
)
def test_a_damaged_tar_file_keeps_its_intact_members(tmp_path, size, bad_byte):
    names = {"one": bytes(10_000), "two": bytes(10_000), "three": bytes(10_000)}
    path = tarred(tmp_path / "a.tar", names)
    content = bytearray(path.read_bytes())
    if bad_byte:
        content[bad_byte] ^= 0xFF
    path.write_bytes(content[:size])
    found = archive_index.index(str(path))
    assert set(found.members) == {"one", "two"}
    assert "after 2 files" in found.damage
    with pytest.raises(SkipTrack, match="unreadable: its archive is damaged"):
        archives.opened(f"{path}/three")


def test_reading_stops_at_the_end_of_a_tar_member(tmp_path):
    path = tarred(tmp_path / "a.tar", {"one": b"1" * 10, "two": b"2" * 10})
    assert archives.opened(f"{path}/one").read() == b"1" * 10


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp3")
    with pytest.raises(SkipTrack, match="pipe"):
        archives.opened(str(tmp_path / "pipe.mp3"))


def test_a_folder_named_like_an_archive_is_a_folder(tmp_path):
    (tmp_path / "a.zip").mkdir()
    (tmp_path / "a.zip" / "song.mp3").touch()
    assert archives.split_path(str(tmp_path / "a.zip" / "song.mp3")) is None
