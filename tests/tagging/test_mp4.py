"""Tags of MP4 files: only the genre changes, and all offsets still point to the sound."""

from pathlib import Path

import numpy as np
import pytest
from mutagen.mp4 import MP4

from tests import songs
from tests.tagging.changes import samples_of, written_and_undone
from tfgenre.audio import mp4_atoms
from tfgenre.errors import CannotTag
from tfgenre.tagging.log import write_genres

av = pytest.importorskip("av")

FIELD = Path(__file__).parents[3] / "shared/data/field"
FLAGS = {
    "sound first": "",
    "tags first": "faststart",
    "fragments": "frag_keyframe+empty_moov",
    "fragments with an index": "frag_keyframe+empty_moov+dash",
    "fragments at their own places": "frag_keyframe+empty_moov+default_base_moof",
}
SOUND = bytes(range(256)) * 40


def write(path: Path, flags: str, **tags: str) -> Path:
    rate_hz = 44100
    options = {"movflags": flags} if flags else {}
    with av.open(str(path), "w", format="ipod", options=options) as container:
        container.metadata.update(tags)
        stream = container.add_stream("aac", rate=rate_hz, layout="mono")
        noise = songs.noise(3.0, rate_hz=rate_hz).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(noise[None], "fltp", "mono")
        frame.rate = rate_hz
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def atom(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return (8 + len(body)).to_bytes(4, "big") + name + body


def stco(*offsets: int, width: int = 4) -> bytes:
    table = b"".join(offset.to_bytes(width, "big") for offset in offsets)
    name = b"stco" if width == 4 else b"co64"
    return atom(name, bytes(4), len(offsets).to_bytes(4, "big"), table)


def trak(*offsets: int, width: int = 4) -> bytes:
    return atom(b"trak", atom(b"mdia", atom(b"minf", atom(b"stbl", stco(*offsets, width=width)))))


def ilst(*items: bytes) -> bytes:
    handler = atom(b"hdlr", bytes(8), b"mdirappl", bytes(9))
    return atom(b"udta", atom(b"meta", bytes(4), handler, atom(b"ilst", *items)))


def text(name: bytes, value: str) -> bytes:
    return atom(name, atom(b"data", b"\0\0\0\1", bytes(4), value.encode()))


TITLE = text(b"\xa9nam", "A")


def made(build, *, before: bytes = b"") -> bytes:
    """A file whose moov holds offsets; build(start of the sound) gives moov and what follows."""
    start = atom(b"ftyp", b"M4A \0\0\0\0M4A ") + before
    size = len(build(0))
    return start + build(len(start) + size + 8) + atom(b"mdat", SOUND)


def offsets_of(raw: bytes, width: int = 4) -> list[int]:
    place = raw.index(b"stco" if width == 4 else b"co64") + 8
    count = int.from_bytes(raw[place : place + 4], "big")
    table = raw[place + 4 : place + 4 + count * width]
    return [int.from_bytes(table[n : n + width], "big") for n in range(0, len(table), width)]


@pytest.mark.parametrize("genre", ["Jazz", "音楽" * 200])
@pytest.mark.parametrize("tags", [{}, {"title": "A title", "genre": "Polka"}])
@pytest.mark.parametrize("flags", FLAGS.values(), ids=FLAGS)
def test_the_sound_of_every_kind_of_file_stays(tmp_path, flags, tags, genre):
    path = write(tmp_path / "a.m4a", flags, **tags)
    after = written_and_undone(path, genre=genre)
    path.write_bytes(after)
    assert MP4(path).tags["\xa9gen"] == [genre]
    assert MP4(path).tags.get("\xa9nam") == ([tags["title"]] if tags else None)


@pytest.mark.parametrize("width", [4, 8])
@pytest.mark.parametrize(
    ("tags", "behind", "is_shifted"),
    [
        (b"", b"", True),
        (ilst(text(b"\xa9nam", "A"), text(b"\xa9gen", "Polka")), b"", True),
        (ilst(text(b"\xa9gen", "Polka"), text(b"\xa9gen", "Rock"), TITLE), b"", True),
        (ilst(atom(b"gnre", atom(b"data", bytes(8), b"\0\x12"))), b"", True),
        (atom(b"udta", bytes(4)), b"", True),
        (atom(b"udta"), b"", True),
        (atom(b"udta", text(b"\xa9nam", "A"), bytes(4)), b"", True),
        (b"", atom(b"free", bytes(1000)), False),
        (b"", atom(b"free", bytes(3)), True),
        (ilst() + atom(b"free", bytes(1000)), b"", False),
    ],
)  # fmt: skip
def test_offsets_follow_the_sound(tmp_path, tags, behind, is_shifted, width):
    def build(start: int) -> bytes:
        offsets = (start, start + 1000, start + 5000)
        return atom(b"moov", atom(b"mvhd", bytes(100)), trak(*offsets, width=width), tags) + behind

    path = tmp_path / "a.m4a"
    path.write_bytes(made(build))
    after = written_and_undone(path, genre="A genre with a name", has_sound=False)
    start = after.index(SOUND)
    assert offsets_of(after, width) == [start, start + 1000, start + 5000]
    assert (len(after) != len(path.read_bytes())) == is_shifted
    assert after.count(b"A genre with a name") == 1
    assert b"Polka" not in after
    assert (text(b"\xa9nam", "A") in after) == (b"\xa9nam" in tags)


@pytest.mark.parametrize("free", [8, 50, 61, 62, 69, 70, 71, 78, 100])
def test_free_space_of_any_size(tmp_path, free):
    def build(start: int) -> bytes:
        tags = ilst(text(b"\xa9nam", "A"))[8:]
        meta = tags[8:] + atom(b"free", bytes(free - 8))
        return atom(b"moov", trak(start), atom(b"udta", atom(b"meta", meta)))

    path = tmp_path / "a.m4a"
    path.write_bytes(made(build))
    after = written_and_undone(path, has_sound=False)
    assert offsets_of(after) == [after.index(SOUND)]
    for top in mp4_atoms.read(path.open("rb")):
        assert top.end > top.start


def test_absolute_offsets_of_fragments(tmp_path):
    def build(start: int) -> bytes:
        base = (1).to_bytes(4, "big") + (1).to_bytes(4, "big") + start.to_bytes(8, "big")
        moof = atom(b"moof", atom(b"traf", atom(b"tfhd", base)))
        return atom(b"moov", atom(b"mvhd", bytes(100))) + moof

    path = tmp_path / "a.m4a"
    moof_at = len(made(build)) - len(SOUND) - 8 - len(build(0)) + 8 + 108
    entry = bytes(4) + moof_at.to_bytes(4, "big") + b"\1\1\1"
    table = atom(b"tfra", bytes(4), (1).to_bytes(4, "big"), bytes(4), (1).to_bytes(4, "big"), entry)
    path.write_bytes(made(build) + atom(b"mfra", table))
    after = written_and_undone(path, has_sound=False)
    place = after.index(b"tfhd") + 12
    assert int.from_bytes(after[place : place + 8], "big") == after.index(SOUND)
    place = after.index(b"tfra") + 4 + 16 + 4
    assert int.from_bytes(after[place : place + 4], "big") == after.index(b"moof") - 4


def test_sizes_of_64_bits_and_up_to_the_end(tmp_path):
    def build(start: int) -> bytes:
        moov = trak(start)
        return b"\0\0\0\1moov" + (16 + len(moov)).to_bytes(8, "big") + moov

    path = tmp_path / "a.m4a"
    path.write_bytes(made(build))
    after = written_and_undone(path, has_sound=False)
    assert offsets_of(after) == [after.index(SOUND)]
    start = atom(b"ftyp", b"M4A \0\0\0\0M4A ")
    path.write_bytes(start + atom(b"mdat", SOUND) + bytes(4) + b"moov" + trak(len(start) + 8))
    after = written_and_undone(path, has_sound=False)
    assert offsets_of(after) == [after.index(SOUND)]


@pytest.mark.parametrize(
    ("build", "before", "why"),
    [
        (lambda _: b"", b"", "it has 0 atoms 'moov'"),
        (lambda at: atom(b"moov", trak(at)) * 2, b"", "it has 2 atoms 'moov'"),
        (lambda at: atom(b"moov", trak(at), ilst(), ilst()), b"", "several atoms 'udta'"),
        (lambda at: atom(b"moov", trak(at), b"\0\0\0\4free"), b"", "atoms are damaged at byte"),
        (lambda at: atom(b"moov", trak(at)) + b"\0\0\xff\xffskip", b"", "damaged at byte"),
        (lambda at: atom(b"moov", trak(at)), atom(b"sidx", bytes(40)), "an index of segments"),
        (lambda at: atom(b"moov", trak(at), atom(b"meta", b"iloc")), b"", "at fixed places"),
        (lambda at: atom(b"moov", trak(at, 0xFFFFFFFF)), b"", "too large for its offsets"),
        (
            lambda at: atom(b"moov", trak(at)).replace(b"stco\0\0\0\0\0", b"stco\0\0\0\0\xff"),
            b"",
            "a list of offsets in it is damaged",
        ),
        (
            lambda at: atom(b"moov", trak(at), ilst().replace(b"mdirappl", b"mdta\0\0\0\0")),
            b"",
            "not iTunes'",
        ),
    ],
)
def test_files_that_are_left_alone(tmp_path, build, before, why):
    path = tmp_path / "a.m4a"
    content = made(build, before=before)
    path.write_bytes(content)
    with pytest.raises(CannotTag, match=why):
        write_genres(str(path), ["Jazz"], overwrite=True, log=tmp_path / "log")
    assert path.read_bytes() == content


@pytest.mark.skipif(not FIELD.is_dir(), reason="needs the shared data")
def test_a_phones_recording(tmp_path):
    path = tmp_path / "a.m4a"
    path.write_bytes((FIELD / "phone.m4a").read_bytes())
    assert len(samples_of(path)) > 0
    written_and_undone(path)
