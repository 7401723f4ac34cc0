"""Songs straight out of zip and tar files."""

import io
import os
import struct
import subprocess
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests import songs
from tfgenre.audio import archive_index, archives
from tfgenre.config import RenderConfig
from tfgenre.errors import SkipTrack, UserError
from tfgenre.spectrogram.render import render


@pytest.fixture
def song(tmp_path) -> Path:
    return songs.write(tmp_path / "song.mp3", songs.noise(6.0))


def zipped(path: Path, contents: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, contents: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


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


def test_reading_leaves_no_file(song, tmp_path, monkeypatch):
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
    with pytest.raises(SkipTrack, match="decode_error: in its archive"):
        render(f"{archive}/song.mp3", RenderConfig())


@pytest.mark.parametrize("name", ["a.zip", "a.tar"])
def test_archives_that_are_none(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"<html>" * 1000)
    with pytest.raises(UserError, match="no whole archive"):
        archive_index.members(str(path))
    with pytest.raises(SkipTrack, match=r"unreadable.*no whole archive"):
        archives.opened(f"{path}/song.mp3")


@pytest.mark.parametrize(
    ("size", "bad_byte"),
    [(2 * 10_752 + 5000, 0), (2 * 10_752 + 300, 0), (3 * 10_752, 2 * 10_752 + 100)],
)
def test_what_is_whole_of_a_damaged_tar_file_is_there(tmp_path, size, bad_byte):
    names = {"one": bytes(10_000), "two": bytes(10_000), "three": bytes(10_000)}
    path = tarred(tmp_path / "a.tar", names)
    content = bytearray(path.read_bytes())
    if bad_byte:
        content[bad_byte] ^= 0xFF
    path.write_bytes(content[:size])
    found = archive_index.index(str(path))
    assert set(found.members) == {"one", "two"}
    assert "after 2 songs" in found.damage
    with pytest.raises(SkipTrack, match="unreadable: its archive is damaged"):
        archives.opened(f"{path}/three")


def test_sparse_members_are_left_out(tmp_path):
    (tmp_path / "hole").write_bytes(bytes(1 << 20))
    with (tmp_path / "hole").open("r+b") as file:
        file.truncate(0)
        file.truncate(1 << 20)
        file.seek(500_000)
        file.write(b"sound")
    command = ["tar", "-S", "--format=gnu", "-cf", "a.tar", "hole"]
    subprocess.run(command, cwd=tmp_path, check=True)
    assert not archive_index.members(str(tmp_path / "a.tar"))


def test_a_part_of_a_file_ends(tmp_path):
    path = tarred(tmp_path / "a.tar", {"one": b"1" * 10, "two": b"2" * 10})
    assert archives.opened(f"{path}/one").read() == b"1" * 10


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp3")
    with pytest.raises(SkipTrack, match="pipe"):
        archives.opened(str(tmp_path / "pipe.mp3"))


def test_members_that_lead_out_are_left_out(tmp_path):
    names = {"../up.mp3": b"", "/abs.mp3": b"", "a/../../up.mp3": b"", "good/song.mp3": b""}
    assert set(archive_index.members(str(tarred(tmp_path / "a.tar", names)))) == {"good/song.mp3"}
    assert set(archive_index.members(str(zipped(tmp_path / "a.zip", names)))) == {"good/song.mp3"}


def test_links_are_left_out(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        link = tarfile.TarInfo("link.mp3")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        entry = zipfile.ZipInfo("link.mp3")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    assert not archive_index.members(str(tmp_path / "a.tar"))
    assert not archive_index.members(str(tmp_path / "a.zip"))


def test_an_archive_of_too_many_entries_is_refused_unread(tmp_path, monkeypatch):
    path = tmp_path / "a.zip"
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0, 0, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1_000_000, 1_000_000, 0, 0)
    path.write_bytes(end64 + locator + end)
    with pytest.raises(UserError, match="1,000,000 entries, more than 400,000"):
        archive_index.members(str(path))
    monkeypatch.setattr(archive_index, "MAX_ENTRIES", 2)
    with pytest.raises(UserError, match="3 entries, more than 2"):
        archive_index.members(str(zipped(tmp_path / "b.zip", dict.fromkeys("abc", b""))))
    with pytest.raises(UserError, match="3 entries, more than 2"):
        archive_index.members(str(tarred(tmp_path / "b.tar", dict.fromkeys("abc", b""))))


@pytest.mark.parametrize(
    ("path", "safe"),
    [
        ("a/b.mp3", True),
        ("..a/b", True),
        ("", False),
        ("/a", False),
        ("a/../b", False),
        ("..", False),
    ],
)
def test_names_that_stay_in_their_place(path, safe):
    assert archive_index.is_safe(path) is safe


def test_a_folder_named_like_an_archive_is_a_folder(tmp_path):
    (tmp_path / "a.zip").mkdir()
    (tmp_path / "a.zip" / "song.mp3").touch()
    assert archives.split(str(tmp_path / "a.zip" / "song.mp3")) is None
