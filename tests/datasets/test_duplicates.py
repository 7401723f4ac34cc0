"""Copies of a song are found whatever their tags."""

import shutil
import zipfile

import mutagen
import numpy as np
import pytest
from mutagen.apev2 import APEv2
from mutagen.id3 import ID3, TIT2

from tests import songs
from tests.builds import config_of
from tfgenre.datasets import duplicates
from tfgenre.datasets.track import Catalogue, Skipped, Track


def catalogue_of(folder, names) -> Catalogue:
    tracks = tuple(Track(id=name, path=name, genre="AB"[n % 2]) for n, name in enumerate(names))
    return duplicates.measure(Catalogue(config_of("folder"), folder, tracks, ("A", "B")))


def test_copies_with_other_tags_are_found(tmp_path):
    songs.write(tmp_path / "a.mp3", songs.noise(3.0))
    songs.write(tmp_path / "other.mp3", songs.noise(3.0, seed=1))
    for name in ("b.mp3", "c.mp3", "d.mp3", "e.mp3"):
        shutil.copy(tmp_path / "a.mp3", tmp_path / name)
    tag = ID3()
    tag.add(TIT2(encoding=3, text=["another title"]))
    tag.save(tmp_path / "c.mp3")
    ape = APEv2()
    ape["Title"] = "a third"
    ape.save(tmp_path / "d.mp3")
    tag.save(tmp_path / "e.mp3", v1=2)
    names = ["a.mp3", "b.mp3", "c.mp3", "d.mp3", "e.mp3", "gone.mp3", "other.mp3"]
    catalogue = catalogue_of(tmp_path, names)
    copies = duplicates.find(catalogue)
    assert copies == dict.fromkeys(["b.mp3", "c.mp3", "d.mp3", "e.mp3"], "a.mp3")
    kept = duplicates.drop(catalogue, copies)
    assert [track.id for track in kept.tracks] == ["a.mp3", "gone.mp3", "other.mp3"]
    assert kept.skipped[0] == Skipped("b.mp3", "duplicate", "of a.mp3")


def test_songs_of_equal_length_are_not_copies(tmp_path):
    for name, seed in [("a.wav", 0), ("b.wav", 1)]:
        songs.write(tmp_path / name, songs.noise(3.0, seed=seed))
    assert not duplicates.find(catalogue_of(tmp_path, ["a.wav", "b.wav"]))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_copies_in_a_zip_file_are_found(tmp_path, method):
    songs.write(tmp_path / "a.mp3", songs.noise(3.0))
    songs.write(tmp_path / "other.mp3", songs.noise(3.0, seed=1))
    shutil.copy(tmp_path / "a.mp3", tmp_path / "b.mp3")
    tag = ID3()
    tag.add(TIT2(encoding=3, text=["another title"]))
    tag.save(tmp_path / "b.mp3")
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        for name in ("a.mp3", "b.mp3", "other.mp3"):
            archive.write(tmp_path / name, name)
    catalogue = catalogue_of(tmp_path, ["a.zip/a.mp3", "a.zip/b.mp3", "a.zip/other.mp3"])
    assert duplicates.find(catalogue) == {"a.zip/b.mp3": "a.zip/a.mp3"}


def test_songs_that_an_archive_lacks_are_skipped(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("1.mp3", b"sound")
    (tmp_path / "b.tar").write_bytes(b"none")
    names = ["a.zip/1.mp3", "a.zip/2.mp3", "b.tar/3.mp3", "loose.mp3"]
    found = duplicates.drop_absent(catalogue_of(tmp_path, names))
    assert [track.id for track in found.tracks] == ["a.zip/1.mp3", "loose.mp3"]
    assert [skip.reason for skip in found.skipped] == ["missing", "unreadable"]


def test_songs_that_begin_and_end_with_silence_are_not_copies(tmp_path):
    silence = np.zeros(songs.RATE_HZ * 4)
    for name, seed in [("a.wav", 0), ("b.wav", 1), ("c.wav", 0)]:
        sound = songs.noise(3.0, seed=seed)
        songs.write(tmp_path / name, np.concatenate([silence, sound, silence]))
    found = duplicates.find(catalogue_of(tmp_path, ["a.wav", "b.wav", "c.wav"]))
    assert found == {"c.wav": "a.wav"}


def test_songs_that_are_silent_in_the_middle_are_not_copies(tmp_path):
    for name, seed in [("a.wav", 0), ("b.wav", 1)]:
        silence = np.zeros(songs.RATE_HZ)
        songs.write(
            tmp_path / name, np.concatenate([silence, silence, songs.noise(0.5, seed=seed)])
        )
    catalogue = catalogue_of(tmp_path, ["a.wav", "b.wav"])
    assert catalogue.tracks[0].sound == catalogue.tracks[1].sound != ""
    assert not duplicates.find(catalogue)


@pytest.mark.parametrize("name", ["flac", "ogg"])
def test_copies_whose_tags_are_within_the_file(tmp_path, name):
    songs.write(tmp_path / f"a.{name}", songs.noise(3.0))
    shutil.copy(tmp_path / f"a.{name}", tmp_path / f"b.{name}")
    found = mutagen.File(tmp_path / f"b.{name}")
    found["title"] = ["another title" * 1000]
    found.save()
    assert duplicates.find(catalogue_of(tmp_path, [f"a.{name}", f"b.{name}"]))
