"""What a collection says of its songs, before any of them is opened for its sound."""

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
        id: names the song within its collection, the same on every machine.
        path: the sound file, relative to the collection's folder.
        genre: its genre as the collection spells it.
        artist: who plays, "" if unknown.
        split: the collection's own train, validation or test, "" if it has none.
        seconds: its length as the collection tells it, 0 if it does not.
        known_bad: whether the collection's makers say that it cannot be used.
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
    """A song that is not used, by its path relative to the collection's folder, and why."""

    path: str
    reason: str
    detail: str = ""


@dataclass(frozen=True)
class Catalogue:
    """A collection.

    Attributes:
        config: which collection it is, and what was taken from it.
        data_dir: its folder.
        tracks: those that can be used.
        genres: in label order.
        skipped: what was left out.
        notes: what else the user should know of it, in sentences.
    """

    config: BuildConfig
    data_dir: Path
    tracks: tuple[Track, ...]
    genres: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        config: BuildConfig,
        data_dir: Path,
        entries: Iterable[Track | Skipped],
        *,
        notes: tuple[str, ...] = (),
    ) -> "Catalogue":
        """A catalogue of entries in any order; a second track of one id is skipped."""
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
        """Tracks whose artist is known."""
        return sum(bool(track.artist) for track in self.tracks)

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


def check_folder(data_dir: Path, config: BuildConfig, *, how_to_get: str = "") -> None:
    """Raises UserError, which ends in how to get the collection, if its folder is not there."""
    if not data_dir.is_dir():
        raise UserError(
            f"No such folder: {data_dir}; --data_dir must name where the {config.dataset} "
            f"collection lies. {how_to_get}".strip()
        )
