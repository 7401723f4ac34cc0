"""Artist and genre tags of every kind of file."""

import mutagen.wave
import pytest
from mutagen.apev2 import APEv2
from mutagen.id3 import ID3, TCON, TPE1

from tests import songs
from tfgenre.audio import tags


@pytest.mark.parametrize(
    ("text", "expected"),
    [(["(17)"], "Rock"), (["(17)Rock"], "Rock"), (["17"], "Rock"), (["Hip-Hop\0"], "Hip-Hop")],
)
def test_spellings_of_genre_tags(tmp_path, text, expected):
    path = songs.write(tmp_path / "song.mp3", songs.tone(0.5))
    found = ID3()
    found.add(TCON(encoding=1, text=text))
    found.save(path)
    assert tags.read(path).genres == (expected,)


@pytest.mark.parametrize(
    "tag",
    [
        b"ID3\x02\0\0\0\0\0\x0bTCO\0\0\x05\0(17)",
        b"ID3\x03\0\0\0\0\0\x17TCON\0\0\0\x0d\0\0\x01\xff\xfeR\0o\0c\0k\0\0\0",
        b"ID3\x04\0\0\0\0\0\x19TCON\0\0\0\x0f\0\0\x03Rock\0Punk\0\0\0\0\0",
    ],
)
def test_every_version_of_id3(tmp_path, tag):
    path = songs.write(tmp_path / "song.mp3", songs.tone(0.5))
    path.write_bytes(tag + path.read_bytes())
    assert tags.read(path).genres[0] == "Rock"


def test_tags_at_the_end_of_the_file(tmp_path):
    path = songs.write(tmp_path / "song.mp3", songs.tone(0.5))
    with path.open("ab") as file:
        file.write(b"TAG" + b"title".ljust(30, b"\0") + b"Them".ljust(30, b"\0"))
        file.write(bytes(64) + b"\x11")
    assert tags.read(path) == tags.Tags(artist="Them", genres=("Rock",))
    other = songs.write(tmp_path / "other.mp3", songs.tone(0.5))
    ape = APEv2()
    ape["Genre"], ape["Artist"] = "Hip Hop", "They"
    ape.save(other)
    assert tags.read(other) == tags.Tags(artist="They", genres=("Hip Hop",))


def test_tags_of_wav_files(tmp_path):
    path = songs.write(tmp_path / "song.wav", songs.tone(0.5))
    found = mutagen.wave.WAVE(path)
    found.add_tags()
    found.tags.add(TPE1(encoding=3, text=["Them"]))
    found.tags.add(TCON(encoding=3, text=["Rock"]))
    found.save()
    assert tags.read(path) == tags.Tags(artist="Them", genres=("Rock",))


def test_files_without_tags_have_empty_tags(tmp_path):
    (tmp_path / "page.mp3").write_text("<html>")
    assert tags.read(tmp_path / "page.mp3") == tags.Tags()
    assert tags.read(tmp_path / "none.mp3") == tags.Tags()
