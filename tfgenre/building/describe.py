"""What a collection holds and what a build would take, before any song is rendered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfgenre import pages
from tfgenre.building.changes import changes
from tfgenre.building.plan import digest, estimate_seconds, record_bytes
from tfgenre.config import SPLITS, BuildConfig
from tfgenre.datasets import splits
from tfgenre.datasets.track import Catalogue, Skipped, Track
from tfgenre.files import write_atomically
from tfgenre.records import contents
from tfgenre.records.folder import Records
from tfgenre.records.shards import FOOTER_BYTES, HEADER_BYTES
from tfgenre.spectrogram import slices

_ALL = "all genres"


@dataclass(frozen=True)
class Contents:
    """Songs: how many, by how many artists, how long, and how many slices and gigabytes.

    Slices and gigabytes are estimates.
    """

    tracks: int
    artists: int
    hours: float
    slices: int
    gigabytes: float


@dataclass(frozen=True)
class Description:
    """A collection, described.

    Attributes:
        genres: contents by genre, in label order, and of "all genres".
        splits: the same for each split; nothing where slices are split.
        method: how tracks are split.
        notes: what else the user should know, in sentences.
        skipped: songs that will not be used.
        built: its records, None if there are none yet.
    """

    genres: Mapping[str, Contents]
    splits: Mapping[str, Mapping[str, Contents]]
    method: str
    notes: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    built: Records | None

    @property
    def everything(self) -> Contents:
        """Contents of all genres."""
        return self.genres[_ALL]


def describe(catalogue: Catalogue, config: BuildConfig, *, built: Records | None) -> Description:
    """Describes a collection.

    Args:
        catalogue: the collection.
        config: how it would be built; splits and slices depend on it.
        built: its records, if there are any.

    Raises:
        UserError: if it cannot be split as asked.
    """
    tracks, notes = catalogue.tracks, list(catalogue.notes)
    method = splits.resolve(config.split, catalogue)
    split_of: dict[str, str] = {}
    if method != "slice":
        split_of = splits.assign(tracks, method=method, config=config.split)
    notes += splits.notes(tracks, split_of, method=method, config=config.split)
    if known_bad := sum(track.known_bad for track in tracks):
        notes.append(f"{known_bad:,} songs are known to be bad (FMA's errata); they are tried")
    if built is not None and built.manifest.collection_sha256 != digest(tracks):
        how = changes(tracks, built)
        notes.append(f"the records there were built from other songs: {how}".removesuffix(": "))
    if estimated := sum(not track.seconds for track in tracks):
        notes.append(
            f"lengths are estimates: the collection does not state those of {estimated:,} songs"
        )
    slice_bytes = HEADER_BYTES + record_bytes(tracks) + FOOTER_BYTES
    estimate = _Estimate(config, estimate_seconds(catalogue), slice_bytes)
    members = {
        split: [track for track in tracks if split_of[track.id] == split]
        for split in (SPLITS if split_of else ())
    }
    return Description(
        genres=_by_genre(catalogue.genres, tracks, estimate),
        splits={
            split: _by_genre(catalogue.genres, found, estimate) for split, found in members.items()
        },
        method=method,
        notes=tuple(notes),
        skipped=catalogue.skipped,
        built=built,
    )


@dataclass(frozen=True)
class _Estimate:
    """What contents are estimated from: each track's seconds, and the bytes of a slice on disk."""

    config: BuildConfig
    seconds: Mapping[str, float]
    slice_bytes: int

    def contents(self, tracks: Sequence[Track]) -> Contents:
        rate, limit = self.config.render.columns_per_second, self.config.render.max_slices_per_track
        counts = [int(self.seconds[track.id] * rate) // slices.SLICE_SIZE for track in tracks]
        num_slices = sum(min(count, limit) if limit else count for count in counts)
        return Contents(
            tracks=len(tracks),
            artists=len({track.artist_key for track in tracks} - {""}),
            hours=sum(self.seconds[track.id] for track in tracks) / 3600,
            slices=num_slices,
            gigabytes=num_slices * self.slice_bytes / 1e9,
        )


def _by_genre(
    genres: Sequence[str], tracks: Sequence[Track], estimate: _Estimate
) -> dict[str, Contents]:
    """Contents of each genre, and of all."""
    found: dict[str, list[Track]] = {genre: [] for genre in genres}
    for track in tracks:
        found[track.genre].append(track)
    return {name: estimate.contents(members) for name, members in [*found.items(), (_ALL, tracks)]}


def text(found: Description) -> str:
    """The description for a terminal."""
    width = max(map(len, found.genres))
    names = ("tracks", "artists", "hours", "slices", "GB")
    lines = [f"{'':<{width}}{''.join(f'{name:>11}' for name in names)}"]
    for genre, row in found.genres.items():
        lines.append(
            f"{genre:<{width}}{row.tracks:>11,}{row.artists:>11,}{row.hours:>11,.1f}"
            f"{row.slices:>11,}{row.gigabytes:>11,.2f}"
        )
    if found.splits:
        lines += ["", " " * width + "".join(f"{split:>22}" for split in found.splits)]
        lines.append(" " * width + f"{'tracks':>11}{'slices':>11}" * len(found.splits))
        for genre in found.genres:
            cells = (rows[genre] for rows in found.splits.values())
            counts = "".join(f"{cell.tracks:>11,}{cell.slices:>11,}" for cell in cells)
            lines.append(f"{genre:<{width}}{counts}")
    lines += [f"split by {found.method}; slices and GB are estimates"]
    lines += [f"note: {note}" for note in found.notes]
    lines += contents.skipped_lines(found.skipped)
    if found.built is not None:
        lines += ["", "built:", contents.summary(found.built.manifest)]
    return "\n".join(lines)


def write_page(path: Path, found: Description, *, title: str) -> None:
    """The description as one HTML file that needs nothing else."""
    page = pages.render(
        "describe.html",
        title=title,
        found=found,
        reasons=contents.by_reason(found.skipped),
        splits=SPLITS,
        shown=contents.NAMES_SHOWN,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, page.encode(errors="backslashreplace"))
