"""A collection with one folder per genre."""

import pytest

from tests.builds import config_of
from tests.datasets.tagged import tagged_song
from tfgenre.datasets import folder
from tfgenre.datasets.track import Catalogue, Track
from tfgenre.errors import UserError


def test_each_folder_is_a_genre(tmp_path):
    tagged_song(tmp_path / "Rock" / "live" / "b.mp3", artist="Them")
    tagged_song(tmp_path / "Rock" / "a.MP3")
    tagged_song(tmp_path / "Jazz" / "é 中🎵.mp3")
    (tmp_path / "Rock" / "cover.jpg").touch()
    (tmp_path / "Rock" / "._a.mp3").touch()
    (tmp_path / "Empty").mkdir()
    tagged_song(tmp_path / "loose.mp3")
    catalogue = folder.load(tmp_path, config_of("folder"))
    assert catalogue.genres == ("Jazz", "Rock")
    assert catalogue.tracks == (
        Track(id="Jazz/é 中🎵.mp3", path="Jazz/é 中🎵.mp3", genre="Jazz"),
        Track(id="Rock/a.MP3", path="Rock/a.MP3", genre="Rock"),
        Track(id="Rock/live/b.mp3", path="Rock/live/b.mp3", genre="Rock", artist="Them"),
    )
    assert catalogue.num_artists_known == 1


def test_real_songs(shared_data):
    catalogue = folder.load(shared_data / "songs", config_of("folder"))
    assert len(catalogue.tracks) == 19
    assert len(catalogue.genres) == 6


def skipped(catalogue: Catalogue) -> list[tuple[str, str, str]]:
    return [(skip.path, skip.reason, skip.detail) for skip in catalogue.skipped]


def test_songs_beside_the_genres_folders_are_counted(tmp_path):
    tagged_song(tmp_path / "loose.mp3")
    with pytest.raises(UserError, match="in that folder itself, which have no genre: 1"):
        folder.load(tmp_path, config_of("folder"))
    tagged_song(tmp_path / "Rock" / "a.mp3")
    catalogue = folder.load(tmp_path, config_of("folder"))
    reason = "beside the genres' folders, not in one of them"
    assert skipped(catalogue) == [("loose.mp3", "no_genre", reason)]


def test_links_to_albums_and_genres_are_followed(tmp_path):
    tagged_song(tmp_path / "disk" / "1.mp3", artist="Them")
    tagged_song(tmp_path / "music" / "Rock" / "2.mp3")
    for name in ("Jazz", "Rock/album"):
        (tmp_path / "music" / name).symlink_to(tmp_path / "disk")
    (tmp_path / "music" / "Rock" / "all").symlink_to(tmp_path / "music")
    (tmp_path / "music" / "Rock" / "lost").symlink_to("/nowhere")
    catalogue = folder.load(tmp_path / "music", config_of("folder"))
    assert catalogue.tracks == (
        Track(id="Jazz/1.mp3", path="Jazz/1.mp3", genre="Jazz", artist="Them"),
        Track(id="Rock/2.mp3", path="Rock/2.mp3", genre="Rock"),
    )
    assert skipped(catalogue) == [
        ("Rock/album", "duplicate", "a link to the folder Jazz"),
        ("Rock/all", "duplicate", f"a link to the folder {tmp_path}/music"),
        ("Rock/lost", "missing", "a link to /nowhere, which does not exist"),
    ]


def test_songs_of_formats_that_cannot_be_read_are_counted(tmp_path):
    for name in ("Rock/a.m4p", "Rock/b.ofr", "Jazz/c.dsf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"no such thing")
    (tmp_path / "Jazz" / "album.zip").touch()
    catalogue = folder.load(tmp_path, config_of("folder"))
    assert [track.path for track in catalogue.tracks] == ["Jazz/c.dsf", "Rock/a.m4p", "Rock/b.ofr"]
    reason = "an archive, which is not searched: unpack it"
    assert skipped(catalogue) == [("Jazz/album.zip", "not_audio", reason)]
