"""What follows from the epochs so far: the best epoch, early stopping, the learning rate.

It depends on the rows of metrics.csv only, so a resumed run continues as if never stopped.
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
    """The epoch, from 1, with the highest validation accuracy; the lowest loss breaks ties."""
    ranked = max(rows, key=lambda row: (row["validation_accuracy"], -row["validation_loss"]))
    return int(ranked["epoch"])


def stops_early(rows: Sequence[EpochMetrics], config: TrainConfig) -> str:
    """Why training stops before its last epoch; "" if it does not."""
    if not rows:
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
        return [{name: _finite(kind(row[name])) for name, kind in FIELDS.items()} for row in rows]
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is damaged: train again, with --overwrite.") from error


def _finite(value: float) -> float:
    """The value; ValueError if it is NaN or infinite."""
    if not math.isfinite(value):
        raise ValueError(value)
    return value
