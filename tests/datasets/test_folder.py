"""A collection with one folder per genre."""

from tests.builds import config_of
from tests.datasets.tagged import tagged_song
from tfgenre.datasets import folder
from tfgenre.datasets.track import Track


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
