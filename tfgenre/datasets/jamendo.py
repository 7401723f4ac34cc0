"""MTG-Jamendo: official lists of tracks (TSV), and full songs in folders or published tar files."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tfgenre.audio import archive_index
from tfgenre.config import SPLITS, BuildConfig
from tfgenre.datasets import tables
from tfgenre.datasets.track import Catalogue, Skipped, Track, check_folder
from tfgenre.errors import UserError

LICENCE = (
    "MTG-Jamendo: metadata CC BY-NC-SA 4.0; each song is under the Creative Commons licence in "
    "the collection's audio_licenses.txt."
)
_DOWNLOADS = {"audio": "508 GB", "audio-low": "about a third of the 508 GB of audio"}
# The seed's six genres, and the Jamendo tag each of them stands for.
GENRE_OF_TAG = {
    "genre---rock": "Rock",
    "genre---pop": "Pop",
    "genre---hiphop": "Hip-Hop",
    "genre---electronic": "Electronic",
    "genre---classical": "Instrumental",
    "genre---folk": "Folk",
}
_COLUMNS = ["TRACK_ID", "ARTIST_ID", "ALBUM_ID", "PATH", "DURATION", "TAGS"]


@dataclass(frozen=True)
class ListedTrack:
    """A row of a list: a track, its tags, and the split whose list it stands in ("" if none)."""

    track_id: str
    artist: str
    path: str
    seconds: float
    tags: tuple[str, ...]
    split: str

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres that its tags stand for, in their order."""
        return tuple(GENRE_OF_TAG[tag] for tag in self.tags if tag in GENRE_OF_TAG)


def default_dir(config: BuildConfig) -> str:
    """Where it lies if --data_dir does not say."""
    return "data/jamendo"


def load(data_dir: Path, config: BuildConfig) -> Catalogue:
    """Reads the lists and finds the songs. Members of tar files are looked up only when rendered.

    Args:
        data_dir: holds the lists, as `splits/split-N/autotagging_genre-*.tsv` or
            `autotagging_genre.tsv` (below `data/` as well), and songs as `audio/14/214.mp3`,
            `14/214.mp3` or `raw_30s_audio-14.tar` (`audio-low/14/214.low.mp3` and so on).
        config: names the kind of audio, the official split, and which genre a track has: first
            takes the first of its tags that is one of the genres; single takes only tracks with
            exactly one of them.

    Raises:
        UserError: if the lists or all the songs are not there.
    """
    options = config.collection
    audio = options.jamendo_audio
    check_folder(data_dir, config, how_to_get=how_to_get(audio))
    rows = list(_rows(data_dir, options.official_split))
    places = _Places(data_dir, audio)
    entries = [
        _entry(row, places)
        for row in rows
        if row.genres and (options.jamendo_genres == "first" or len(set(row.genres)) == 1)
    ]
    if not any(isinstance(entry, Track) for entry in entries):
        raise UserError(
            f"No songs under {data_dir}: expected {data_dir}/{audio}/14/214.mp3, or "
            f"{data_dir}/raw_30s_{audio}-14.tar, and so on; change --data_dir or --jamendo_audio. "
            + how_to_get(audio)
        )
    return Catalogue.of(config, data_dir, entries, notes=(_note(rows),))


def how_to_get(audio: str) -> str:
    """What to download, from where, and how to check it."""
    return (
        "Copy data/splits of the repository MTG/mtg-jamendo-dataset there, and run its "
        f"scripts/download/download.py --dataset raw_30s --type {audio} ({_DOWNLOADS[audio]}) for "
        "the songs; it checks the tar files by sha256, as sha256sum -c "
        f"data/download/raw_30s_{audio}_sha256_tars.txt does. They need not be unpacked."
    )


def _note(rows: list[ListedTrack]) -> str:
    splits = Counter(row.split for row in rows)
    kinds = Counter(min(len(set(row.genres)), 2) for row in rows)
    listed = " / ".join(f"{splits[split]:,}" for split in SPLITS) if not splits[""] else "no splits"
    return (
        f"{len(rows):,} tracks listed ({listed}); of the genres, {kinds[1]:,} have a single one, "
        f"{kinds[2]:,} several, {kinds[0]:,} none"
    )


def _rows(data_dir: Path, official_split: int) -> Iterator[ListedTrack]:
    roots = [data_dir, data_dir / "data", data_dir / "mtg-jamendo-dataset" / "data"]
    for root in roots:
        folder = root / "splits" / f"split-{official_split}"
        if folder.is_dir():
            for split in SPLITS:
                yield from _read(folder / f"autotagging_genre-{split}.tsv", split)
            return
    if (table := tables.find([root / "autotagging_genre.tsv" for root in roots])) is None:
        raise UserError(
            f"{roots[0] / 'splits' / f'split-{official_split}'} is missing: copy data/splits of "
            f"the mtg-jamendo-dataset repository to {data_dir}, or mend --data_dir."
        )
    yield from _read(table, "")


def _read(table: Path, split: str) -> Iterator[ListedTrack]:
    """A list's rows: five columns, and then one a tag."""
    with tables.rows(table, dialect=tables.TabSeparated) as rows:
        header = next(rows, [])
        if header != _COLUMNS:
            found = " ".join(header)[:80] or "nothing"
            raise UserError(f"{table} must start with {' '.join(_COLUMNS)}, got {found!r}.")
        for number, row in enumerate(rows, start=2):
            if len(row) < len(_COLUMNS):
                text = " ".join(row)[:80]
                raise UserError(f"{table}, line {number}: fewer than six columns, got {text!r}.")
            track_id, artist, _, path, seconds, *tags = row
            try:
                yield ListedTrack(
                    track_id, artist, path, tables.seconds(seconds), tuple(tags), split
                )
            except ValueError as error:
                raise UserError(f"{table}, line {number}: no duration: {seconds!r}.") from error


class _Places:
    """Where songs lie: in folders or tar files."""

    def __init__(self, data_dir: Path, audio: str) -> None:
        self._data_dir = data_dir
        self._low = audio == "audio-low"
        self._roots = [root for root in (f"{audio}/", "") if (data_dir / root).is_dir()]
        named = re.compile(rf".*_{audio}-(\d\d)\.tar")
        self._tars = {
            found[1]: root + name
            for root in reversed(self._roots)
            for name in sorted(path.name for path in (data_dir / root).iterdir())
            if (found := named.fullmatch(name))
        }
        self._names: dict[str, frozenset[str]] = {}  # in a folder

    def find(self, name: str) -> str | None:
        """The path of a song that is listed as name, relative to the collection's folder."""
        names = [f"{name.removesuffix('.mp3')}.low.mp3", name] if self._low else [name]
        for root in self._roots:
            for candidate in names:
                if self._is_there(root + candidate):
                    return root + candidate
        tar = self._tars.get(name.partition("/")[0])
        return f"{tar}/{names[0]}" if tar else None

    def _is_there(self, name: str) -> bool:
        """Whether it is in a folder, which is listed once: to ask for each song takes long."""
        folder, _, song = name.rpartition("/")
        if folder not in self._names:
            place = self._data_dir / folder
            songs = place.iterdir() if place.is_dir() else ()
            self._names[folder] = frozenset(path.name for path in songs)
        return song in self._names[folder]


def _entry(row: ListedTrack, places: _Places) -> Track | Skipped:
    if not archive_index.is_safe(row.path):
        return Skipped(row.path, "outside")
    path = places.find(row.path)
    if path is None:
        return Skipped(row.path, "missing")
    return Track(row.track_id, path, row.genres[0], row.artist, row.split, row.seconds)
