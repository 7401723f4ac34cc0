"""The Free Music Archive: `fma_SUBSET/NNN/NNNNNN.mp3` in a folder or in the published zip file."""

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
    "FMA: metadata CC BY 4.0; each song is under the licence its artist chose, many for "
    "non-commercial use only."
)
SUBSETS = ("small", "medium", "large", "full")
# Of each subset's zip file: its size, and its digest.
_DOWNLOADS = {
    "small": ("7.2 GiB, 8,000 clips", "ade154f733639d52e35e32f5593efe5be76c6d70"),
    "medium": ("22 GiB, 25,000 clips", "c67b69ea232021025fca9231fc1c7c1a063ab50b"),
    "large": ("93 GiB, 106,574 clips", "497109f4dd721066b5ce5e5f250ec604dc78939e"),
    "full": ("879 GiB, 106,574 songs", "0f0ace23fbe9ba30ecb7e95f763e435ea802b8ab"),
}
_METADATA = ("fma_metadata.zip", "342 MiB", "f0df49ffe5f2a6008d7dc83c6915b31835dfe733")
_CLIP = re.compile(r"(?:^|/)\d{3}/(\d{6})\.mp3$")
_SEVERAL = re.compile(r"[/;,|\\\\]")  # between genres in one tag
_CLIP_SECONDS = 30.0
# The errata on FMA's wiki: clips that are cut off or silent.
KNOWN_BAD = frozenset(
    {98565, 98567, 98569, 99134, 108925, 133297}  # in small
    | {98566, 98568, 108924, 1486, 5574, 65753, 80391, 98558, 98559, 98560, 98571}  # in medium
    | {105247, 126981, 127336, 143992}
)


def default_dir(config: BuildConfig) -> str:
    """Where it lies if --data_dir does not say."""
    return "data/fma"


def load(data_dir: Path, config: BuildConfig) -> Catalogue:
    """Finds the clips, and their genres, artists and splits.

    Args:
        data_dir: holds `fma_SUBSET` or `fma_SUBSET.zip` (or is the former), and `fma_metadata.zip`,
            the folder of that name, or the tables out of it.
        config: names the subset, and where genres come from: tracks takes a clip's genre from
            tracks.csv; id3 takes it from its tags and genres.csv, as the seed did, and artist and
            split from tracks.csv if that is there.

    Raises:
        UserError: if clips or tables are not there.
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
    return Catalogue.of(config, data_dir, (_with_errata(entry, clip_s) for entry in entries))


def how_to_get(subset: str) -> str:
    """What to download of a subset, from where, and how to check it."""
    size, sha1 = _DOWNLOADS[subset]
    name = f"fma_{subset}.zip"
    return (
        f"Download {name} ({size}) and {_METADATA[0]} ({_METADATA[1]}), which the repository "
        "mdeff/fma ('FMA: A Dataset For Music Analysis') links to, put both there, and check them: "
        f"printf '{sha1}  {name}\\n{_METADATA[2]}  {_METADATA[0]}\\n' | sha1sum -c. They need not "
        "be unpacked."
    )


def _clips(data_dir: Path, subset: str) -> tuple[str, list[str]]:
    """Where the clips are, relative to data_dir, and their paths below that place."""
    for place in (data_dir / f"fma_{subset}", data_dir / f"fma_{subset}.zip", data_dir):
        if names := sorted(name for name in _names(place) if _CLIP.search(name)):
            return "" if place == data_dir else place.name, names
    raise UserError(
        f"No FMA clips under {data_dir}: expected {data_dir}/fma_{subset}.zip, or "
        f"{data_dir}/fma_{subset}/000/000002.mp3 and so on; change --data_dir. "
        + how_to_get(subset)
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
    found = _CLIP.search(name)
    assert found is not None
    return found[1]


def _by_table(
    root: str, names: list[str], rows: dict[str, FmaTrack], subset: str
) -> Iterator[Track | Skipped]:
    """Entries for the clips, then for those that the table names and that are not there."""
    for name in names:
        path = f"{root}/{name}" if root else name
        row = rows.pop(_id(name), None)
        if row is None:
            yield Skipped(path, "no_genre", "not in tracks.csv")
        elif not row.genre:
            yield Skipped(path, "no_genre", "tracks.csv names no top-level genre")
        else:
            yield Track(_id(name), path, row.genre, row.artist, row.split, row.seconds)
    wanted = SUBSETS[: SUBSETS.index(subset) + 1]
    for track_id, row in rows.items():
        if row.subset in wanted and row.genre:
            yield Skipped(f"{track_id[:3]}/{track_id}.mp3", "missing", f"not in {root or 'here'}")


def _by_tags(
    data_dir: Path, root: str, names: list[str], rows: dict[str, FmaTrack]
) -> Iterator[Track | Skipped]:
    top_level = fma_tables.read_top_level_genres(data_dir)
    for name in names:
        path = f"{root}/{name}" if root else name
        found = tags.read(data_dir / path)
        pieces = (piece for genre in found.genres for piece in (genre, *_SEVERAL.split(genre)))
        folded = (fma_tables.fold(piece) for piece in pieces)
        genre = next((top_level[title] for title in folded if title in top_level), None)
        row = rows.get(_id(name), FmaTrack(artist=found.artist))
        if genre is None:
            detail = f"genre tag {', '.join(found.genres)!r}" if found.genres else "no genre tag"
            yield Skipped(path, "no_genre", detail)
        else:
            yield Track(_id(name), path, genre, row.artist, row.split, row.seconds)


def _with_errata(entry: Track | Skipped, clip_s: float | None) -> Track | Skipped:
    if isinstance(entry, Skipped):
        return entry
    seconds = min(entry.seconds or clip_s, clip_s) if clip_s else entry.seconds
    return replace(entry, seconds=seconds, known_bad=int(entry.id) in KNOWN_BAD)
