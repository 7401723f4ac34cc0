"""Builds for tests."""

from pathlib import Path

from tfgenre import datasets
from tfgenre.building.plan import Plan, make_plan
from tfgenre.config import BuildConfig, CollectionConfig
from tfgenre.datasets import Catalogue


def config_of(dataset: str, *, genres: tuple[str, ...] = (), **collection) -> BuildConfig:
    return BuildConfig(dataset=dataset, genres=genres, collection=CollectionConfig(**collection))


def load(dataset: str, data_dir: Path, **options) -> Catalogue:
    return datasets.load(config_of(dataset, **options), data_dir)


def plan_of(data_dir: Path, **options) -> Plan:
    return make_plan(load("folder", data_dir), BuildConfig(dataset="folder", **options))


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}
