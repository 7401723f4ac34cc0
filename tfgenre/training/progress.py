"""What follows from the epochs so far: the best of them, whether to stop, the learning rate.

All of it is told by the rows of metrics.csv alone, so a stopped run goes on as it would have.
"""

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfgenre.errors import UserError
from tfgenre.files import write_atomically
from tfgenre.training.config import OptimizerConfig, TrainConfig

EpochMetrics = dict[str, Any]
FIELDS = {
    "epoch": int,
    "train_accuracy": float,
    "train_loss": float,
    "validation_accuracy": float,
    "validation_loss": float,
    "learning_rate": float,
    "slices_per_second": float,
    "seconds": float,
}
_PLATEAU_EPOCHS = 3
_PLATEAU_FACTOR = 0.5


def best_epoch(rows: Sequence[EpochMetrics]) -> int:
    """The epoch of the highest validation accuracy, among equals of the lowest loss; from 1."""
    ranked = max(rows, key=lambda row: (row["validation_accuracy"], -row["validation_loss"]))
    return int(ranked["epoch"])


def stops_early(rows: Sequence[EpochMetrics], config: TrainConfig) -> str:
    """Why training is over before its last epoch; "" if it is not."""
    if not rows:
        return ""
    last = rows[-1]
    passed = (
        last["validation_accuracy"] >= config.early_stop_accuracy
        and last["validation_loss"] <= config.early_stop_loss
    )
    if passed:
        return "validation accuracy and loss have passed their marks"
    waited = len(rows) - best_epoch(rows)
    if config.early_stop_patience and waited >= config.early_stop_patience:
        return f"{waited} epochs without a better one"
    return ""


def learning_rate(rows: Sequence[EpochMetrics], config: OptimizerConfig) -> float:
    """The rate of the next epoch, for the schedules constant and plateau."""
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
    """Writes metrics.csv, whole or not at all."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(FIELDS), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, text.getvalue().encode())


def read_rows(path: Path) -> list[EpochMetrics]:
    """The rows of metrics.csv; none if there is no such file.

    Raises:
        UserError: if it is damaged.
    """
    try:
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        return [{name: kind(row[name]) for name, kind in FIELDS.items()} for row in rows]
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is damaged: train again, with --overwrite.") from error
