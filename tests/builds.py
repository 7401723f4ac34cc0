"""Builds for tests."""

from pathlib import Path

from tfgenre import datasets
from tfgenre.building.plan import Plan, make_plan
from tfgenre.config import BuildConfig


def plan_of(data_dir: Path, **options) -> Plan:
    return make_plan(datasets.load("folder", data_dir), BuildConfig(dataset="folder", **options))


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}
