"""Vorbis comments as bytes: of FLAC, and of Ogg's Vorbis, Opus, FLAC and Speex (xiph.org)."""

from collections.abc import Sequence
from dataclasses import dataclass

from tfgenre.errors import CannotTag
from tfgenre.tagging.splices import Splice

_GENRE = b"genre"
EMPTY = (7).to_bytes(4, "little") + b"tfgenre" + bytes(4)  # the program, and no comments


@dataclass(frozen=True)
class Comments:
    """Vorbis comments.

    Attributes:
        raw: bytes that contain them.
        count_place: where the number of comments is in `raw`, 4 bytes.
        places: each comment's [start, end) in `raw`, with the 4 bytes of its length.
        end: where the last one ends.
    """

    raw: bytes
    count_place: int
    places: tuple[tuple[int, int], ...]
    end: int

    @property
    def genres(self) -> list[tuple[int, int]]:
        """The places of the comments that state the genre."""
        return [place for place in self.places if self._name(*place) == _GENRE]

    @property
    def others(self) -> tuple[bytes, ...]:
        """All but the genre and the number of comments: the program, comments, what follows."""
        genres = self.genres
        kept = [self.raw[slice(*place)] for place in self.places if place not in genres]
        return (self.raw[: self.count_place], *kept, self.raw[self.end :])

    def _name(self, start: int, end: int) -> bytes:
        name, equals, _ = self.raw[start + 4 : end].partition(b"=")
        return name.lower() if equals else b""


def parse(raw: bytes, start: int = 0) -> Comments:
    """Finds the comments in bytes.

    Args:
        raw: bytes that contain them.
        start: where they start.

    Raises:
        CannotTag: if they are damaged.
    """
    count_place = start + 4 + _number(raw, start)
    places = []
    place = count_place + 4
    for _ in range(_number(raw, count_place)):
        end = place + 4 + _number(raw, place)
        if end > len(raw):
            raise CannotTag("its comments are damaged")
        places.append((place, end))
        place = end
    return Comments(raw, count_place, tuple(places), place)


def edit(comments: Comments, genres: Sequence[str]) -> list[Splice]:
    """What to replace in `comments.raw` for the comments to state genres, one comment each."""
    found = comments.genres or [(comments.end, comments.end)]
    splices = [Splice(start, end - start, b"") for start, end in found]
    new = b"".join(_with_length(b"GENRE=" + genre.encode()) for genre in genres)
    splices[0] = Splice(splices[0].offset, splices[0].length, new)
    count = len(comments.places) - len(comments.genres) + len(genres)
    return [Splice(comments.count_place, 4, count.to_bytes(4, "little")), *splices]


def _with_length(text: bytes) -> bytes:
    return len(text).to_bytes(4, "little") + text


def _number(raw: bytes, place: int) -> int:
    if place + 4 > len(raw):
        raise CannotTag("its comments are damaged")
    return int.from_bytes(raw[place : place + 4], "little")
