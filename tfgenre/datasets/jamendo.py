"""MTG-Jamendo: the official track lists (TSV), and full songs in folders or published tar files."""

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
# Jamendo's tags for the seed's six genres.
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
    """A row of a track list; `split` is the split whose list it is, "" if lists have no splits."""

    track_id: str
    artist: str
    path: str
    seconds: float
    tags: tuple[str, ...]
    split: str

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres of its tags, in the order of the tags."""
        return tuple(GENRE_OF_TAG[tag] for tag in self.tags if tag in GENRE_OF_TAG)


def default_dir(config: BuildConfig) -> str:
    """The collection's folder if --data_dir is not given."""
    return "data/jamendo"


def load(data_dir: Path, config: BuildConfig) -> Catalogue:
    """Reads the track lists and finds the songs. Tar files are not opened.

    Args:
        data_dir: contains the lists, as `splits/split-N/autotagging_genre-*.tsv` or
            `autotagging_genre.tsv` (also below `data/`), and songs as `audio/14/214.mp3`,
            `14/214.mp3` or `raw_30s_audio-14.tar` (`audio-low/14/214.low.mp3` and so on).
        config: the kind of audio, the official split, and how a track's genre is chosen: first
            takes the first of its tags that is one of the genres; single takes only tracks with
            exactly one of them.

    Raises:
        UserError: if the lists or all songs are missing.
    """
    options = config.collection
    audio = options.jamendo_audio
    check_folder(data_dir, config, how_to_get=how_to_get(audio))
    rows = list(_rows(data_dir, options.official_split))
    files = _SongFiles(data_dir, audio)
    entries = [
        _entry(row, files)
        for row in rows
        if row.genres and (options.jamendo_genres == "first" or len(set(row.genres)) == 1)
    ]
    if not any(isinstance(entry, Track) for entry in entries):
        raise UserError(
            f"No songs under {data_dir}: expected {data_dir}/{audio}/14/214.mp3, or "
            f"{data_dir}/raw_30s_{audio}-14.tar, and so on; check --data_dir and --jamendo_audio. "
            + how_to_get(audio)
        )
    return Catalogue.from_entries(config, data_dir, entries, notes=(_note(rows),))


def how_to_get(audio: str) -> str:
    """What to download, from where, and how to check it."""
    return (
        "Copy data/splits of the repository MTG/mtg-jamendo-dataset into that folder, and run its "
        f"scripts/download/download.py --dataset raw_30s --type {audio} ({_DOWNLOADS[audio]}) for "
        "the songs; it checks the tar files, as does sha256sum -c "
        f"data/download/raw_30s_{audio}_sha256_tars.txt. They need not be unpacked."
    )


def _note(rows: list[ListedTrack]) -> str:
    splits = Counter(row.split for row in rows)
    counts = Counter(min(len(set(row.genres)), 2) for row in rows)
    listed = " / ".join(f"{splits[split]:,}" for split in SPLITS) if not splits[""] else "no splits"
    return (
        f"{len(rows):,} tracks listed ({listed}); {counts[1]:,} have one of the genres, "
        f"{counts[2]:,} several, {counts[0]:,} none"
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
            f"the mtg-jamendo-dataset repository to {data_dir}, or change --data_dir."
        )
    yield from _read(table, "")


def _read(table: Path, split: str) -> Iterator[ListedTrack]:
    """A list's rows: five columns, then one per tag."""
    with tables.rows(table, dialect=tables.TabSeparated) as rows:
        header = next(rows, [])
        if header != _COLUMNS:
            text = " ".join(header)[:80]
            raise UserError(f"{table} must start with {' '.join(_COLUMNS)}, got {text!r}.")
        for number, row in enumerate(rows, start=2):
            if len(row) < len(_COLUMNS):
                text = " ".join(row)[:80]
                raise UserError(f"{table}, line {number} must have six columns, got {text!r}.")
            track_id, artist, _, path, seconds, *tags = row
            try:
                yield ListedTrack(
                    track_id, artist, path, tables.parse_seconds(seconds), tuple(tags), split
                )
            except ValueError as error:
                raise UserError(
                    f"{table}, line {number}: the duration must be in seconds, got {seconds!r}."
                ) from error


class _SongFiles:
    """Finds songs in folders and tar files."""

    def __init__(self, data_dir: Path, audio: str) -> None:
        self._data_dir = data_dir
        self._low = audio == "audio-low"
        self._roots = [root for root in (f"{audio}/", "") if (data_dir / root).is_dir()]
        tar_name = re.compile(rf".*_{audio}-(\d\d)\.tar")
        self._tars = {
            match[1]: root + name
            for root in reversed(self._roots)
            for name in sorted(path.name for path in (data_dir / root).iterdir())
            if (match := tar_name.fullmatch(name))
        }
        self._names: dict[str, frozenset[str]] = {}  # of the files in each folder

    def find(self, name: str) -> str | None:
        """The path of a listed song, relative to the collection's folder; None if missing."""
        names = [f"{name.removesuffix('.mp3')}.low.mp3", name] if self._low else [name]
        for root in self._roots:
            for candidate in names:
                if self._exists(root + candidate):
                    return root + candidate
        tar = self._tars.get(name.partition("/")[0])
        return f"{tar}/{names[0]}" if tar else None

    def _exists(self, name: str) -> bool:
        """Whether a file exists. Each folder is listed once: one request per song is slow."""
        folder, _, base = name.rpartition("/")
        if folder not in self._names:
            path = self._data_dir / folder
            songs = path.iterdir() if path.is_dir() else ()
            self._names[folder] = frozenset(song.name for song in songs)
        return base in self._names[folder]


def _entry(row: ListedTrack, files: _SongFiles) -> Track | Skipped:
    if not archive_index.is_safe(row.path):
        return Skipped(row.path, "outside")
    path = files.find(row.path)
    if path is None:
        return Skipped(row.path, "missing")
    return Track(row.track_id, path, row.genres[0], row.artist, row.split, row.seconds)
