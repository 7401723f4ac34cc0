"""From flags to configs; and a run's flags.cfg, written and read."""

import os
import sys
from pathlib import Path
from typing import Any

from absl import flags

from tfgenre import config, storage
from tfgenre.building.build import Runner
from tfgenre.building.cluster import BeamRunner
from tfgenre.building.local import LocalRunner
from tfgenre.config import BuildConfig, CollectionConfig, RenderConfig, SplitConfig
from tfgenre.errors import UserError
from tfgenre.flags import definitions, training
from tfgenre.records.manifest import Manifest
from tfgenre.training.config import (
    AugmentConfig,
    HardwareConfig,
    ModelConfig,
    OptimizerConfig,
    PipelineConfig,
    TrainConfig,
)


def dataset(values: flags.FlagValues, or_flag: str = "") -> str:
    """The kind of collection.

    Args:
        values: the flags.
        or_flag: another flag that could have been given instead.

    Raises:
        UserError: if it is not given.
    """
    if values.dataset is None:
        either = f"Neither --{or_flag} nor --dataset is" if or_flag else "--dataset is not"
        raise UserError(f"{either} given; --dataset is one of {', '.join(config.DATASETS)}.")
    return str(values.dataset)


def build_config(values: flags.FlagValues) -> BuildConfig:
    """The build that the flags describe.

    Raises:
        UserError: if a flag is missing or out of range.
    """
    return BuildConfig(
        dataset=dataset(values),
        genres=tuple(values.genres),
        collection=CollectionConfig(
            **{name: values[name].value for name in definitions.COLLECTION}
        ),
        render=RenderConfig(**{name: values[name].value for name in definitions.RENDERING}),
        split=SplitConfig(
            split_by=values.split_by,
            split_ratios=_ratios(values.split_ratios),
            split_seed=values.split_seed,
        ),
        num_shards=values.num_shards,
    )


def train_config(values: flags.FlagValues) -> TrainConfig:
    """The training that the flags describe.

    Raises:
        UserError: if a flag is out of range.
    """

    def pick(names: tuple[str, ...]) -> dict[str, Any]:
        return {name: values[name].value for name in names}

    return TrainConfig(
        **pick(training.LEARNING),
        optimizer=OptimizerConfig(**pick(training.OPTIMIZING)),
        model=ModelConfig(**pick(training.NETWORK)),
        pipeline=PipelineConfig(
            **pick(training.READING), augment=AugmentConfig(**pick(training.AUGMENTING))
        ),
        hardware=HardwareConfig(**pick(training.HARDWARE)),
    )


def batch_size(values: flags.FlagValues) -> int:
    """Slices a step, for programs that do not train."""
    return PipelineConfig(batch_size=values.batch_size).batch_size


def num_workers(values: flags.FlagValues) -> int:
    """How many render processes to use."""
    config.check_range("num_workers", values.num_workers, 0, 4096)
    return values.num_workers or len(os.sched_getaffinity(0))


def runner(values: flags.FlagValues) -> Runner:
    """Who builds the units.

    Raises:
        UserError: if Beam is asked for and is not installed, or does not know an option.
    """
    if values.runner == "beam":
        if values["num_workers"].present:
            raise UserError(
                "--num_workers is for --runner=local; for beam, give the runner's own option in "
                "--beam_options, such as direct_num_workers=2."
            )
        return BeamRunner(tuple(values.beam_options))
    if values.beam_options:
        raise UserError("--beam_options are for --runner=beam.")
    return LocalRunner(num_workers(values))


def shard_mb(values: flags.FlagValues) -> int:
    """How large shards should become, in 2**20 bytes."""
    config.check_range("shard_mb", values.shard_mb, 1, 2048)
    return int(values.shard_mb)


def check_records(values: flags.FlagValues, records_dir: Path, manifest: Manifest) -> None:
    """Raises UserError if a flag that was given contradicts what the records were built with."""
    parts = (manifest.config.get(part, {}) for part in ("collection", "render", "split"))
    built = {**manifest.config, **{name: value for part in parts for name, value in part.items()}}
    checked = (*definitions.COLLECTION, *definitions.RENDERING)
    for name in ("dataset", "genres", *checked, "split_by", "split_seed"):
        if values[name].present and values[name].value != built.get(name):
            there, asked = (_text(value) for value in (built.get(name), values[name].value))
            raise UserError(
                f"{records_dir} was built with --{name}={there}, not --{name}={asked}: build other "
                "records with tools/make_records, or mend --records_dir."
            )


def refuse(values: flags.FlagValues, names: tuple[str, ...], *, why: str) -> None:
    """Raises UserError, which ends in why, if one of some flags was given."""
    for name in names:
        if values[name].present:
            raise UserError(f"--{name} {why}.")


def run_flags(values: flags.FlagValues, *, records_dir: Path, run_dir: Path) -> dict[str, str]:
    """All that decides a training run, by flag name, with every default and folder written out."""
    found = {name: str(values[name].value) for name in training.TRAINING}
    return found | {
        "records_dir": str(storage.absolute(records_dir)),
        "run_dir": str(storage.absolute(run_dir)),
    }


def read_flags(path: Path) -> flags.FlagValues:
    """The flags of a run.

    Raises:
        UserError: if the file is missing or is no flag file of this version.
    """
    values = flags.FlagValues()
    definitions.define(values)
    try:
        values([sys.argv[0], f"--flagfile={path}"])
    except (flags.Error, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as a flag file: {error}") from error
    return values


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _ratios(texts: list[str]) -> tuple[float, ...]:
    try:
        return tuple(float(text) for text in texts)
    except ValueError as error:
        raise UserError(
            f"--split_ratios must be three numbers, such as 60,30,10, got {','.join(texts)!r}."
        ) from error
