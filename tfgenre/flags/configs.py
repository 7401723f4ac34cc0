"""From flags to configs."""

import re
import sys
from pathlib import Path
from typing import Any

from absl import flags

from tfgenre import config
from tfgenre.building.build import Runner
from tfgenre.building.cluster import BeamRunner
from tfgenre.building.local import LocalRunner
from tfgenre.config import BuildConfig
from tfgenre.datasets import DATASETS
from tfgenre.errors import UserError, program
from tfgenre.flags import definitions
from tfgenre.flags.flag_files import expanded
from tfgenre.options import Config, flattened, from_options, option_names
from tfgenre.records.folder import Records
from tfgenre.spectrogram.workers import num_processes
from tfgenre.spelling import genre_key
from tfgenre.text import csv_line
from tfgenre.training.config import PipelineConfig, TrainConfig


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
        raise UserError(f"{either} given; --dataset is one of {', '.join(DATASETS)}.")
    return str(values.dataset)


def build_config(values: flags.FlagValues) -> BuildConfig:
    """The build that the flags describe.

    Raises:
        UserError: if a flag is missing or out of range.
    """
    options = _options(values, BuildConfig)
    return from_options(
        BuildConfig,
        {
            **options,
            "dataset": dataset(values),
            "genres": tuple(values.genres),
            "split_ratios": _ratios(values.split_ratios),
        },
    )


def train_config(values: flags.FlagValues) -> TrainConfig:
    """The training that the flags describe.

    Raises:
        UserError: if a flag is out of range.
    """
    return from_flags(TrainConfig, values)


def from_flags(kind: type[Config], values: flags.FlagValues) -> Config:
    """A config dataclass, each of whose options is the flag of that name.

    Raises:
        UserError: if a flag is out of range.
    """
    return from_options(kind, _options(values, kind))


def batch_size(values: flags.FlagValues) -> int:
    """Slices per step, for programs that do not train."""
    return PipelineConfig(batch_size=values.batch_size).batch_size


def num_workers(values: flags.FlagValues) -> int:
    """How many render processes to use."""
    return num_processes(values.num_workers)


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


def check_records(values: flags.FlagValues, records: Records) -> None:
    """Raises UserError if a flag that was given contradicts what the records were built with."""
    built = flattened(records.manifest.config)
    checked = (*definitions.COLLECTION, *definitions.RENDERING)
    for name in ("dataset", "genres", *checked, "split_by", "split_seed"):
        there, asked = built.get(name), values[name].value
        if values[name].present and _value(name, there) != _value(name, asked):
            there, asked = _text(there), _text(asked)
            raise UserError(
                f"{records.path} was built with --{name}={there}, not --{name}={asked}: build "
                f"other records with {program('make_records')}, or change --records_dir."
            )


def refuse(names: tuple[str, ...], *, why: str) -> None:
    """Raises UserError, which ends in why, if one of some flags was typed.

    A flag file may hold them, for other programs.
    """
    for name in names:
        if is_typed(name):
            raise UserError(f"--{name} {why}.")


def is_typed(name: str) -> bool:
    """Whether a flag is given on the command line, not in a flag file."""
    typed = re.compile(rf"--?{name}(=|$)")
    return any(typed.match(argument) for argument in sys.argv[1:])


def read_flags(path: Path) -> flags.FlagValues:
    """The flags in a flag file.

    Raises:
        UserError: if the file is missing or is no flag file of this version.
    """
    values = flags.FlagValues()
    definitions.define(values)
    try:
        values(expanded([sys.argv[0], f"--flagfile={path}"]))
    except flags.Error as error:
        raise UserError(f"{path} cannot be read as a flag file: {error}") from error
    return values


def _options(values: flags.FlagValues, kind: type[Any]) -> dict[str, Any]:
    given = {name: values[name].value for name in option_names(kind)}
    return {name: value for name, value in given.items() if value is not None}


def _value(name: str, value: Any) -> Any:
    """A value of a flag to compare, whatever the spelling of genres."""
    if name != "genres":
        return value
    return [genre_key(genre) for genre in value or ()]


def _text(value: object) -> str:
    """A value as it is typed."""
    return csv_line(value) if isinstance(value, (list, tuple)) else str(value)


def _ratios(texts: list[str]) -> tuple[float, ...]:
    try:
        return tuple(float(text) for text in texts)
    except ValueError as error:
        raise UserError(
            f"--split_ratios must be three numbers, such as 60,30,10, got {','.join(texts)!r}."
        ) from error
