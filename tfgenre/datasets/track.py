"""A collection's catalogue: what is known of its songs before any audio is decoded."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from tfgenre.config import BuildConfig
from tfgenre.errors import UserError


@dataclass(frozen=True)
class Track:
    """One song.

    Attributes:
        id: identifies the song within its collection, the same on every machine.
        path: the sound file, relative to the collection's folder.
        genre: its genre as the collection spells it.
        artist: the artist, "" if unknown.
        split: the collection's official split: train, validation or test, "" if it has none.
        seconds: its length according to the collection, 0 if unknown.
        known_bad: whether the collection's errata list it as unusable.
    """

    id: str
    path: str
    genre: str
    artist: str = ""
    split: str = ""
    seconds: float = 0.0
    known_bad: bool = False


@dataclass(frozen=True)
class Skipped:
    """A song that is not used: its path relative to the collection's folder, and why."""

    path: str
    reason: str
    detail: str = ""


@dataclass(frozen=True)
class Catalogue:
    """A collection.

    Attributes:
        config: the config that it was read with.
        data_dir: its folder.
        tracks: the songs that can be used.
        genres: in label order.
        skipped: the songs that were left out.
        notes: what else the user should know, in sentences.
    """

    config: BuildConfig
    data_dir: Path
    tracks: tuple[Track, ...]
    genres: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def from_entries(
        cls,
        config: BuildConfig,
        data_dir: Path,
        entries: Iterable[Track | Skipped],
        *,
        notes: tuple[str, ...] = (),
    ) -> "Catalogue":
        """A catalogue of entries in any order; a second track with the same id is skipped."""
        tracks: dict[str, Track] = {}
        skipped = []
        for entry in entries:
            if isinstance(entry, Skipped):
                skipped.append(entry)
            elif entry.id in tracks:
                skipped.append(Skipped(entry.path, "duplicate", f"of {tracks[entry.id].path}"))
            else:
                tracks[entry.id] = entry
        genres = tuple(sorted({track.genre for track in tracks.values()}))
        return cls(config, data_dir, tuple(tracks.values()), genres, tuple(skipped), notes)

    @property
    def num_artists_known(self) -> int:
        """Number of tracks whose artist is known."""
        return sum(bool(track.artist) for track in self.tracks)

    def choose(self, genres: tuple[str, ...]) -> "Catalogue":
        """The tracks of some genres (all if `genres` is empty), with labels in that order.

        Raises:
            UserError: if a genre has no tracks, or there are fewer than two genres.
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


def check_folder(data_dir: Path, config: BuildConfig, *, how_to_get: str = "") -> None:
    """Raises UserError, which ends with how to get the collection, if its folder is missing."""
    if not data_dir.is_dir():
        raise UserError(
            f"No such folder: {data_dir}; --data_dir must name the folder of the "
            f"{config.dataset} collection. {how_to_get}".strip()
        )
