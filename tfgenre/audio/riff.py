"""The chunks of RIFF files such as WAV, and of IFF files such as AIFF; and their tags."""

from typing import IO, Literal, NamedTuple

from tfgenre.files import read_at, size_of

_ByteOrder = Literal["little", "big"]
_BYTE_ORDER: dict[bytes, _ByteOrder] = {
    b"RIFF": "little",
    b"RF64": "little",
    b"BW64": "little",
    b"RIFX": "big",
    b"FORM": "big",
}
_MAX_CHUNKS = 1000  # more are sound that is read as chunks
_MAX_TEXT_BYTES = 1 << 16
_TEXTS = {b"IART", b"IGNR", b"AUTH"}  # RIFF's artist and genre; AIFF's author


class Chunk(NamedTuple):
    """A chunk: its name of four letters, and where its content starts and ends, in bytes."""

    name: bytes
    start: int
    end: int


def is_riff(head: bytes) -> bool:
    """Whether a file that starts with these twelve bytes has chunks."""
    return head[:4] in _BYTE_ORDER and len(head) >= 12


def chunks(file: IO[bytes], place: int = 0) -> list[Chunk]:
    """The chunks of a RIFF file. One whose length is missing or too large ends with the file."""
    return _chunks(file, place + 12, size_of(file), _BYTE_ORDER[read_at(file, place, 4)])


def texts(file: IO[bytes], place: int = 0) -> dict[str, str]:
    """A file's artist and genre: IART and IGNR of an INFO list, AUTH of AIFF."""
    order = _BYTE_ORDER[read_at(file, place, 4)]
    found = chunks(file, place)
    for chunk in list(found):
        if chunk.name == b"LIST" and read_at(file, chunk.start, 4) == b"INFO":
            found += _chunks(file, chunk.start + 4, chunk.end, order)
    return {
        chunk.name.decode(): _text(read_at(file, chunk.start, chunk.end - chunk.start))
        for chunk in found
        if chunk.name in _TEXTS and chunk.end - chunk.start <= _MAX_TEXT_BYTES
    }


def _chunks(file: IO[bytes], place: int, end: int, order: _ByteOrder) -> list[Chunk]:
    found: list[Chunk] = []
    while place + 8 <= end and len(found) < _MAX_CHUNKS:
        header = read_at(file, place, 8)
        size = int.from_bytes(header[4:], order)
        unknown = header[:4] == b"data" and not size
        found.append(Chunk(header[:4], place + 8, end if unknown else min(end, place + 8 + size)))
        place = found[-1].end + size % 2
    return found


def _text(content: bytes) -> str:
    """A text whose encoding is not stated: UTF-8, else that of Windows."""
    content = content.partition(b"\0")[0]
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")
