"""The callback of an epoch: a progress bar and timing; checks that loss and weights are finite."""

import math
import sys
import time
from typing import Any

import keras
from tqdm import tqdm

from tfgenre.errors import UserError
from tfgenre.training.run_dir import has_finite_weights

_CHECK_EVERY = 50  # batches: reading the loss waits for the device


class EpochWatch(keras.callbacks.Callback):
    """Watches one epoch.

    Attributes:
        seconds_trained: the duration of the epoch without validation, in s.
    """

    def __init__(self, title: str, *, num_batches: int, start: int = 0) -> None:
        super().__init__()
        self.seconds_trained = 0.0
        self._title = title
        self._num_batches, self._start = num_batches, start

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Starts timing and the progress bar."""
        self._started, self._done = time.monotonic(), 0
        self._bar = tqdm(
            total=self._num_batches,
            initial=self._start,
            desc=self._title,
            unit="batch",
            leave=False,
            disable=not sys.stderr.isatty(),
        )

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Advances the progress bar, and checks the loss now and then.

        Args:
            batch: the number of the last batch of the step, which may be several.
            logs: has the mean loss so far.

        Raises:
            NotFiniteError: if the loss is not finite.
        """
        if self._done % _CHECK_EVERY == 0:
            check_loss(float(logs["loss"]), self._title)
        self._bar.update(batch + 1 - self._done)
        self._done = batch + 1

    def on_test_begin(self, logs: Any = None) -> None:
        """Stops timing when validation begins."""
        self._stop()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Stops timing if there was no validation."""
        if not self.seconds_trained:
            self._stop()

    def _stop(self) -> None:
        self.seconds_trained = time.monotonic() - self._started
        self._bar.close()


class NotFiniteError(UserError):
    """An epoch in which a loss or weight became NaN or infinite; it is not kept.

    Attributes:
        seen: what became of what, and when.
    """

    def __init__(self, seen: str) -> None:
        super().__init__(
            f"{seen}: no epoch can be kept. Train again, with --overwrite and a lower "
            "--learning_rate, --clip_norm=1 or --precision=float32."
        )
        self.seen = seen


def check_loss(loss: float, where: str, *, name: str = "loss") -> None:
    """Raises NotFiniteError if a loss is NaN or infinite."""
    if not math.isfinite(loss):
        raise NotFiniteError(f"The {name} became {loss} in {where}")


def check_weights(model: keras.Model, where: str) -> None:
    """Raises NotFiniteError if a weight is NaN or infinite, as after a last step too large."""
    if not has_finite_weights(model):
        raise NotFiniteError(f"Weights became infinite or NaN in {where}")
