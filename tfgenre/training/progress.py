"""What follows from the epochs so far: the epoch to keep, early stopping, the learning rate.

It depends on the rows of metrics.csv only, so a resumed run continues as if never stopped.
"""

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tfgenre.errors import UserError
from tfgenre.files import write_atomically
from tfgenre.training.config import OptimizerConfig, TrainConfig

EpochMetrics = dict[str, Any]
FIELDS: dict[str, Callable[[str], float]] = {
    "epoch": int,
    "train_accuracy": float,
    "train_loss": float,
    "validation_accuracy": float,
    "validation_loss": float,
    "learning_rate": float,
    "slices_per_second": float,
    "seconds": float,
}
_OPTIONAL = ("validation_accuracy", "validation_loss")  # None without validation slices
_PLATEAU_EPOCHS = 3
_PLATEAU_FACTOR = 0.5


def keeps_last(rows: Sequence[EpochMetrics], config: TrainConfig) -> bool:
    """Whether the last epoch is kept: the config says so, or there is no validation."""
    return config.keeps_last or rows[-1]["validation_accuracy"] is None


def kept_epoch(rows: Sequence[EpochMetrics], config: TrainConfig) -> int:
    """The epoch, from 1, whose network is kept."""
    return len(rows) if keeps_last(rows, config) else best_epoch(rows)


def best_epoch(rows: Sequence[EpochMetrics]) -> int:
    """The epoch, from 1, with the highest validation accuracy; the lowest loss breaks ties."""
    ranked = max(rows, key=lambda row: (row["validation_accuracy"], -row["validation_loss"]))
    return int(ranked["epoch"])


def stops_early(rows: Sequence[EpochMetrics], config: TrainConfig) -> str:
    """Why training stops before its last epoch; "" if it does not."""
    if not rows or rows[-1]["validation_accuracy"] is None:
        return ""
    last = rows[-1]
    reached = (
        last["validation_accuracy"] >= config.early_stop_accuracy
        and last["validation_loss"] <= config.early_stop_loss
    )
    if reached:
        return "validation accuracy and loss reached their thresholds"
    waited = len(rows) - best_epoch(rows)
    if config.early_stop_patience and waited >= config.early_stop_patience:
        return f"{waited} epochs without improvement"
    return ""


def learning_rate(rows: Sequence[EpochMetrics], config: OptimizerConfig) -> float:
    """The learning rate of the next epoch, for the schedules constant and plateau."""
    if config.learning_rate_schedule != "plateau":
        return config.learning_rate
    halvings, lowest, waited = 0, math.inf, 0
    for row in rows:
        waited = 0 if row["validation_loss"] < lowest else waited + 1
        lowest = min(lowest, row["validation_loss"])
        if waited == _PLATEAU_EPOCHS:
            halvings, waited = halvings + 1, 0
    return config.learning_rate * _PLATEAU_FACTOR**halvings


def write_rows(path: Path, rows: Sequence[EpochMetrics]) -> None:
    """Writes metrics.csv atomically."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(FIELDS), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, text.getvalue().encode())


def read_rows(path: Path) -> list[EpochMetrics]:
    """Reads the rows of metrics.csv; an empty list if the file does not exist.

    Raises:
        UserError: if the file is damaged.
    """
    try:
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        return [{name: _value(row, name) for name in FIELDS} for row in rows]
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is damaged: train again, with --overwrite.") from error


def _value(row: Mapping[str, str], name: str) -> float | None:
    """A cell's value; ValueError if it is NaN or infinite."""
    if row[name] == "" and name in _OPTIONAL:
        return None
    value = FIELDS[name](row[name])
    if not math.isfinite(value):
        raise ValueError(value)
    return value
