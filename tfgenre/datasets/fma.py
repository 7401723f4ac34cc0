"""Free Music Archive: `fma_SUBSET/NNN/NNNNNN.mp3`, in a folder or in the published zip file."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tfgenre import storage
from tfgenre.audio import archive_index, tags
from tfgenre.audio.search import refuse
from tfgenre.config import BuildConfig
from tfgenre.datasets import fma_tables
from tfgenre.datasets.fma_tables import FmaTrack
from tfgenre.datasets.track import Catalogue, Skipped, Track, check_folder
from tfgenre.errors import UserError

LICENCE = (
    "FMA: metadata CC BY 4.0; each song is under the licence its artist chose, often for "
    "non-commercial use only."
)
SUBSETS = ("small", "medium", "large", "full")
# Size and SHA-1 of each subset's zip file.
_DOWNLOADS = {
    "small": ("7.2 GiB, 8,000 clips", "ade154f733639d52e35e32f5593efe5be76c6d70"),
    "medium": ("22 GiB, 25,000 clips", "c67b69ea232021025fca9231fc1c7c1a063ab50b"),
    "large": ("93 GiB, 106,574 clips", "497109f4dd721066b5ce5e5f250ec604dc78939e"),
    "full": ("879 GiB, 106,574 songs", "0f0ace23fbe9ba30ecb7e95f763e435ea802b8ab"),
}
_METADATA = ("fma_metadata.zip", "342 MiB", "f0df49ffe5f2a6008d7dc83c6915b31835dfe733")
_CLIP_PATH = re.compile(r"(?:^|/)\d{3}/(\d{6})\.mp3$")
_SEPARATOR = re.compile(r"[/;,|\\\\]")  # in a tag of several genres
_CLIP_SECONDS = 30.0
# Clips that are cut off or silent, from the errata on FMA's wiki.
KNOWN_BAD = frozenset(
    {98565, 98567, 98569, 99134, 108925, 133297}  # in small
    | {98566, 98568, 108924, 1486, 5574, 65753, 80391, 98558, 98559, 98560, 98571}  # in medium
    | {105247, 126981, 127336, 143992}
)


def default_dir(config: BuildConfig) -> str:
    """The collection's folder if --data_dir is not given."""
    return "data/fma"


def load(data_dir: Path, config: BuildConfig) -> Catalogue:
    """Finds the clips, and their genres, artists and splits.

    Args:
        data_dir: contains `fma_SUBSET` or `fma_SUBSET.zip` (or is the former), and
            `fma_metadata.zip`, the folder `fma_metadata`, or its tables.
        config: the subset, and the source of its genres: tracks takes a clip's genre from
            tracks.csv; id3 takes it from its tags and genres.csv, as the seed did, and artist and
            split from tracks.csv if that exists.

    Raises:
        UserError: if clips or tables are missing.
    """
    subset, genres_from = config.dataset.removeprefix("fma_"), config.collection.fma_genres
    check_folder(data_dir, config, how_to_get=how_to_get(subset))
    root, names = _clips(data_dir, subset)
    rows = fma_tables.read_tracks(data_dir, required=genres_from == "tracks")
    if genres_from == "tracks":
        entries = _by_table(root, names, rows, subset)
    else:
        entries = _by_tags(data_dir, root, names, rows)
    clip_s = None if subset == "full" else _CLIP_SECONDS
    checked = (_with_errata(entry, clip_s) for entry in entries)
    return Catalogue.from_entries(config, data_dir, checked)


def how_to_get(subset: str) -> str:
    """What to download for a subset, from where, and how to check it."""
    size, sha1 = _DOWNLOADS[subset]
    name = f"fma_{subset}.zip"
    return (
        f"Download {name} ({size}) and {_METADATA[0]} ({_METADATA[1]}), which the repository "
        "mdeff/fma ('FMA: A Dataset For Music Analysis') links to, into that folder, and check "
        f"them: printf '{sha1}  {name}\\n{_METADATA[2]}  {_METADATA[0]}\\n' | sha1sum -c. They "
        "need not be unpacked."
    )


def _clips(data_dir: Path, subset: str) -> tuple[str, list[str]]:
    """The folder or zip file of the clips, relative to data_dir, and their paths below it."""
    for place in (data_dir / f"fma_{subset}", data_dir / f"fma_{subset}.zip", data_dir):
        if names := sorted(name for name in _names(place) if _CLIP_PATH.search(name)):
            return "" if place == data_dir else place.name, names
    raise UserError(
        f"No FMA clips under {data_dir}: expected {data_dir}/fma_{subset}.zip, or "
        f"{data_dir}/fma_{subset}/000/000002.mp3 and so on; check --data_dir. " + how_to_get(subset)
    )


def _names(place: Path) -> Iterator[str]:
    if place.suffix == ".zip" and place.is_file():
        yield from archive_index.members(str(place))
        return
    if not place.is_dir():
        return
    for folder, folders, names in storage.walk(place, on_error=refuse):
        if folder == place and not place.name.startswith("fma_"):  # other subsets
            folders[:] = [name for name in folders if not name.startswith("fma_")]
        for name in names:
            yield (folder / name).relative_to(place).as_posix()


def _id(name: str) -> str:
    match = _CLIP_PATH.search(name)
    assert match is not None
    return match[1]


def _by_table(
    root: str, names: list[str], rows: dict[str, FmaTrack], subset: str
) -> Iterator[Track | Skipped]:
    """Entries for the clips, then for those that the table lists but that are missing."""
    for name in names:
        path = f"{root}/{name}" if root else name
        row = rows.pop(_id(name), None)
        if row is None:
            yield Skipped(path, "no_genre", "not in tracks.csv")
        elif not row.genre:
            yield Skipped(path, "no_genre", "no top-level genre in tracks.csv")
        else:
            yield Track(_id(name), path, row.genre, row.artist, row.split, row.seconds)
    wanted, folder = SUBSETS[: SUBSETS.index(subset) + 1], root or "the folder"
    for track_id, row in rows.items():
        if row.subset in wanted and row.genre:
            yield Skipped(f"{track_id[:3]}/{track_id}.mp3", "missing", f"not in {folder}")


def _by_tags(
    data_dir: Path, root: str, names: list[str], rows: dict[str, FmaTrack]
) -> Iterator[Track | Skipped]:
    top_level = fma_tables.read_top_level_genres(data_dir)
    for name in names:
        path = f"{root}/{name}" if root else name
        tag = tags.read(data_dir / path)
        pieces = (piece for genre in tag.genres for piece in (genre, *_SEPARATOR.split(genre)))
        folded = (fma_tables.fold(piece) for piece in pieces)
        genre = next((top_level[title] for title in folded if title in top_level), None)
        row = rows.get(_id(name), FmaTrack(artist=tag.artist))
        if genre is None:
            detail = f"genre tag {', '.join(tag.genres)!r}" if tag.genres else "no genre tag"
            yield Skipped(path, "no_genre", detail)
        else:
            yield Track(_id(name), path, genre, row.artist, row.split, row.seconds)


def _with_errata(entry: Track | Skipped, clip_s: float | None) -> Track | Skipped:
    if isinstance(entry, Skipped):
        return entry
    seconds = min(entry.seconds or clip_s, clip_s) if clip_s else entry.seconds
    return replace(entry, seconds=seconds, known_bad=int(entry.id) in KNOWN_BAD)
