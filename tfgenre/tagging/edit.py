"""Which bytes of a song to replace for it to state a genre, whatever its format."""

from collections.abc import Sequence
from typing import BinaryIO, Protocol

from tfgenre.errors import CannotTag
from tfgenre.files import read_at
from tfgenre.tagging import flac, mp3, mp4, ogg
from tfgenre.tagging.id3v2_tag import read_all
from tfgenre.tagging.splices import Content, Splice, ordered


class Format(Protocol):
    """What the module of a format has."""

    def edit(self, file: BinaryIO, genres: Sequence[str]) -> list[Splice]:
        """What to replace for a file to state genres, one or more."""

    def content(self, file: BinaryIO) -> Content:
        """What a change of the genre leaves as it is."""


def format_of(file: BinaryIO, name: str) -> Format:
    """The module for a song, by what is in it.

    Raises:
        CannotTag: if tags are not written into its format, or those at its start are damaged.
    """
    start = read_at(file, 0, 8)
    if start.startswith(ogg.MAGIC):
        return ogg
    if start[4:] == mp4.MAGIC:
        return mp4
    tags = read_all(file)
    end = tags[-1].end if tags else 0
    if read_at(file, end, 4) == flac.MAGIC:
        return flac
    if mp3.has_frames(file, end, is_named_mp3=name.lower().endswith(".mp3")):
        return mp3
    raise CannotTag("tags are written into mp3, ogg, opus, flac and m4a files only")


def splices_for(file: BinaryIO, name: str, genres: Sequence[str]) -> tuple[Splice, ...]:
    """What to replace, in order, for a song to state genres and nothing else to change.

    Args:
        file: the song.
        name: its name.
        genres: one or more; the first is the one that all players show.

    Raises:
        CannotTag: if the song's format has no place for them, or the song is damaged.
    """
    for genre in genres:
        try:
            genre.encode()
        except UnicodeEncodeError:
            raise CannotTag(f"the genre {genre!r} is not text, so no tag can hold it") from None
    return ordered(file, format_of(file, name).edit(file, genres))
