"""Trains a network epoch by epoch, and keeps the best or the last one.

An epoch is finished when its row is in metrics.csv. Whatever stops a run, the same command resumes
it at its last checkpoint, with the same weights, optimizer state, random numbers and metrics.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from tfgenre.files import write_json
from tfgenre.records import pipeline
from tfgenre.records.folder import Records
from tfgenre.training import hardware, multiworker, process_state, progress, summary
from tfgenre.training.callbacks import EpochWatch, NotFiniteError, check_loss, check_weights
from tfgenre.training.checkpoints import Checkpoints, Resumed
from tfgenre.training.compiled import (
    compiled_model,
    learning_rate,
    random_state,
    set_random_state,
    with_augmentation,
)
from tfgenre.training.config import TrainConfig
from tfgenre.training.data import TrainingData, find_training_data
from tfgenre.training.examples import save_examples
from tfgenre.training.frozen import Base, base_of
from tfgenre.training.initial import origin
from tfgenre.training.input_clock import InputClock, slices_per_second
from tfgenre.training.progress import EpochMetrics
from tfgenre.training.run_dir import RunDir
from tfgenre.training.summary import TensorBoardLog
from tfgenre.training.within_epoch import Place, WithinEpoch

Say = Callable[[str], object]


def train(
    records: Records,
    run_dir: RunDir,
    config: TrainConfig,
    *,
    at_most: Sequence[int] | None = None,
    say: Say = print,
    ceiling_s: float = 0.5,
) -> dict[str, Any]:
    """Trains a network, and writes it, its metrics and its result to the run's folder.

    Args:
        records: a finished build.
        run_dir: the folder, already claimed; an unfinished run in it is resumed.
        config: how to train.
        at_most: how many slices of each label to train on; None means all.
        say: receives lines of progress, one per epoch.
        ceiling_s: how long to measure the throughput of the input alone at the end, in s.

    Returns:
        The contents of result.json.

    Raises:
        UserError: if the records cannot be used for training, or a loss or weight became NaN or
            infinite in the first epoch. In a later one, that ends the run early.
    """
    with ExitStack() as stack:
        stack.enter_context(hardware.prepared(config.hardware, seed=config.pipeline.seed))
        worker = hardware.worker(config.hardware)
        stack.enter_context(multiworker.exit_on_failure(worker))
        stack.enter_context(pipeline.translate_read_errors(records))
        base, start = base_of(config, records, worker), origin(config.model)
        if base is not None:
            say(f"the features of all slices are computed first, with {start}")
        elif start is not None:
            say(f"training starts from {start}")
        data = find_training_data(
            records,
            config,
            cache_dir=run_dir.cache,
            worker=worker,
            at_most=at_most,
            compute=base,
        )
        if base is not None:
            base.close()
        config = config.lengthened(sum(data.num_batches))
        run = _Run(config, data, run_dir, say, base)
        run.train()
        ceiling = slices_per_second(data.epoch(0, config), seconds=ceiling_s) * worker.count
        result = summary.description(data, run.model, config) | {
            "pretrained": start,
            "frozen": base is not None,
            "weights": run.num_weights,
            "epochs": len(run.rows),
            "stopped_early": run.stopped_early,
            "best": run.rows[progress.kept_epoch(run.rows, config) - 1],
            "kept": "last" if progress.keeps_last(run.rows, config) else "best",
            "vote": config.vote,
            "seconds": round(sum(row["seconds"] for row in run.rows), 1),
            "input_wait_share": run.input_wait_share,
            "input_ceiling_slices_per_second": round(ceiling, 1),
            "peak_memory_mb": hardware.peak_memory_mb(),
            "peak_device_memory_mb": hardware.peak_device_memory_mb(),
        }
    with multiworker.exit_on_failure(worker):
        if worker.is_chief:
            run.finish()
            write_json(run_dir.result, result)
        multiworker.wait_for_all(worker)  # other workers read the result, too
    return result


class _Run:
    """A run in progress.

    Attributes:
        model: the network.
        rows: the rows of metrics.csv.
        clock: how long this process has waited for input; None if that is not measured.
        seconds_trained: how long this process has trained.
        stopped_early: why training stopped before its last epoch; "" if it did not.
    """

    def __init__(
        self,
        config: TrainConfig,
        data: TrainingData,
        run_dir: RunDir,
        say: Say,
        base: Base | None,
    ) -> None:
        # With op determinism, TensorFlow refuses to read the clock.
        self.clock = None if process_state.has_op_determinism() else InputClock()
        self.seconds_trained = 0.0
        self.stopped_early = ""
        self._config, self._data, self._run_dir, self._say = config, data, run_dir, say
        self._base = base
        self._checkpoints = (
            Checkpoints(run_dir, config, complete=base.joined)
            if base
            else Checkpoints(run_dir, config)
        )
        with hardware.strategy(config.hardware):
            resumed = self._checkpoints.resume(say)
            self.model, self.rows, self._place = resumed or Resumed(
                compiled_model(config, data, base), [], Place()
            )
            self._fitted = with_augmentation(self.model, config, data)
        self._is_chief = data.worker.is_chief
        if self._is_chief:
            self._tensorboard = TensorBoardLog(run_dir)
            self._checkpoints.catch_up(self.model, self.rows)
        for line in summary.start_lines(data, self.model, config):
            say(line)

    @property
    def num_weights(self) -> int:
        """The number of weights of the run's network, trained or not."""
        kept = self._base.network.count_params() if self._base else 0
        return int(self.model.count_params() + kept)

    @property
    def input_wait_share(self) -> float | None:
        """The share of training time that was spent waiting for slices; None if unknown."""
        if self.clock is None or not self.seconds_trained:
            return None
        return round(self.clock.seconds / self.seconds_trained, 4)

    def train(self) -> None:
        """Trains the remaining epochs."""
        if self._config.augment.is_on and self._is_chief:
            batches = self._data.epoch(0, self._config)
            save_examples(batches, self._config.augment, self._run_dir, self._tensorboard)
        self.stopped_early = progress.stops_early(self.rows, self._config)
        while len(self.rows) < self._config.total_epochs and not self.stopped_early:
            try:
                row = self._epoch(len(self.rows))
            except NotFiniteError as error:
                if not self.rows:
                    raise
                self.stopped_early = error.seen
                self._say(f"note: {error.seen}: training ends; the epochs before it are kept")
                return
            self._keep(row)
            self.stopped_early = progress.stops_early(self.rows, self._config)

    def _keep(self, row: EpochMetrics) -> None:
        """Saves a finished epoch."""
        self.rows.append(row)
        if self._is_chief:
            self._checkpoints.save(self.model, self.rows)
            self._tensorboard.epoch(row)
        self._say(summary.epoch_line(row, self._config))

    def finish(self) -> None:
        """Saves the last network."""
        self._checkpoints.finish(len(self.rows))

    def _epoch(self, epoch: int) -> EpochMetrics:
        config, part = self._config, epoch // self._config.epochs
        started = time.monotonic()
        start, self._place = self._place, Place()
        seed, state = config.pipeline.seed, start.random_state
        set_random_state(self.model, seed=seed, epoch=epoch, state=state)
        if config.optimizer.learning_rate_schedule == "plateau":
            rate = progress.learning_rate(self.rows, config.optimizer)
            self.model.optimizer.learning_rate = rate
        batches = self._data.epoch(epoch, config, start=start.batches, clock=self.clock)
        title, num_batches = (
            f"epoch {epoch + 1}/{config.total_epochs}",
            self._data.num_batches[part],
        )
        watch = EpochWatch(title, num_batches=num_batches, start=start.batches)
        within = WithinEpoch(
            start,
            title=title,
            num_batches=num_batches,
            minutes=config.checkpoint_minutes if self._is_chief else 0,
            random_state=lambda: random_state(self.model),
            save=lambda place: self._checkpoints.save_within(self.model, epoch + 1, place),
        )
        history = self._fitted.fit(
            batches,
            validation_data=self._data.validation_batches,
            initial_epoch=epoch,
            epochs=epoch + 1,
            class_weight=self._data.class_weight,
            verbose=0,
            shuffle=False,  # the pipeline does
            callbacks=[watch, within],
        ).history
        check_loss(history["loss"][0], title)
        check_weights(self.model, title)
        accuracy, loss = (history.get(f"val_{name}", [None])[0] for name in ("accuracy", "loss"))
        if loss is not None:
            check_loss(loss, title, name="validation loss")
        self.seconds_trained += watch.seconds_trained
        seconds_trained = start.seconds + watch.seconds_trained
        num_slices = self._data.slices_per_epoch(part, config)
        return {
            "epoch": epoch + 1,
            "train_accuracy": round(history["accuracy"][0], 6),
            "train_loss": round(history["loss"][0], 6),
            "validation_accuracy": accuracy and round(accuracy, 6),
            "validation_loss": loss and round(loss, 6),
            "learning_rate": learning_rate(self.model),
            "slices_per_second": round(num_slices / seconds_trained, 1),
            "seconds": round(start.seconds + time.monotonic() - started, 2),
        }
