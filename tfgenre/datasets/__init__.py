"""Collections of songs, their artists and genres: one module per collection.

`load` reads a collection into a `Catalogue`; `splits` assigns its songs to train, validation and
test. No audio is decoded here.

To add a collection, write a module with LICENCE, `default_dir` and `load`, and add it to
`_COLLECTIONS`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tfgenre import storage
from tfgenre.config import BuildConfig, check_choice
from tfgenre.datasets import demo, duplicates, fma, folder, jamendo, tracks_csv
from tfgenre.datasets.track import Catalogue, Skipped, Track

__all__ = ["DATASETS", "Catalogue", "Skipped", "Track", "licence", "load"]


class _Collection(Protocol):
    """The interface of a collection's module.

    Attributes:
        LICENCE: the terms of use of its songs and metadata, in one sentence.
    """

    LICENCE: str

    def default_dir(self, config: BuildConfig) -> str:
        """The collection's folder if --data_dir is not given."""

    def load(self, data_dir: Path, config: BuildConfig) -> Catalogue:
        """Reads the collection's catalogue."""


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
    """Reads a collection's catalogue, measures its songs and finds its duplicates.

    Args:
        config: the collection, and which of its genres to take.
        data_dir: its folder; None means its default folder. The demo collection is synthesized
            there first.
        on_compared: called with the number of songs just measured, and the total number.

    Raises:
        UserError: if the collection is missing, lacks one of `config.genres`, or has songs of fewer
            than two genres.
    """
    check_choice("dataset", config.dataset, DATASETS)
    collection = _COLLECTIONS[config.dataset]
    if data_dir is None:
        data_dir = storage.to_path(collection.default_dir(config))
    catalogue = collection.load(data_dir, config).choose(config.genres)
    total = len(catalogue.tracks)
    catalogue = duplicates.measure(catalogue, on_track=lambda count: on_compared(count, total))
    copies = duplicates.find(catalogue)
    catalogue = duplicates.drop_absent(catalogue)
    if config.collection.drop_duplicates:
        return duplicates.drop(catalogue, copies).checked()
    return duplicates.note(catalogue, copies).checked()


def licence(dataset: str) -> str:
    """The terms of use of a collection's songs and metadata, in one sentence."""
    return _COLLECTIONS[dataset].LICENCE
