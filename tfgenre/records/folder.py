"""`Records`: a folder of finished records, with its manifest."""

import itertools
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tfgenre import datasets, storage
from tfgenre.config import SPLITS
from tfgenre.datasets import Track
from tfgenre.errors import UserError, program
from tfgenre.records import data_card, drawing, sampling, sources, tfds, tracks
from tfgenre.records import manifest as manifests
from tfgenre.records.manifest import Manifest
from tfgenre.records.shards import damaged_error
from tfgenre.records.sources import Source


@dataclass(frozen=True)
class Records:
    """A folder of finished records.

    Attributes:
        path: the folder.
        manifest: its contents.
    """

    path: Path
    manifest: Manifest

    @classmethod
    def open(cls, path: "str | os.PathLike[str]") -> "Records":
        """Opens the records in a folder; `Records` are returned unchanged.

        Raises:
            UserError: if the folder has no finished records, or they are damaged or of another
                version of tfgenre.
        """
        if isinstance(path, Records):
            return path
        folder = storage.to_path(path)
        return cls(folder, manifests.read(folder))

    @staticmethod
    def exist(path: Path) -> bool:
        """Whether a folder contains finished records."""
        return (path / manifests.NAME).exists()

    @classmethod
    def finish(
        cls,
        path: Path,
        manifest: Manifest,
        *,
        index: NDArray[np.void],
        split_tracks: Iterable[tuple[Track, str]],
    ) -> "Records":
        """Writes the other files of a build once its shards are written, the manifest last.

        Args:
            path: the folder of the shards.
            manifest: their contents.
            index: one row per slice, `sampling.INDEX_DTYPE` [slices].
            split_tracks: each song and its split, "" if its slices are in several splits.
        """
        sampling.write_index(path / sampling.NAME, index)
        tracks.write(path, split_tracks)
        tfds.write(manifest, path)
        data_card.write(manifest, path)
        manifests.write(manifest, path)
        return cls(path, manifest)

    @staticmethod
    def discard(path: Path) -> None:
        """Removes the records in a folder, finished or not; other files are kept."""
        (path / manifests.NAME).unlink(missing_ok=True)
        for name in (sampling.NAME, tracks.NAME, data_card.NAME, *tfds.NAMES):
            (path / name).unlink(missing_ok=True)
        for dataset, split in itertools.product(datasets.DATASETS, SPLITS):
            for shard in list(path.glob(f"{dataset}-{split}.tfrecord-?????-of-?????")):
                shard.unlink()

    def __fspath__(self) -> str:
        return str(self.path)

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres, in label order."""
        return self.manifest.genres

    def source(
        self,
        split: str,
        *,
        slices_per_genre: int = 0,
        at_most: Sequence[int] | None = None,
        weights: NDArray[np.float64] | None = None,
    ) -> Source:
        """The files of a split and the records to read from them; see `sources.find`."""
        return sources.find(
            self.path,
            self.manifest,
            split,
            slices_per_genre=slices_per_genre,
            at_most=at_most,
            weights=weights,
        )

    def index(self) -> NDArray[np.void]:
        """The index, one row per slice: `sampling.INDEX_DTYPE` [slices].

        Raises:
            UserError: if the index is missing or damaged.
        """
        return sampling.read_index(self.path / sampling.NAME)

    def artists(self) -> dict[bytes, str]:
        """A key of each song's artist, by track id as in the records; see `tracks.read_artists`.

        Raises:
            UserError: if the table of tracks is missing or damaged.
        """
        return tracks.read_artists(self.path)

    def artist_weights(
        self, split: str, *, slices_per_genre: int = 0, at_most: Sequence[int] | None = None
    ) -> NDArray[np.float64] | None:
        """The weights by which artists are balanced, one per row of the index.

        Args:
            split: as of `source`.
            slices_per_genre: the same.
            at_most: the same.

        Returns:
            See `drawing.artist_weights`; None if no selected song has a known artist.

        Raises:
            UserError: if the index lacks the songs.
        """
        rows = self.index()
        if rows.dtype != sampling.INDEX_DTYPE:
            raise UserError(
                "--sampling=artist needs an index with the song of each slice, got "
                f"{self.path / sampling.NAME} of an earlier version: build the records again with "
                f"{program('make_records')} --overwrite."
            )
        keep = sampling.split_mask(rows, split, slices_per_genre=slices_per_genre, at_most=at_most)
        artists, used = list(self.artists().values()), np.unique(rows["track"][keep])
        if used.max(initial=-1) >= len(artists):
            raise damaged_error(self.path / tracks.NAME)
        if not any(artists[track] for track in used):
            return None
        return drawing.artist_weights(rows["track"], keep, artists)

    def tracks(self) -> dict[str, dict[str, str]]:
        """The table of tracks, by track id; see `tracks.read`.

        Raises:
            UserError: if it is missing or damaged.
        """
        return tracks.read(self.path)

    def count_slices(
        self, split: str, *, slices_per_genre: int = 0, at_most: Sequence[int] | None = None
    ) -> NDArray[np.int64]:
        """The number of slices of each label that `source` reads, int64 [genres]."""
        rows = self.index()
        keep = sampling.split_mask(rows, split, slices_per_genre=slices_per_genre, at_most=at_most)
        return np.bincount(rows["label"][keep], minlength=len(self.genres))
