"""The bytes of a file that are its sound: tags do not change them, another sound does."""

import shutil
from pathlib import Path

import mutagen
import mutagen.aiff
import mutagen.wave
import pytest
from mutagen.apev2 import APEv2
from mutagen.flac import Picture
from mutagen.id3 import ID3, TIT2

from tests import songs
from tests.tagging.changes import written_and_undone
from tfgenre.audio import sound_bytes

RATE_HZ = 48000
WITH_FFMPEG = {"a.m4a": ("ipod", "aac"), "a.wma": ("asf", "wmav2")}


def write(path: Path, *, seed: int = 0) -> Path:
    samples = songs.noise(3.0, seed=seed, rate_hz=RATE_HZ)
    if path.suffix in songs.OPTIONS:
        return songs.write(path, samples, rate_hz=RATE_HZ, **songs.OPTIONS[path.suffix])
    pytest.importorskip("av")
    path.parent.mkdir(exist_ok=True)
    return songs.write_with_ffmpeg(path, samples, *WITH_FFMPEG[path.name], rate_hz=RATE_HZ)


def add_tags(path: Path) -> None:
    if path.suffix in (".wav", ".aiff"):
        kind = mutagen.wave.WAVE if path.suffix == ".wav" else mutagen.aiff.AIFF
        found = kind(path)
        found.add_tags()
        found.tags.add(TIT2(encoding=3, text=["title" * 1000]))
    else:
        found = mutagen.File(path, easy=path.suffix != ".wma")
        found["Title" if path.suffix == ".wma" else "title"] = ["title" * 1000]
    found.save()


def summary(path: Path) -> str:
    with path.open("rb") as file:
        return sound_bytes.summary(file)


def digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return sound_bytes.digest(file)


@pytest.mark.parametrize("name", [*(f"a{suffix}" for suffix in songs.OPTIONS), *WITH_FFMPEG])
def test_tags_do_not_change_it_and_another_sound_does(tmp_path, name):
    song = write(tmp_path / name)
    before = summary(song), digest(song)
    add_tags(song)
    assert (summary(song), digest(song)) == before
    other = write(tmp_path / "other" / name, seed=1)
    assert summary(other) != before[0]
    assert digest(other) != before[1]


@pytest.mark.parametrize("name", ["a.mp3", "a.ogg", "a.opus", "a.flac", "a.m4a"])
def test_a_genre_written_into_a_song_does_not_change_it(tmp_path, name):
    song = write(tmp_path / name)
    before = summary(song)
    song.write_bytes(written_and_undone(song))
    assert summary(song) == before


def test_pages_of_an_ogg_file_that_are_numbered_anew(tmp_path):
    song = write(tmp_path / "a.ogg")
    before = summary(song), digest(song)
    found = mutagen.File(song)
    picture = Picture()
    picture.data = bytes(300_000)
    found["metadata_block_picture"] = [picture.write().hex()]
    found.save()
    assert song.stat().st_size > 600_000
    assert (summary(song), digest(song)) == before


def test_tags_before_and_after_mp3_files(tmp_path):
    song = write(tmp_path / "a.mp3")
    before = summary(song), digest(song)
    plain = song.read_bytes()
    ape = APEv2()
    ape["Title"] = "a title"
    ape.save(song)
    tag = ID3()
    tag.add(TIT2(encoding=3, text=["a title"]))
    tag.save(song, v1=2)
    song.write_bytes(song.read_bytes() + song.read_bytes()[-128:])  # a second ID3v1 tag
    assert len(song.read_bytes()) > len(plain) + 1000
    assert (summary(song), digest(song)) == before


def test_a_repaired_part_of_a_song_of_the_same_length(tmp_path):
    song = write(tmp_path / "a.wav")
    content = song.read_bytes()
    zeros = bytes(len(content) // 2)
    broken = tmp_path / "broken.wav"
    broken.write_bytes(content[: len(content) // 4] + zeros + content[len(content) * 3 // 4 :])
    assert summary(broken).split("-")[0] == summary(song).split("-")[0]
    assert summary(broken) != summary(song)


@pytest.mark.parametrize("content", [b"", b"ID3", b"TAG" + bytes(125)])
def test_files_without_sound(tmp_path, content):
    (tmp_path / "a.mp3").write_bytes(content)
    assert (summary(tmp_path / "a.mp3") == "") == (content != b"ID3")


@pytest.mark.parametrize(
    "content",
    [
        b"RIFF\0\0\0\0WAVE",
        b"RIFF\xff\xff\xff\xffWAVEdata\xff\xff\xff\xffsound",
        b"RIFF\0\0\0\0WAVEdata\0\0\0\0sound of a recording that was interrupted",
        b"RIFF\0\0\0\0WAVE" + bytes(100_000),
        b"fLaC\0\xff\xff\xff",
        b"OggS",
        b"\0\0\0\x18ftypM4A \0\0\0\0\0\0\0\0\0\0\xff\xffmoov",
        bytes(10) + b"APETAGEX" + b"\xff" * 24,
        b"<html>",
    ],
)
def test_damaged_files_have_some_sound(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    assert summary(tmp_path / "a")
    changed = content[:-1] + bytes([content[-1] ^ 1])
    (tmp_path / "b").write_bytes(changed)
    assert digest(tmp_path / "a") != digest(tmp_path / "b")


def test_real_songs_differ(shared_data):
    paths = [path for path in sorted((shared_data / "songs").rglob("*")) if path.is_file()]
    assert len({summary(path) for path in paths}) == len(paths) == 19


def test_a_copy_of_a_file_is_the_same(tmp_path):
    song = write(tmp_path / "a.flac")
    shutil.copy(song, tmp_path / "b.flac")
    assert digest(tmp_path / "b.flac") == digest(song)
