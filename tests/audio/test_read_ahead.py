"""Files that are read in pieces."""

import io

import pytest

from tfgenre.audio.read_ahead import ReadAhead

CONTENT = bytes(range(256)) * 40


class _Requests(io.BytesIO):
    """A file that notes what is read of it, (place, bytes)."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.made: list[tuple[int, int]] = []

    def read(self, size=-1):
        self.made.append((self.tell(), size))
        return super().read(size)


def test_a_piece_serves_all_reads_within_it():
    source = _Requests(CONTENT)
    file = ReadAhead(source, piece_bytes=1000)
    for place in (500, 100, 1099, 100):
        file.seek(place)
        assert file.read(1) == CONTENT[place : place + 1]
    assert source.made == [(500, 1000), (100, 1000)]


def test_reads_are_complete_across_pieces_of_changing_size():
    source = _Requests(CONTENT)
    file = ReadAhead(source, piece_bytes=100)
    assert file.read(60) == CONTENT[:60]
    file.piece_bytes = 3000
    assert file.read(80) == CONTENT[60:140]
    assert file.seek(-10, io.SEEK_CUR) == 130
    assert file.read(4000) == CONTENT[130:4130]
    assert source.made == [(0, 100), (100, 3000), (3100, 3000)]


def test_the_end():
    file = ReadAhead(io.BytesIO(CONTENT), piece_bytes=64)
    assert file.seek(-3, io.SEEK_END) == len(CONTENT) - 3
    assert (file.read(10), file.read(10)) == (CONTENT[-3:], b"")
    assert file.seek(len(CONTENT) + 5) == file.tell() == len(CONTENT) + 5
    assert file.read(1) == b""


def test_a_file_that_became_shorter():
    source = io.BytesIO(CONTENT)
    file = ReadAhead(source, piece_bytes=64)
    source.truncate(100)
    file.seek(90)
    with pytest.raises(OSError, match="ends at byte 100, before 10240"):
        file.read(20)


def test_closing_it_closes_the_file():
    source = io.BytesIO(CONTENT)
    ReadAhead(source, piece_bytes=64).close()
    assert source.closed
