"""The genre in an MP3 file's tags: ID3v2 before the sound, ID3v1 and APEv2 after it."""

from collections.abc import Sequence
from typing import BinaryIO

from tfgenre.audio.mpeg_frames import first_frame
from tfgenre.audio.mpeg_headers import is_sync
from tfgenre.files import pieces, read_at
from tfgenre.tagging import endings, id3v2
from tfgenre.tagging.id3v2_tag import read_all
from tfgenre.tagging.splices import Content, Splice, digest


def has_frames(file: BinaryIO, start: int, *, is_named_mp3: bool) -> bool:
    """Whether MPEG audio starts at a place, or somewhere after it in a file of that name."""
    if is_sync(read_at(file, start, 2)):
        return True
    return is_named_mp3 and first_frame(file, start) is not None


def edit(file: BinaryIO, genres: Sequence[str]) -> list[Splice]:
    """What to replace for a file to state genres.

    Raises:
        CannotTag: if its tags are damaged.
    """
    tags, ending = read_all(file), endings.read(file)
    splices = endings.edit(ending, genres)
    if not tags:
        return [Splice(0, 0, id3v2.new_tag(genres, ending.id3v1)), *splices]
    for number, tag in enumerate(tags):
        splices += id3v2.edit(tag, genres, insert=number == 0)
    return splices


def content(file: BinaryIO) -> Content:
    """What a change of the genre leaves as it is."""
    tags, ending = read_all(file), endings.read(file)
    start = tags[-1].end if tags else 0
    others = [part for tag in tags for part in id3v2.others(tag)]
    sound = digest(pieces(file, start, max(start, ending.start)))
    return Content((sound,), (*others, *endings.others(ending)))
