"""A collection's catalogue: what is known of its songs before any audio is decoded."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tfgenre import spelling
from tfgenre.config import BuildConfig
from tfgenre.errors import UserError
from tfgenre.text import csv_line


@dataclass(frozen=True)
class Track:
    """One song.

    Attributes:
        id: identifies the song within its collection, the same on every machine.
        path: the sound file, relative to the collection's folder.
        genre: its genre, in the collection's most frequent spelling.
        artist: the artist as the song spells it, "" if unknown.
        split: the collection's official split: train, validation or test, "" if it has none.
        seconds: its length according to the collection, 0 if unknown.
        known_bad: whether the collection's errata list it as unusable.
        sound: the length in bytes and a checksum of the file's sound, of `sound_bytes.summary`, by
            which another file of its name is noticed; "" if it was not measured or has none.
    """

    id: str
    path: str
    genre: str
    artist: str = ""
    split: str = ""
    seconds: float = 0.0
    known_bad: bool = False
    sound: str = ""

    @property
    def artist_key(self) -> str:
        """The artist in a form that is the same for all spellings, "" if unknown."""
        return spelling.artist_key(self.artist)


@dataclass(frozen=True)
class Skipped:
    """A song that is not used: its path relative to the collection's folder, and why."""

    path: str
    reason: str
    detail: str = ""


def left_out(skipped: Iterable[Skipped], num_used: int) -> str:
    """How many songs are left out and why, in a sentence; "" if none.

    Args:
        skipped: those songs.
        num_used: the number of the other songs.
    """
    reasons = Counter(skip.reason for skip in skipped)
    if not (total := reasons.total()):
        return ""
    listed = ", ".join(f"{count:,} {reason}" for reason, count in reasons.most_common())
    return f"Skipped: {listed}, of {total + num_used:,} songs."


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
        """A catalogue of entries in any order.

        A second track with the same id is skipped. Genres that differ only in case, blanks, hyphens
        or Unicode form are one, in its most frequent spelling; a note reports them.
        """
        tracks: dict[str, Track] = {}
        skipped = []
        for entry in entries:
            if isinstance(entry, Skipped):
                skipped.append(entry)
            elif not spelling.single_line(entry.genre):
                skipped.append(Skipped(entry.path, "no_genre", "a name of blanks"))
            elif entry.id in tracks:
                skipped.append(Skipped(entry.path, "duplicate", f"of {tracks[entry.id].path}"))
            else:
                tracks[entry.id] = entry
        counts = Counter(spelling.single_line(track.genre) for track in tracks.values())
        label_of = spelling.labels(counts)
        return cls(
            config,
            data_dir,
            tracks=tuple(_labelled(track, label_of) for track in tracks.values()),
            genres=tuple(sorted(set(label_of.values()))),
            skipped=tuple(skipped),
            notes=(*notes, *spelling.notes(counts, label_of)),
        )

    @property
    def num_artists_known(self) -> int:
        """Number of tracks whose artist is known."""
        return sum(bool(track.artist_key) for track in self.tracks)

    def choose(self, genres: tuple[str, ...]) -> "Catalogue":
        """The tracks of some genres (all if `genres` is empty), with labels in that order.

        Raises:
            UserError: if a genre has no tracks or is named twice, or there are fewer than two.
        """
        label_of = {spelling.genre_key(genre): genre for genre in self.genres}
        keys = [spelling.genre_key(name) for name in genres]
        if unknown := [name for name, key in zip(genres, keys, strict=True) if key not in label_of]:
            quotes = "; double quotes keep a name with a comma together"
            raise UserError(
                f"--genres: no tracks of genre {unknown[0]!r}; the genres are: {self._listed()}"
                f"{quotes * any(',' in name for name in self.genres)}.{self._and_left_out()}"
            )
        chosen = tuple(label_of[key] for key in keys) or self.genres
        if len(set(chosen)) < len(chosen):
            raise UserError(f"--genres must differ, got {csv_line(genres)}.")
        tracks = tuple(track for track in self.tracks if track.genre in chosen)
        return replace(self, tracks=tracks, genres=chosen).checked()

    def checked(self) -> "Catalogue":
        """The catalogue itself.

        Raises:
            UserError: if there are songs of fewer than two genres.
        """
        found = sorted({track.genre for track in self.tracks})
        if len(found) < 2:
            raise UserError(
                f"A classifier needs at least two genres, got {csv_line(found) or 'none'}; "
                "add songs of another genre, or name more in --genres." + self._and_left_out()
            )
        return self

    def _listed(self) -> str:
        """The genres as they are given in --genres, each with its number of songs."""
        counts = Counter(track.genre for track in self.tracks)
        return ", ".join(f"{csv_line([name])} ({counts[name]})" for name in sorted(self.genres))

    def _and_left_out(self) -> str:
        sentence = left_out(self.skipped, len(self.tracks))
        return f" {sentence}" if sentence else ""


def _labelled(track: Track, label_of: Mapping[str, str]) -> Track:
    """A track with the label of its genre's spelling."""
    return replace(track, genre=label_of[spelling.single_line(track.genre)])


def check_folder(data_dir: Path, config: BuildConfig, *, how_to_get: str = "") -> None:
    """Raises UserError, which ends with how to get the collection, if its folder is missing."""
    if not data_dir.is_dir():
        raise UserError(
            f"No such folder: {data_dir}; --data_dir must name the folder of the "
            f"{config.dataset} collection. {how_to_get}".strip()
        )
