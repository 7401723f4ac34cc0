"""The flags in groups, as --help and docs/flags.md show them."""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from absl import flags

from tfgenre.config import CollectionConfig, RenderConfig, SplitConfig
from tfgenre.options import option_names
from tfgenre.prediction.config import PredictConfig, TagConfig, VoteConfig
from tfgenre.training.config import (
    AugmentConfig,
    HardwareConfig,
    ModelConfig,
    OptimizerConfig,
    PipelineConfig,
    TrainConfig,
)

MOST_USED = (
    *("dataset", "data_dir", "records_dir", "run_dir", "genres", "spectrogram", "epochs", "model"),
    *("init_from", "output_dir", "flagfiles", "results", "write_tags", "dry_run", "undo_tags"),
    *("output_format", "min_confidence", "plot", "format", "split", "html", "png", "overwrite"),
)
_WIDTH = 88


def _own(kind: type[Any]) -> tuple[str, ...]:
    """The options of a config dataclass without those of the configs in it."""
    return tuple(each.name for each in fields(kind) if not is_dataclass(each.default_factory))


GROUPS: dict[str, tuple[str, ...]] = {
    "Songs": ("dataset", "data_dir", "genres", *option_names(CollectionConfig)),
    "Spectrogram": option_names(RenderConfig),
    "Splits": option_names(SplitConfig),
    "Records": ("records_dir", "num_shards", "shard_mb", "runner", "beam_options", "num_workers"),
    "Training": ("run_dir", *(name for name in _own(TrainConfig) if name != "vote")),
    "Network": option_names(ModelConfig),
    "Optimizer": option_names(OptimizerConfig),
    "Reading records": _own(PipelineConfig),
    "Augmentation": option_names(AugmentConfig),
    "Hardware": option_names(HardwareConfig),
    "Prediction": (*option_names(VoteConfig), *_own(PredictConfig), "plot"),
    "Tags": option_names(TagConfig),
    "Output": (
        *("split", "output_dir", "output_format", "json", "html", "png", "format", "export_dir"),
        *("flagfiles", "smoke", "overwrite"),
    ),
}


def grouped(names: Iterable[str], *, with_most_used: bool) -> dict[str, list[str]]:
    """Some flags by group; each once, in the first group that has it.

    Args:
        names: the flags.
        with_most_used: whether the first group is of those that most people want.
    """
    left, found = set(names), dict[str, list[str]]()
    groups = {"Most used": MOST_USED} if with_most_used else {}
    for title, group in (groups | GROUPS).items():
        if chosen := [name for name in dict.fromkeys(group) if name in left]:
            found[title] = chosen
            left.difference_update(chosen)
    if left:
        raise KeyError(f"flags in no group: {', '.join(sorted(left))}")
    return found


def help_text(values: flags.FlagValues, names: Sequence[str]) -> str:
    """Some flags, explained for a terminal."""
    lines = []
    for title, group in grouped(names, with_most_used=True).items():
        lines += ["", f"{title}:"]
        for name in group:
            flag = values[name]
            lines.append(f"  --{'[no]' if flag.boolean else ''}{name}")
            indent = " " * 6
            lines += textwrap.wrap(
                described(flag), _WIDTH, initial_indent=indent, subsequent_indent=indent
            )
    return "\n".join(lines)


def described(flag: flags.Flag[Any]) -> str:
    """What a flag does, and its default."""
    if flag.default in (None, "", []):
        return str(flag.help)
    return f"{flag.help} (default: {flag.default_as_str.strip(chr(39))})"
