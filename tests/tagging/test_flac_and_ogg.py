"""Tags of FLAC and Ogg files: only the genre changes, also in what mutagen cannot parse."""

import io
from pathlib import Path

import pytest
from mutagen.flac import FLAC
from mutagen.id3 import ID3, TCON
from mutagen.ogg import OggPage
from mutagen.oggvorbis import OggVorbis

from tests import songs
from tests.tagging.changes import written_and_undone
from tfgenre.errors import CannotTag
from tfgenre.tagging.log import write_genres

FIELD = Path(__file__).parents[3] / "shared/data/field"
LATIN1 = [b"TITLE=Caf\xe9", b"no equals sign", b"genre=Rock", b"Genre=Pop", b"ARTIST=A"]


@pytest.fixture(scope="module")
def originals(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("songs")
    noise = songs.noise(2.0, rate_hz=48000)
    return {
        kind: songs.write(folder / f"a.{kind}", noise, rate_hz=48000, **songs.OPTIONS[f".{kind}"])
        for kind in ("flac", "ogg", "opus")
    }


@pytest.fixture
def song(originals, tmp_path):
    def copy(kind: str) -> Path:
        path = tmp_path / f"a.{kind}"
        path.write_bytes(originals[kind].read_bytes())
        return path

    return copy


def comments(texts: list[bytes], program: bytes = b"a program") -> bytes:
    parts = [len(program).to_bytes(4, "little") + program, len(texts).to_bytes(4, "little")]
    return b"".join(parts + [len(text).to_bytes(4, "little") + text for text in texts])


def with_block(path: Path, kind: int, content: bytes, *, padding: int | None = None) -> None:
    """Replaces all blocks of a FLAC file but the first."""
    raw = path.read_bytes()
    sound = raw[raw.index(b"\xff\xf8") :]
    blocks = [(0, raw[8:42]), (kind, content)] + ([(1, bytes(padding))] if padding else [])
    last = len(blocks) - 1
    path.write_bytes(
        b"fLaC"
        + b"".join(
            bytes([kind | 0x80 * (number == last)]) + len(content).to_bytes(3, "big") + content
            for number, (kind, content) in enumerate(blocks)
        )
        + sound
    )


def pages_of(path: Path | bytes) -> list[OggPage]:
    raw = path if isinstance(path, bytes) else path.read_bytes()
    file = io.BytesIO(raw)
    pages = []
    while file.tell() < len(raw):
        pages.append(OggPage(file))
    assert b"".join(page.write() for page in pages) == raw  # so all checksums are right
    return pages


def full_pages(packets: list[bytes]) -> list[OggPage]:
    """Pages of 255 segments each, but for the last."""
    segments = [
        (packet[start : start + 255], start + 255 > len(packet))
        for packet in packets
        for start in range(0, len(packet) + 1, 255)
    ]
    pages = []
    is_open = False
    for start in range(0, len(segments), 255):
        page = OggPage()
        page.continued, page.packets = is_open, [b""]
        for segment, is_end in segments[start : start + 255]:
            page.packets[-1] += segment
            if is_end:
                page.packets.append(b"")
        is_open = not is_end
        page.complete = is_end
        page.packets = page.packets if is_open else page.packets[:-1]
        page.position = 0 if page.complete or len(page.packets) > 1 else -1
        pages.append(page)
    return pages


def with_packet(path: Path, packet: bytes, *, tail: list[bytes]) -> None:
    """Replaces an Ogg file's second packet; tail are the packets on its last page."""
    first, *old = pages_of(path)
    while old[0].position == 0 or old[0].position == -1:
        old.pop(0)
    new = full_pages([packet, *tail])
    for page in new:
        page.serial = first.serial
    for number, page in enumerate([*new, *old]):
        page.sequence = number + 1
    path.write_bytes(b"".join(page.write() for page in [first, *new, *old]))


def packets_of(path: Path | bytes) -> list[bytes]:
    return OggPage.to_packets(pages_of(path), strict=True)


@pytest.mark.parametrize("genre", ["Jazz", "A long name of a genre " * 20 + "."])
@pytest.mark.parametrize("padding", [None, 3, 4000])
def test_flac_comments_that_are_not_utf8_stay(song, padding, genre):
    path = song("flac")
    with_block(path, 4, comments(LATIN1), padding=padding)
    after = written_and_undone(path, genre=genre)
    new = comments([*LATIN1[:2], b"GENRE=" + genre.encode(), LATIN1[4]])
    assert after[42 + 4 :].startswith(new)
    assert len(after) == len(path.read_bytes()) or padding != 4000


def test_a_flac_file_without_comments(song):
    path = song("flac")
    with_block(path, 2, b"test" + bytes(9))
    after = written_and_undone(path)
    path.write_bytes(after)
    assert [block.code for block in FLAC(path).metadata_blocks] == [0, 4, 2]
    raw = after[:4] + b"\x80" + after[5:42] + after[after.index(b"\xff\xf8") :]
    path.write_bytes(raw)
    path.write_bytes(written_and_undone(path))
    assert [block.code for block in FLAC(path).metadata_blocks] == [0, 4]


def test_id3_tags_of_a_flac_file_do_not_contradict(song):
    path = song("flac")
    raw = path.read_bytes()
    buffer = io.BytesIO()
    frames = ID3()
    frames.add(TCON(encoding=3, text=["Polka"]))
    frames.save(buffer)
    path.write_bytes(buffer.getvalue() + raw)
    after = written_and_undone(path)
    assert b"Polka" not in after


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda raw: raw[:42] + b"\x04\xff\xff\xff" + raw[46:], "metadata blocks are damaged"),
        (lambda raw: raw[:4] + b"\x04" + raw[5:], "metadata blocks are damaged"),
        (lambda raw: raw[:46] + b"\xff" * 9 + raw[55:], "its comments are damaged"),
        (lambda raw: raw[:60] + b"\xff" * 4 + raw[64:], "its comments are damaged"),
        (
            lambda raw: raw[:42] + b"\4\0\0\x08" + bytes(8) + raw[42:],
            "it has several blocks of comments",
        ),
    ],
)
def test_flac_files_that_are_left_alone(song, tmp_path, damage, why):
    path = song("flac")
    with_block(path, 4, comments(LATIN1), padding=50)
    raw = damage(path.read_bytes())
    path.write_bytes(raw)
    with pytest.raises(CannotTag, match=why):
        write_genres(str(path), ["Jazz"], overwrite=True, log=tmp_path / "log")
    assert path.read_bytes() == raw


