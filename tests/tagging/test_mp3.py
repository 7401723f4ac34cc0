"""Tags of MP3 files: only the genre changes, also in what mutagen cannot parse."""

import re
from pathlib import Path

import pytest
from mutagen.apev2 import APEv2
from mutagen.id3 import ID3

from tests import songs
from tests.tagging.changes import written_and_undone
from tfgenre.audio import tags
from tfgenre.errors import CannotTag
from tfgenre.tagging import id3v2_tag
from tfgenre.tagging.log import write_genres

FIELD = Path(__file__).parents[3] / "shared/data/field"
ID3V1 = b"TAG" + b"Old title".ljust(30, b"\0") + b"\0" * 94 + b"\x11"  # 17: Rock
LONG = "A very long name of a genre" * 6
TYPICAL = [(b"TIT2", b"\3A title"), (b"TCON", b"\3Polka"), (b"TALB", b"\3An album")]


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("songs") / "a.mp3"
    songs.write(path, songs.noise(2.0, rate_hz=44100), rate_hz=44100, format="MP3")
    return path.read_bytes()


def size_bytes(size: int, *, bits: int) -> bytes:
    return bytes(size >> bits * place & (1 << bits) - 1 for place in (3, 2, 1, 0))


def frame(name: bytes, data: bytes, *, version: int = 4, bits: int | None = None) -> bytes:
    if len(name) == 3:
        return name + size_bytes(len(data), bits=8)[1:] + data
    bits = bits or (7 if version == 4 else 8)
    return name + size_bytes(len(data), bits=bits) + b"\0\0" + data


def tag(
    frames: list[bytes], *, version: int = 4, flags: int = 0, padding: int = 0, footer: bool = False
) -> bytes:
    body = b"".join(frames) + bytes(padding)
    end = bytes([version, 0, flags]) + size_bytes(len(body), bits=7)
    return b"ID3" + end + body + (b"3DI" + end if footer else b"")


def typical(version: int = 4) -> list[bytes]:
    names = {b"TIT2": b"TT2", b"TCON": b"TCO", b"TALB": b"TAL"} if version == 2 else {}
    return [
        frame(names.get(name, name), data if version == 4 else b"\0" + data[1:], version=version)
        for name, data in TYPICAL
    ]


ODD_FRAMES = {
    "two lyrics": [frame(b"USLT", b"\0engx\0One")] * 2,
    "two comments": [frame(b"COMM", b"\0eng\0One"), frame(b"COMM", b"\0eng\0Two")],
    "two texts": [frame(b"TXXX", b"\0mood\0One"), frame(b"TXXX", b"\0mood\0Two")],
    "two artists": [frame(b"TPE1", b"\0One"), frame(b"TPE1", b"\0Two")],
    "a bad encoding of a text": [frame(b"TXXX", b"\x09mood\0One")],
    "a bad encoding of a picture": [frame(b"APIC", b"\x09image/png\0\3\0\x89PNG")],
    "a free date": [frame(b"TDRC", b"\3sometime in May")],
    "Latin-1 said to be UTF-8": [frame(b"TIT2", b"\3Caf\xe9")],
    "a lower-case name": [frame(b"tsoa", b"\3x"), frame(b"TOPE", b"\3y")],
    "a compressed frame": [b"TPE2" + size_bytes(9, bits=7) + b"\0\x09" + b"123456789"],
    "an empty frame": [frame(b"TENC", b""), frame(b"TOPE", b"\3y")],
    "a broken size": [b"TENC\0\x7f\x7f\x7f\0\0abc", frame(b"TOPE", b"\3y")],
}


