"""One file a collection; `load` finds the right one."""

from collections.abc import Callable
from pathlib import Path

from tfgenre.config import CollectionConfig
from tfgenre.datasets import demo, downloads, fma, folder, jamendo, tracks_csv
from tfgenre.datasets.track import Catalogue, Skipped, Track
from tfgenre.errors import UserError

__all__ = ["Catalogue", "Skipped", "Track", "load"]


def load(
    dataset: str,
    data_dir: Path,
    *,
    genres: tuple[str, ...] = (),
    config: CollectionConfig | None = None,
) -> Catalogue:
    """Reads a collection's catalogue; no sound is decoded.

    Args:
        dataset: one of `config.DATASETS`.
        data_dir: where the collection lies. The demo collection is made there if need be.
        genres: those wanted, in label order; none means all, sorted by name.
        config: what to take from it.

    Raises:
        UserError: if the collection is not there, or lacks a genre that is wanted.
    """
    config = config or CollectionConfig()
    if dataset == "demo":
        demo.synthesize(data_dir)
    if not data_dir.is_dir():
        raise UserError(
            f"No such folder: {data_dir}; --data_dir must name where the {dataset} collection "
            f"lies. {_how_to_get(dataset, config)}".strip()
        )
    return _loader(dataset, config)(data_dir).choose(genres)


def _how_to_get(dataset: str, config: CollectionConfig) -> str:
    if dataset.startswith("fma_"):
        return downloads.fma(dataset.removeprefix("fma_"))
    return downloads.jamendo(config.jamendo_audio) if dataset == "jamendo" else ""


def _loader(dataset: str, config: CollectionConfig) -> Callable[[Path], Catalogue]:
    if dataset.startswith("fma_"):
        subset = dataset.removeprefix("fma_")
        return lambda place: fma.load(place, subset=subset, genres_from=config.fma_genres)
    if dataset == "jamendo":
        return lambda place: jamendo.load(
            place,
            audio=config.jamendo_audio,
            genres_from=config.jamendo_genres,
            official_split=config.official_split,
        )
    if dataset == "csv":
        return lambda place: tracks_csv.load(place, tracks_csv=config.tracks_csv)
    return folder.load
