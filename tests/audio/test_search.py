"""Sound files are found by name."""

import os
import zipfile
from pathlib import Path

import pytest

from tests import songs
from tfgenre.audio.search import find_songs, search
from tfgenre.errors import UserError


def test_songs_among_the_paths_and_below_them(collection, tmp_path):
    odd = tmp_path / "song.xyz"
    odd.touch()
    found = find_songs([str(collection / "Tones"), str(odd)])
    assert found == [str(collection / "Tones" / f"{n}.wav") for n in range(6)] + [str(odd)]
    with pytest.raises(UserError, match="No such file or folder"):
        find_songs([str(tmp_path / "none")])
    with pytest.raises(UserError, match="No songs"):
        find_songs([])


def names(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in search(folder).songs]


def left_out(folder: Path) -> list[tuple[str, str]]:
    found = search(folder).left_out
    return [(path.relative_to(folder).as_posix(), reason) for path, reason, _ in found]


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.mark.parametrize(
    "suffix",
    "3g2 3gp aa aac aax ac3 aif aifc aiff amr ape asf au caf dff dsf dts flac m4a m4b m4p m4r mka "
    "mp1 mp2 mp3 mp4 mpa mpc mpga oga ofr ogg opus ra rf64 rm shn snd spx tak tta voc w64 wav webm "
    "wma wv MP3 Dsf".split(),
)
def test_all_kinds_of_sound_are_found(tmp_path, suffix):
    touch(tmp_path / f"song.{suffix}")
    assert names(tmp_path) == [f"song.{suffix}"]


def test_a_folders_files_come_before_its_folders(tmp_path):
    touch(tmp_path / "b" / "z.mp3", tmp_path / "c.mp3", tmp_path / "a" / "z.mp3")
    touch(tmp_path / "a" / "a" / "a.mp3", tmp_path / ".hidden" / "a.mp3", tmp_path / "._c.mp3")
    assert names(tmp_path) == ["c.mp3", "a/z.mp3", "a/a/a.mp3", "b/z.mp3"]


def test_links_to_folders_are_followed(tmp_path):
    touch(tmp_path / "disk" / "album" / "cd" / "1.mp3", tmp_path / "music" / "2.mp3")
    (tmp_path / "music" / "album").symlink_to(tmp_path / "disk" / "album")
    (tmp_path / "link").symlink_to(tmp_path / "music")
    for folder in (tmp_path / "music", tmp_path / "link"):
        assert names(folder) == ["2.mp3", "album/cd/1.mp3"]
        assert left_out(folder) == []


def test_links_to_folders_above_end(tmp_path):
    touch(tmp_path / "a" / "b" / "1.mp3")
    for link, target in (("a/b/up", "a"), ("a/top", "."), ("self", ".")):
        (tmp_path / link).symlink_to(tmp_path / target)
    assert names(tmp_path) == ["a/b/1.mp3"]
    assert left_out(tmp_path) == [(link, "duplicate") for link in ("self", "a/top", "a/b/up")]


def test_links_in_a_circle_end(tmp_path):
    touch(tmp_path / "x" / "1.mp3", tmp_path / "y" / "2.mp3", tmp_path / "music" / "3.mp3")
    (tmp_path / "x" / "y").symlink_to(tmp_path / "y")
    (tmp_path / "y" / "x").symlink_to(tmp_path / "x")
    (tmp_path / "music" / "x").symlink_to(tmp_path / "x")
    (tmp_path / "music" / "loop").symlink_to("loop")
    assert names(tmp_path / "music") == ["3.mp3", "x/1.mp3", "x/y/2.mp3"]
    assert left_out(tmp_path / "music") == [("loop", "missing"), ("x/y/x", "duplicate")]


def test_a_folder_is_found_under_its_own_path(tmp_path):
    """Though the link comes first by name."""
    touch(tmp_path / "b" / "1.mp3")
    (tmp_path / "a").symlink_to(tmp_path / "b")
    assert names(tmp_path) == ["b/1.mp3"]
    (found,) = search(tmp_path).left_out
    assert found.detail == f"a link to the folder {tmp_path}/b"


def test_a_song_reached_twice_is_one_song(tmp_path):
    touch(tmp_path / "disk" / "0.mp3", tmp_path / "b.mp3")
    (tmp_path / "a.mp3").symlink_to(tmp_path / "b.mp3")
    for name in ("c.mp3", "d.mp3"):
        (tmp_path / name).symlink_to(tmp_path / "disk" / "0.mp3")
    assert names(tmp_path) == ["b.mp3", "disk/0.mp3"]
    assert left_out(tmp_path) == [(f"{name}.mp3", "duplicate") for name in "acd"]
    (tmp_path / "disk" / "0.mp3").rename(tmp_path.parent / f"{tmp_path.name}.mp3")
    assert names(tmp_path) == ["b.mp3", "c.mp3", "d.mp3"]  # which are missing


def test_what_is_not_searched_is_listed(tmp_path):
    touch(tmp_path / "album.zip", tmp_path / "cover.jpg", tmp_path / ".hidden.zip")
    (tmp_path / "album").symlink_to(tmp_path / "unmounted")
    assert left_out(tmp_path) == [("album", "missing"), ("album.zip", "not_audio")]


def test_links_to_nothing_are_songs_that_are_missing(tmp_path):
    touch(tmp_path / "1.mp3")
    (tmp_path / "album").symlink_to(tmp_path / "unmounted")
    assert find_songs([tmp_path]) == [str(tmp_path / "1.mp3"), str(tmp_path / "album")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads all folders")
def test_a_folder_that_cannot_be_read(tmp_path):
    touch(tmp_path / "a" / "1.mp3", tmp_path / "2.mp3")
    (tmp_path / "a").chmod(0)
    assert left_out(tmp_path) == [("a", "unreadable")]
    with pytest.raises(UserError, match="cannot be read"):
        find_songs([tmp_path])


def test_an_archive_stands_for_its_songs(tmp_path):
    song = songs.write(tmp_path / "a.wav", songs.noise(1.0))
    path = tmp_path / "music.ZIP"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("b/2.wav", "a/1.wav", "cover.jpg", "b/._2.wav"):
            archive.write(song, name)
    assert find_songs([path]) == [f"{path}/a/1.wav", f"{path}/b/2.wav"]
    (tmp_path / "music.7z").write_bytes(b"7z")
    with pytest.raises(UserError, match=r"music\.7z is an archive that is not a zip or tar file"):
        find_songs([tmp_path / "music.7z"])
    (tmp_path / "broken.zip").write_bytes(b"PK")
    with pytest.raises(UserError, match=r"broken\.zip is not a complete archive"):
        find_songs([tmp_path / "broken.zip"])