@pytest.mark.parametrize("has_genre", [True, False])
@pytest.mark.parametrize("frames", ODD_FRAMES.values(), ids=ODD_FRAMES)
def test_frames_that_mutagen_drops_or_merges_stay(sound, tmp_path, frames, has_genre):
    path = tmp_path / "a.mp3"
    before = [frame(b"TCON", b"\3Polka")] if has_genre else []
    path.write_bytes(tag(before + frames, padding=100) + sound)
    after = written_and_undone(path)
    expected = b"".join([frame(b"TCON", b"\3Jazz"), *frames])
    assert after[10:].startswith(expected)
    assert not after[10 + len(expected) : -len(sound)].strip(b"\0")
    assert after.endswith(sound)


@pytest.mark.parametrize("genre", ["Jazz", LONG, "音楽", "ÿþ"])
@pytest.mark.parametrize("padding", [0, 3, 1000])
@pytest.mark.parametrize("version", [2, 3, 4])
def test_each_version_keeps_its_other_frames(sound, tmp_path, version, padding, genre):
    path = tmp_path / "a.mp3"
    title, old, album = typical(version)
    path.write_bytes(tag([title, old, album], version=version, padding=padding) + sound)
    after = written_and_undone(path, genre=genre)
    assert after.endswith(sound)
    assert after[3] == version
    before, _, behind = after.partition(old[:3])
    assert before[10:] == title
    assert album in behind
    assert str(ID3(path).get("TCON")) == "Polka"


def test_a_tag_keeps_its_size_while_padding_lasts(sound, tmp_path):
    path = tmp_path / "a.mp3"
    path.write_bytes(tag(typical(), padding=100) + sound)
    assert len(written_and_undone(path, genre="Something longer")) == len(path.read_bytes())
    assert len(written_and_undone(path, genre="A")) == len(path.read_bytes())


@pytest.mark.parametrize("genre", ["Jazz", "音楽", "ÿ"])
def test_an_unsynchronised_tag(sound, tmp_path, genre):
    def stuffed(raw: bytes) -> bytes:
        return re.sub(rb"\xff(?=[\0\xe0-\xff])", b"\xff\0", raw)

    picture = frame(b"APIC", b"\0image/png\0\3\0" + b"\xff\xfb\xff\0\xff\xff\xe0" * 9, version=3)
    genre_frame = frame(b"TCON", b"\1\xff\xfeR\0o\0c\0k\0", version=3)
    path = tmp_path / "a.mp3"
    frames = [stuffed(picture), stuffed(genre_frame), stuffed(picture)]
    path.write_bytes(tag(frames, version=3, flags=0x80, padding=50) + sound)
    after = written_and_undone(path, genre=genre)
    assert after.count(stuffed(picture)) == 2
    assert b"\xff\xfe" not in after[: -len(sound)]


def test_sizes_with_8_bits_a_byte_in_version_4(sound, tmp_path):
    path = tmp_path / "a.mp3"
    picture = frame(b"APIC", b"\0image/png\0\3\0" + bytes(range(1, 251)) * 2, bits=8)
    path.write_bytes(tag([picture, *typical()], padding=9) + sound)
    after = written_and_undone(path, genre=LONG)
    assert picture in after
    assert frame(b"TCON", b"\3" + LONG.encode(), bits=8) in after


@pytest.mark.parametrize(
    ("version", "flags", "extended"),
    [
        (3, 0x40, size_bytes(6, bits=8) + b"\0\0" + size_bytes(20, bits=8)),
        (4, 0x40, size_bytes(6, bits=7) + b"\1\0"),
        (4, 0x40, b""),  # the flag alone, as some programs write it
    ],
)
def test_extended_headers(sound, tmp_path, version, flags, extended):
    path = tmp_path / "a.mp3"
    frames = [extended, *typical(version)]
    path.write_bytes(tag(frames, version=version, flags=flags, padding=20) + sound)
    after = written_and_undone(path, genre="Something longer")
    assert after[10:].startswith(extended + typical(version)[0])
    assert after[: -len(sound)].endswith(typical(version)[2] + bytes(20))


