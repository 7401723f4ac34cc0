"""What happens at the end of each epoch: a line of progress, a row of metrics, the best network."""

import csv
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
from tqdm import tqdm

from tfgenre.config import TrainConfig

# Keras' names of the measures, and ours in metrics.csv.
MEASURES = {
    "accuracy": "train_accuracy",
    "loss": "train_loss",
    "val_accuracy": "validation_accuracy",
    "val_loss": "validation_loss",
}


class EpochLog(keras.callbacks.Callback):
    """Says a line and writes a row of metrics.csv an epoch; shows a bar within it on a terminal.

    Attributes:
        rows: the rows written so far.
    """

    def __init__(
        self,
        path: Path,
        *,
        epochs: int,
        num_slices: int,
        num_batches: int,
        say: Callable[[str], None],
    ) -> None:
        super().__init__()
        self.rows: list[dict[str, Any]] = []
        self._path = path
        self._epochs = epochs
        self._num_slices = num_slices
        self._num_batches = num_batches
        self._say = say

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Starts the clock and the bar."""
        self._started = time.monotonic()
        self._trained = 0.0
        self._bar = tqdm(
            total=self._num_batches,
            desc=f"epoch {epoch + 1}/{self._epochs}",
            unit="batch",
            leave=False,
            disable=not sys.stderr.isatty(),
        )

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Moves the bar."""
        self._bar.update()

    def on_test_begin(self, logs: Any = None) -> None:
        """Validation begins: the training part of the epoch is over."""
        self._trained = time.monotonic() - self._started
        self._bar.close()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Says the line, writes the row."""
        row: dict[str, Any] = {"epoch": epoch + 1}
        row |= {ours: round(float(logs[keras_name]), 6) for keras_name, ours in MEASURES.items()}
        row["slices_per_second"] = round(self._num_slices / self._trained, 1)
        row["seconds"] = round(time.monotonic() - self._started, 2)
        self.rows.append(row)
        with self._path.open("w" if epoch == 0 else "a", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(row))
            if epoch == 0:
                writer.writeheader()
            writer.writerow(row)
        self._say(
            f"epoch {epoch + 1:>{len(str(self._epochs))}}/{self._epochs}  "
            f"accuracy {row['train_accuracy']:.3f}  loss {row['train_loss']:.3f}  "
            f"validation accuracy {row['validation_accuracy']:.3f}  "
            f"loss {row['validation_loss']:.3f}  "
            f"{row['slices_per_second']:,.0f} slices/s  {row['seconds']:.0f} s"
        )


class KeepBest(keras.callbacks.Callback):
    """Saves the network whenever validation accuracy rises, or stays and its loss falls.

    Attributes:
        epoch: the best so far, from 1; 0 before the first.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.epoch = 0
        self._path = path
        self._best = (float("-inf"), float("-inf"))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Compares, and saves without the optimizer's state, which only going on would need."""
        reached = (logs["val_accuracy"], -logs["val_loss"])
        if self.epoch == 0 or reached > self._best:
            self._best, self.epoch = reached, epoch + 1
            without_optimizer = keras.Model(
                self.model.inputs, self.model.outputs, name=self.model.name
            )
            save(without_optimizer, self._path)


class EarlyStop(keras.callbacks.Callback):
    """Stops as the seed did: once validation accuracy and loss both pass their marks.

    Attributes:
        passed: whether they did.
    """

    def __init__(self, config: TrainConfig) -> None:
        super().__init__()
        self.passed = False
        self._accuracy = config.early_stop_accuracy
        self._loss = config.early_stop_loss

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Compares."""
        if logs["val_accuracy"] >= self._accuracy and logs["val_loss"] <= self._loss:
            self.passed = self.model.stop_training = True


def save(model: keras.Model, path: Path) -> None:
    """Saves a network; under its final name it is either whole or not there."""
    temporary = path.with_suffix(".tmp.keras")
    try:
        model.save(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
