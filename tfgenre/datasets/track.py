"""What a collection says of its songs, before any of them is opened for its sound."""

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from tfgenre.errors import UserError


@dataclass(frozen=True)
class Track:
    """One song.

    Attributes:
        id: names the song within its collection, the same on every machine.
        path: the sound file, relative to the collection's folder.
        genre: its genre as the collection spells it.
        artist: who plays, "" if unknown.
        split: the collection's own train, validation or test, "" if it has none.
    """

    id: str
    path: str
    genre: str
    artist: str = ""
    split: str = ""


@dataclass(frozen=True)
class Skipped:
    """A song that is not used, by its path relative to the collection's folder, and why."""

    path: str
    reason: str
    detail: str = ""


@dataclass(frozen=True)
class Catalogue:
    """A collection: its folder, usable tracks, genres in label order, and what was left out."""

    data_dir: Path
    tracks: tuple[Track, ...]
    genres: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()

    @property
    def num_artists_known(self) -> int:
        """Tracks whose artist is known."""
        return sum(bool(track.artist) for track in self.tracks)

    @property
    def has_official_split(self) -> bool:
        """Whether every track comes with the collection's own split."""
        return all(track.split for track in self.tracks)

    def choose(self, genres: tuple[str, ...]) -> "Catalogue":
        """The tracks of some genres (all when none are named), labels in the order given.

        Raises:
            UserError: if a genre has no tracks, or fewer than two genres remain.
        """
        available = Counter(track.genre for track in self.tracks)
        chosen = genres or self.genres
        if unknown := [genre for genre in chosen if genre not in available]:
            have = ", ".join(f"{name} ({count})" for name, count in sorted(available.items()))
            raise UserError(f"--genres: no tracks of genre {unknown[0]!r}; the genres are: {have}.")
        if len(chosen) < 2:
            raise UserError(
                f"A classifier needs at least two genres, got {', '.join(chosen) or 'none'}; "
                "add songs of another genre, or name more in --genres."
            )
        tracks = tuple(track for track in self.tracks if track.genre in chosen)
        return replace(self, tracks=tracks, genres=tuple(chosen))