def test_a_footer_has_the_same_size_as_the_header(sound, tmp_path):
    path = tmp_path / "a.mp3"
    path.write_bytes(tag(typical(), flags=0x10, footer=True) + sound)
    after = written_and_undone(path, genre="Something longer")
    footer = after[-len(sound) - 10 : -len(sound)]
    assert footer == b"3DI" + after[3:10]


def test_genres_elsewhere_do_not_contradict(sound, tmp_path):
    path = tmp_path / "a.mp3"
    second = tag([frame(b"TIT2", b"\3B"), frame(b"TCON", b"\3Rock")], padding=10)
    path.write_bytes(tag(typical()) + second + sound)
    ape = APEv2()
    ape["Genre"], ape["Album"] = "Polka", "An album"
    ape.save(path)
    with path.open("ab") as file:
        file.write(ID3V1)
    after = written_and_undone(path, genre="Blues")
    assert b"Rock" not in after
    assert b"Polka" not in after
    assert after.endswith(ID3V1[:-1] + b"\0")  # 0: Blues
    path.write_bytes(after)
    assert dict(APEv2(path)) == {"Genre": "Blues", "Album": "An album"}
    with path.open("rb") as file:
        first, second_tag = id3v2_tag.read_all(file)
    assert (len(first.genres), len(second_tag.genres)) == (1, 1)
    assert written_and_undone(path, genre="Neither")[-1] == 255


def test_a_tag_that_reaches_into_the_sound_costs_none(sound, tmp_path):
    path = tmp_path / "a.mp3"
    whole = tag(typical(), padding=64)
    size = len(whole) - 10 + 10_000
    path.write_bytes(whole[:6] + size_bytes(size, bits=7) + whole[10:] + sound)
    assert written_and_undone(path, genre=LONG).endswith(sound)


@pytest.mark.parametrize(
    ("start", "why"),
    [
        (b"ID3\5\0\0\0\0\0\0", "unknown version 2.5"),
        (b"ID3\4\0\0\0\0\xff\0", "damaged header"),
        (b"ID3\2\0\x40\0\0\0\0", "damaged header"),
        (b"ID3\4\0\0\x7f\x7f\x7f\x7f", "longer than the file"),
        (b"ID3\4\0\x40" + size_bytes(12, bits=7) + size_bytes(12, bits=7) + b"\1\x20" + bytes(6),
         "has a checksum"),
        (tag([b"TENC\0\x7f\x7f\x7f\0\0abc", frame(b"TCON", b"\3Polka")]), "damaged before a genre"),
    ],
)  # fmt: skip
def test_tags_that_are_left_alone(sound, tmp_path, start, why):
    path = tmp_path / "a.mp3"
    path.write_bytes(start + sound)
    with pytest.raises(CannotTag, match=why):
        write_genres(str(path), ["Jazz"], overwrite=True, log=tmp_path / "log")
    assert path.read_bytes() == start + sound


def test_a_damaged_ape_tag_is_left_alone(sound, tmp_path):
    path = tmp_path / "a.mp3"
    footer = (
        b"APETAGEX" + (2000).to_bytes(4, "little") + (1 << 30).to_bytes(4, "little") + bytes(16)
    )
    path.write_bytes(sound + footer)
    with pytest.raises(CannotTag, match="its APEv2 tag is damaged"):
        write_genres(str(path), ["Jazz"], overwrite=True, log=tmp_path / "log")
    assert path.read_bytes() == sound + footer


@pytest.mark.skipif(not FIELD.is_dir(), reason="needs the shared data")
@pytest.mark.parametrize("name", ["id3_free_date", "id3_latin1_said_utf8", "swallows_10k"])
def test_songs_from_the_field(tmp_path, name):
    path = tmp_path / "a.mp3"
    path.write_bytes((FIELD / f"{name}.mp3").read_bytes())
    before = path.read_bytes()
    after = written_and_undone(path)
    assert after.endswith(before[-50_000:])
    assert tags.read(path).genres != ("Jazz",)
