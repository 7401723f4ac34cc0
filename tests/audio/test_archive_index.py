"""Indexes of zip and tar archives: only safe, regular files, and not too many."""

import struct
import subprocess
import tarfile
import zipfile

import pytest

from tests.audio.packing import tarred, zipped
from tfgenre.audio import archive_index
from tfgenre.errors import UserError


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


def test_members_outside_the_archive_are_left_out(tmp_path):
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


def test_an_archive_with_too_many_entries_is_refused_unread(tmp_path, monkeypatch):
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
def test_names_that_stay_in_their_folder(path, safe):
    assert archive_index.is_safe(path) is safe
