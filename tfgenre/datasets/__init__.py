"""Which songs there are, by whom, of which genre: collections, one file each.

`load` reads a collection into a `Catalogue`; `splits` assigns its songs to train, validation and
test. No sound is decoded here.

A new collection is a module with LICENCE, `default_dir` and `load`, and a row of `_COLLECTIONS`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tfgenre.config import BuildConfig, check_choice
from tfgenre.datasets import demo, duplicates, fma, folder, jamendo, tracks_csv
from tfgenre.datasets.track import Catalogue, Skipped, Track

__all__ = ["DATASETS", "Catalogue", "Skipped", "Track", "licence", "load"]


class _Collection(Protocol):
    """What the module of a collection has.

    Attributes:
        LICENCE: under what its songs and metadata may be used, a sentence.
    """

    LICENCE: str

    def default_dir(self, config: BuildConfig) -> str:
        """Where it lies if --data_dir does not say."""

    def load(self, data_dir: Path, config: BuildConfig) -> Catalogue:
        """Reads its catalogue."""


_COLLECTIONS: dict[str, _Collection] = {
    "folder": folder,
    "csv": tracks_csv,
    **{f"fma_{subset}": fma for subset in fma.SUBSETS},
    "jamendo": jamendo,
    "demo": demo,
}
DATASETS = tuple(_COLLECTIONS)


def load(
    config: BuildConfig,
    data_dir: Path | None = None,
    *,
    on_compared: Callable[[int, int], object] = lambda count, total: None,
) -> Catalogue:
    """Reads a collection's catalogue, and looks for songs that it holds twice.

    Args:
        config: which collection, and what is taken from it.
        data_dir: where it lies; where such a collection lies by default if None. The demo
            collection is made there first.
        on_compared: called with the number of songs just compared, and that of all.

    Raises:
        UserError: if the collection is not there, or lacks a genre that is wanted.
    """
    check_choice("dataset", config.dataset, DATASETS)
    collection = _COLLECTIONS[config.dataset]
    folder = Path(collection.default_dir(config)) if data_dir is None else data_dir
    catalogue = collection.load(folder, config).choose(config.genres)
    total = len(catalogue.tracks)
    copies = duplicates.find(catalogue, on_track=lambda count: on_compared(count, total))
    catalogue = duplicates.drop_absent(catalogue)
    if config.collection.drop_duplicates:
        return duplicates.drop(catalogue, copies)
    return duplicates.note(catalogue, copies)


def licence(dataset: str) -> str:
    """Under what a collection's songs and metadata may be used, a sentence."""
    return _COLLECTIONS[dataset].LICENCE
