"""The genre in an ID3v2 tag."""

import io
import re
from collections.abc import Sequence

from mutagen.id3 import ID3, TCON, ParseID3v1

from tfgenre.errors import CannotTag
from tfgenre.tagging.id3v2_tag import Frame, Tag, from_synchsafe, genre_name, synchsafe
from tfgenre.tagging.splices import Splice

_LARGEST_TAG = 1 << 28  # sizes have 28 bits


def edit(tag: Tag, genres: Sequence[str], *, insert: bool) -> list[Splice]:
    """What to replace for a tag to state genres.

    A zero separates two, as version 2.4 has it; programs that know only what 2.3 says read the
    first.

    Args:
        tag: the tag.
        genres: one or more.
        insert: whether to add a frame if there is none.

    Raises:
        CannotTag: if the tag is damaged, or cannot become large enough.
    """
    name = genre_name(tag.version)
    if name in tag.rest:
        raise CannotTag("its ID3v2 tag is damaged before a genre")
    found = tag.genres or ([Frame(name, tag.frames_start, tag.frames_start)] if insert else [])
    splices = [Splice(tag.offset + frame.start, frame.end - frame.start, b"") for frame in found]
    if not splices:
        return []
    splices[0] = Splice(splices[0].offset, splices[0].length, _genre_frame(tag, genres))
    growth = sum(len(splice.new) - splice.length for splice in splices)
    return splices + _resize(tag, growth)


def new_tag(genres: Sequence[str], id3v1: bytes) -> bytes:
    """A new tag with genres, and with what an ID3v1 tag says, which players then ignore."""
    frames = ID3()
    for frame in (ParseID3v1(id3v1) or {}).values():
        frames.add(frame)
    frames.setall("TCON", [TCON(encoding=3, text=list(genres))])
    buffer = io.BytesIO()
    frames.save(buffer, v1=0, v2_version=4)
    return buffer.getvalue()


def others(tag: Tag) -> tuple[bytes, ...]:
    """All that a tag holds but the genre, the padding, and its own size."""
    header = tag.raw[:6] + tag.raw[10 : tag.frames_start]
    names = {frame.name for frame in tag.genres}
    kept = [tag.raw[f.start : f.end] for f in tag.frames if f.name not in names]
    return (header, *kept, tag.rest.rstrip(b"\0"))


def _genre_frame(tag: Tag, genres: Sequence[str]) -> bytes:
    joined = "\0".join(genres)
    try:
        text = b"\3" + joined.encode() if tag.version == 4 else b"\0" + joined.encode("latin-1")
    except UnicodeEncodeError:
        text = b""
    if tag.version < 4 and (not text or b"\xff" in text):
        each = (b"\xff\xfe" + genre.encode("utf-16-le") + b"\0\0" for genre in genres)
        text = b"\1" + b"".join(each)
    if tag.version == 2:
        frame = b"TCO" + len(text).to_bytes(3, "big") + text
    else:
        size = len(text) if tag.is_plain_size else from_synchsafe(len(text))
        frame = b"TCON" + size.to_bytes(4, "big") + b"\0\0" + text
    return re.sub(rb"\xff(?=[\0\xe0-\xff])", b"\xff\0", frame) if tag.is_unsynchronised else frame


def _resize(tag: Tag, growth: int) -> list[Splice]:
    """Takes the growth of a tag's frames from its padding, or writes its new size."""
    end = tag.end - tag.footer_bytes
    if tag.has_padding and 0 <= growth <= len(tag.rest):
        return [Splice(end - growth, growth, b"")]
    if tag.has_padding and growth < 0:
        return [Splice(end, 0, bytes(-growth))]
    size = synchsafe(tag.raw[6:10]) + growth
    if size >= _LARGEST_TAG:
        raise CannotTag("its ID3v2 tag has no space left")
    places = [tag.offset + 6] + ([tag.end - 4] if tag.footer_bytes else [])
    return [Splice(place, 4, from_synchsafe(size).to_bytes(4, "big")) for place in places]
