"""One file a collection; `load` finds the right one."""

from pathlib import Path

from tfgenre.datasets import demo, fma, folder, jamendo
from tfgenre.datasets.track import Catalogue, Skipped, Track
from tfgenre.errors import UserError

__all__ = ["Catalogue", "Skipped", "Track", "load"]


def load(dataset: str, data_dir: Path, *, genres: tuple[str, ...] = ()) -> Catalogue:
    """Reads a collection's catalogue; no sound is decoded.

    Args:
        dataset: one of `config.DATASETS`.
        data_dir: where the collection lies. The demo collection is made there if need be.
        genres: those wanted, in label order; none means all, sorted by name.

    Raises:
        UserError: if the collection is not there, or lacks a genre that is wanted.
    """
    if dataset == "demo":
        demo.synthesize(data_dir)
    if not data_dir.is_dir():
        raise UserError(
            f"No such folder: {data_dir}; --data_dir must name where the {dataset} collection lies."
        )
    loaders = {"folder": folder.load, "fma": fma.load, "jamendo": jamendo.load, "demo": folder.load}
    return loaders[dataset](data_dir).choose(genres)
