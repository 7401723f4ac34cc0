"""Saves a network within an epoch, so that a run that is stopped loses minutes, not hours."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import keras

from tfgenre.training.callbacks import check_loss


@dataclass(frozen=True)
class Place:
    """Where in an epoch a network was saved.

    Attributes:
        batches: how many batches it was trained on in that epoch.
        seconds: how long they took, in s.
        metrics: the values of the network's metric variables: sums over those batches.
        random_state: of each layer that draws random numbers.
    """

    batches: int = 0
    seconds: float = 0.0
    metrics: list[float] = field(default_factory=list)
    random_state: list[list[int]] = field(default_factory=list)


class WithinEpoch(keras.callbacks.Callback):
    """Continues an epoch at the place where it was stopped, and saves further places."""

    def __init__(
        self,
        start: Place,
        *,
        title: str,
        num_batches: int,
        minutes: float,
        random_state: Callable[[], list[list[int]]],
        save: Callable[[Place], object],
    ) -> None:
        """See the class.

        Args:
            start: where the epoch continues; its random state is that of the network already.
            title: names the epoch in errors.
            num_batches: of the whole epoch.
            minutes: how often to save; 0: never.
            random_state: gives that of the network.
            save: saves the network together with the place.
        """
        super().__init__()
        self._start, self._title, self._num_batches = start, title, num_batches
        self._minutes, self._random_state, self._save = minutes, random_state, save
        self._has_begun = False
        self._began = self._saved = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Saves if it is time.

        Raises:
            NotFiniteError: if it is time, and the loss is not finite.
        """
        if not self._has_begun and self._start.batches:
            self._add_metrics()
        self._has_begun = True
        done, now = self._start.batches + batch + 1, time.monotonic()
        is_time = self._minutes and now - self._saved >= 60 * self._minutes
        if is_time and done < self._num_batches:
            check_loss(float((logs or {})["loss"]), self._title)
            self._save(self._place(done, now - self._began))
            self._saved = time.monotonic()

    def _add_metrics(self) -> None:
        """Adds the sums of the batches before: the variables exist from the first batch on."""
        for variable, value in zip(self.model.metrics_variables, self._start.metrics, strict=True):
            variable.assign(variable + value)

    def _place(self, batches: int, seconds: float) -> Place:
        values = (keras.ops.convert_to_numpy(variable) for variable in self.model.metrics_variables)
        return Place(
            batches=batches,
            seconds=round(self._start.seconds + seconds, 2),
            metrics=[float(value) for value in values],
            random_state=self._random_state(),
        )
