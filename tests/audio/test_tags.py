"""Artist and genre tags of every kind of file."""

import io
import struct
from pathlib import Path

import mutagen.asf
import mutagen.flac
import mutagen.mp4
import mutagen.wave
import pytest
from mutagen.apev2 import APEv2
from mutagen.id3 import ID3, TCON, TIT2, TPE1, TPE2, Frame

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


ID3V1 = (
    b"TAG" + b"title".ljust(30, b"\0") + b"Them".ljust(30, b"\0") + bytes(64) + b"\x11"  # Rock
)


def id3v2(*frames: Frame) -> bytes:
    """An ID3v2 tag."""
    found, content = ID3(), io.BytesIO()
    for frame in frames:
        found.add(frame)
    found.save(content)
    return content.getvalue()


def test_an_id3v2_tag_of_an_unknown_version_beside_an_id3v1_tag(tmp_path):
    path = songs.write(tmp_path / "song.mp3", songs.tone(0.5))
    unknown = b"ID3\5" + id3v2(TPE1(encoding=3, text=["not read"]))[4:]
    path.write_bytes(unknown + path.read_bytes() + ID3V1)
    assert tags.read(path) == tags.Tags(artist="Them", genres=("Rock",))


def test_a_second_id3v2_tag(tmp_path):
    path = songs.write(tmp_path / "song.mp3", songs.tone(0.5))
    first, second = TPE1(encoding=3, text=["Them"]), TPE1(encoding=3, text=["Others"])
    later = id3v2(second, TCON(encoding=3, text=["Rock"]))
    path.write_bytes(id3v2(first) + later + path.read_bytes())
    assert tags.read(path) == tags.Tags(artist="Them", genres=("Rock",))
    path.write_bytes(id3v2(TIT2(encoding=3, text=["title"])) + later)
    assert tags.read(path) == tags.Tags(artist="Others", genres=("Rock",))


def test_an_id3v2_tag_that_claims_more_than_the_file_has(tmp_path):
    content = bytearray(id3v2(TPE1(encoding=3, text=["Them"]), TCON(encoding=3, text=["Rock"])))
    content[6:10] = b"\0\x7f\x7f\x7f"
    (tmp_path / "song.mp3").write_bytes(content)
    assert tags.read(tmp_path / "song.mp3") == tags.Tags(artist="Them", genres=("Rock",))


def test_letters_tag_within_an_ending_are_no_id3v1_tag(tmp_path):
    path = songs.write(tmp_path / "song.mp3", songs.tone(0.5))
    path.write_bytes(path.read_bytes() + b"APETAGEX" + b"some text, not a number" + bytes(40))
    assert tags.read(path) == tags.Tags()


def chunk(name: bytes, content: bytes, order: str = "little") -> bytes:
    size = struct.pack("<I" if order == "little" else ">I", len(content))
    return name + size + content + bytes(len(content) % 2)


@pytest.mark.parametrize(
    ("artist", "expected"),
    [(b"Them\0", "Them"), ("Bj\xf6rk".encode(), "Bj\xf6rk"), (b"Bj\xf6rk\0", "Bj\xf6rk")],
)
def test_info_lists_of_wav_files(tmp_path, artist, expected):
    path = songs.write(tmp_path / "song.wav", songs.tone(0.5))
    texts = chunk(b"INAM", b"title\0") + chunk(b"IART", artist) + chunk(b"IGNR", b"Rock\0")
    path.write_bytes(path.read_bytes() + chunk(b"LIST", b"INFO" + texts))
    assert tags.read(path) == tags.Tags(artist=expected, genres=("Rock",))


def test_the_author_of_aiff_files(tmp_path):
    path = songs.write(tmp_path / "song.aiff", songs.tone(0.5), format="AIFF")
    path.write_bytes(path.read_bytes() + chunk(b"AUTH", b"Them", "big"))
    assert tags.read(path).artist == "Them"


def write_wma(path: Path, **names: str) -> Path:
    """A song with tags; __ in a name is a slash."""
    pytest.importorskip("av")
    songs.write_with_ffmpeg(path, songs.tone(0.5, rate_hz=44100), "asf", "wmav2", rate_hz=44100)
    found = mutagen.asf.ASF(path)
    found.update({name.replace("__", "/"): [text] for name, text in names.items()})
    found.save()
    return path


def test_tags_of_wma_files(tmp_path):
    path = write_wma(tmp_path / "song.wma", Author="Them", WM__Genre="Rock")
    assert tags.read(path) == tags.Tags(artist="Them", genres=("Rock",))


def test_the_albums_artist_where_there_is_no_other(tmp_path):
    mp3 = songs.write(tmp_path / "song.mp3", songs.tone(0.5))
    mp3.write_bytes(id3v2(TPE2(encoding=3, text=["They"])) + mp3.read_bytes())
    assert tags.read(mp3).artist == "They"
    mp3.write_bytes(mp3.read_bytes() + ID3V1)
    assert tags.read(mp3).artist == "Them"
    for name in ("albumartist", "Album Artist", "ALBUM_ARTIST", "performer"):
        flac = songs.write(tmp_path / "song.flac", songs.tone(0.5))
        found = mutagen.flac.FLAC(flac)
        found[name] = ["They"]
        found.save()
        assert tags.read(flac).artist == "They"
    wma = write_wma(tmp_path / "song.wma", WM__AlbumArtist="They")
    assert tags.read(wma).artist == "They"
    m4a = tmp_path / "song.m4a"
    songs.write_with_ffmpeg(m4a, songs.tone(0.5, rate_hz=44100), "ipod", "aac", rate_hz=44100)
    mp4 = mutagen.mp4.MP4(m4a)
    mp4["aART"] = ["They"]
    mp4.save()
    assert tags.read(m4a).artist == "They"


def test_various_artists_are_no_artist_of_a_song(tmp_path):
    path = songs.write(tmp_path / "song.mp3", songs.tone(0.5))
    path.write_bytes(id3v2(TPE2(encoding=3, text=["Various Artists"])) + path.read_bytes())
    assert tags.read(path) == tags.Tags()
