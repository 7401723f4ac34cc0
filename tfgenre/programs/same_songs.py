"""Records of the same songs, split in several ways, for programs that compare or join these."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from absl.flags import FlagValues

from tfgenre.building.build import Runner
from tfgenre.building.plan import make_plan
from tfgenre.building.resplit import ResplitRunner
from tfgenre.config import BuildConfig, SplitConfig
from tfgenre.datasets import Catalogue
from tfgenre.flags import configs
from tfgenre.programs import bars
from tfgenre.records.folder import Records


def build_each(
    catalogue: Catalogue,
    config: BuildConfig,
    splits: Mapping[str, SplitConfig],
    folder: Path,
    values: FlagValues,
) -> dict[str, Records]:
    """Builds records for each split; the songs are rendered once, for the first.

    Args:
        catalogue: the songs.
        config: how they are rendered.
        splits: how they are split, by the name of a folder.
        folder: takes these folders.
        values: the flags, which say by whom they are rendered.
    """
    runner: Runner = configs.runner(values)
    built: dict[str, Records] = {}
    for name, split in splits.items():
        plan = make_plan(catalogue, replace(config, split=split), shard_mb=configs.shard_mb(values))
        print(f"records: {folder / name}")
        done = "assigned to splits" if built else "rendered"
        built[name] = bars.build_records(
            plan, folder / name, runner, overwrite=values.overwrite, done=done
        )
        runner = ResplitRunner(next(iter(built.values())))
    return built
