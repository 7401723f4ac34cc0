"""What happens within an epoch: a bar, a clock, and a look at whether the loss is a number."""

import math
import sys
import time
from typing import Any

import keras
from tqdm import tqdm

from tfgenre.errors import UserError

_LOOK_EVERY = 50  # batches: to look at the loss is to wait for it


class EpochWatch(keras.callbacks.Callback):
    """Watches one epoch.

    Attributes:
        seconds_trained: how long it took, without validation.
    """

    def __init__(self, title: str, *, num_batches: int) -> None:
        super().__init__()
        self.seconds_trained = 0.0
        self._title = title
        self._num_batches = num_batches

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Starts the clock and the bar."""
        self._started = time.monotonic()
        self._bar = tqdm(
            total=self._num_batches,
            desc=self._title,
            unit="batch",
            leave=False,
            disable=not sys.stderr.isatty(),
        )

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Moves the bar.

        Raises:
            UserError: if the loss is no number any more.
        """
        self._bar.update()
        if batch % _LOOK_EVERY == 0:
            check_loss(float(logs["loss"]), self._title)

    def on_test_begin(self, logs: Any = None) -> None:
        """Validation begins: the training part of the epoch is over."""
        self.seconds_trained = time.monotonic() - self._started
        self._bar.close()


def check_loss(loss: float, where: str) -> None:
    """Raises UserError if a loss is no number, or an infinite one."""
    if not math.isfinite(loss):
        raise UserError(
            f"The loss became {loss} in {where}: give a lower --learning_rate, or --clip_norm=1. "
            "The networks of the epochs before are kept."
        )