def test_a_flac_block_of_comments_that_is_full(song, tmp_path):
    path = song("flac")
    with_block(path, 4, comments([b"A=" + bytes((1 << 24) - 30)]))
    with pytest.raises(CannotTag, match="its block of comments has no space left"):
        write_genres(str(path), ["Jazz"], overwrite=True, log=tmp_path / "log")


@pytest.mark.parametrize("kind", ["ogg", "opus"])
# Bytes of a picture: none, several pages, and up to the last of 255 segments of a page.
@pytest.mark.parametrize("picture", [0, 200_000, *range(63_800, 65_200, 140)])
@pytest.mark.parametrize("genre", ["Jazz", "A long name of a genre " * 20 + "."])
def test_ogg_comments_that_are_not_utf8_stay(song, kind, picture, genre):
    path = song(kind)
    _, old, *rest = packets_of(path)
    start = old[: 7 if kind == "ogg" else 8]
    end = b"\1" + bytes(99) if kind == "ogg" else b"\1binary"
    texts = [*LATIN1, b"METADATA_BLOCK_PICTURE=" + b"A" * picture]
    with_packet(path, start + comments(texts) + end, tail=rest[:1] if kind == "ogg" else [])
    before = pages_of(path)
    after = written_and_undone(path, genre=genre)
    new = [*LATIN1[:2], b"GENRE=" + genre.encode(), LATIN1[4], texts[5]]
    first, second, *others = packets_of(after)
    assert second == start + comments(new) + end
    assert [first, *others] == [first, *rest]
    pages = pages_of(after)
    assert [page.sequence for page in pages] == list(range(len(pages)))
    positions = [page.position for page in pages if page.position > 0]
    assert positions == [page.position for page in before if page.position > 0]
    assert pages[-1].last


def test_an_ogg_file_may_need_another_page(song):
    path = song("ogg")
    _, old, setup, *_ = packets_of(path)
    texts = [b"A=" + b"a" * (65_025 - len(setup) - 300)]
    with_packet(path, old[:7] + comments(texts) + b"\1", tail=[setup])
    genre = "A long name of a genre " * 50 + "."
    assert len(pages_of(written_and_undone(path, genre=genre))) == len(pages_of(path)) + 1


def test_an_ogg_file_that_ends_in_the_middle_of_a_page(song):
    path = song("ogg")
    path.write_bytes(path.read_bytes()[:-100])
    assert written_and_undone(path).endswith(path.read_bytes()[-1000:])


def test_ogg_files_that_are_left_alone(song, tmp_path):
    def reason(path: Path, content: bytes) -> str:
        path.write_bytes(content)
        with pytest.raises(CannotTag) as caught:
            write_genres(str(path), ["Jazz"], overwrite=True, log=tmp_path / "log")
        assert path.read_bytes() == content
        return str(caught.value)

    path = song("ogg")
    raw = path.read_bytes()
    other = song("opus").read_bytes()
    assert reason(path, raw + raw) == "it is several Ogg files in one"
    assert reason(path, raw + other) == "it is several Ogg files in one"
    first = pages_of(raw)[0].size
    second = pages_of(other)[0].size
    mixed = raw[:first] + other[:second] + raw[first:] + other[second:]
    assert "has not one stream of sound" in reason(path, mixed)
    assert "its first pages are damaged" in reason(path, raw[: first + 40])
    damaged = raw[: first + 60] + b"\xff" + raw[first + 61 :]
    assert "its first pages are damaged" in reason(path, damaged)
    assert not (tmp_path / "log").exists()


@pytest.mark.skipif(not FIELD.is_dir(), reason="needs the shared data")
def test_ogg_files_from_the_field(tmp_path):
    path = tmp_path / "a.oga"
    path.write_bytes((FIELD / "oggflac.oga").read_bytes())
    after = written_and_undone(path, has_sound=False)
    assert packets_of(after)[2:] == packets_of(path)[2:]
    path.write_bytes((FIELD / "chained.ogg").read_bytes())
    with pytest.raises(CannotTag, match="it is several Ogg files in one"):
        write_genres(str(path), ["Jazz"], overwrite=True, log=tmp_path / "log")
    assert OggVorbis(path).tags is not None
