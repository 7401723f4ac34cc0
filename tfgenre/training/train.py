"""Training: the network sees the training records, epoch by epoch, and is kept at its best.

An epoch is over when its row is in metrics.csv. Whatever stops a run, the same command goes on
after the last such epoch, with the network, the optimizer and the random numbers it would have had.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import keras
import numpy as np

from tfgenre.files import write_json
from tfgenre.records import contact_sheet, pipeline
from tfgenre.records.folder import Records
from tfgenre.training import hardware, multiworker, process_state, progress, summary
from tfgenre.training.callbacks import EpochWatch, check_loss
from tfgenre.training.checkpoints import Checkpoints
from tfgenre.training.config import TrainConfig
from tfgenre.training.data import TrainingData, find_training_data
from tfgenre.training.input_clock import InputClock, slices_a_second
from tfgenre.training.model import build_model
from tfgenre.training.optimizer import make_optimizer
from tfgenre.training.progress import EpochMetrics
from tfgenre.training.run_dir import RunDir
from tfgenre.training.summary import TensorBoardLog

_SLICES_SHOWN = 8
Say = Callable[[str], object]


def train(
    records: Records,
    run_dir: RunDir,
    config: TrainConfig,
    *,
    at_most: Sequence[int] | None = None,
    say: Say = print,
    ceiling_s: float = 2.0,
) -> dict[str, Any]:
    """Trains a network and leaves it, its metrics and its result in the run's folder.

    Args:
        records: a finished build.
        run_dir: where to, claimed already; an unfinished run that lies there is resumed.
        config: how.
        at_most: how many slices of each label to train on; None means all.
        say: takes a line of progress per epoch.
        ceiling_s: how long, at the end, the input alone is timed.

    Returns:
        The contents of result.json.

    Raises:
        UserError: if the records cannot be trained on, or the loss is no number any more.
    """
    with ExitStack() as stack:
        stack.enter_context(hardware.prepared(config.hardware, seed=config.pipeline.seed))
        worker = hardware.worker(config.hardware)
        stack.enter_context(multiworker.ending_together(worker))
        stack.enter_context(pipeline.naming_damage(records))
        data = find_training_data(
            records,
            config,
            cache_dir=run_dir.cache,
            worker=worker,
            at_most=at_most,
        )
        run = _Run(config, data, run_dir, say)
        run.train()
        ceiling = slices_a_second(data.epoch(0, config), seconds=ceiling_s) * worker.count
        result = summary.description(data, run.model, config) | {
            "epochs": len(run.rows),
            "stopped_early": progress.stops_early(run.rows, config),
            "best": run.rows[progress.best_epoch(run.rows) - 1],
            "seconds": round(sum(row["seconds"] for row in run.rows), 1),
            "input_wait_share": run.input_wait_share,
            "input_ceiling_slices_per_second": round(ceiling, 1),
            "peak_memory_mb": hardware.peak_memory_mb(),
            "peak_device_memory_mb": hardware.peak_device_memory_mb(),
        }
    if worker.is_chief:
        run.finish()
        write_json(run_dir.result, result)
    return result


class _Run:
    """A run under way.

    Attributes:
        model: the network.
        rows: of metrics.csv.
        clock: how long this command's epochs have waited for input, None if that is not measured.
        seconds_trained: how long they have trained.
    """

    def __init__(self, config: TrainConfig, data: TrainingData, run_dir: RunDir, say: Say) -> None:
        # TensorFlow has no clock where its ops must be deterministic.
        self.clock = None if process_state.has_op_determinism() else InputClock()
        self.seconds_trained = 0.0
        self._config, self._data, self._run_dir, self._say = config, data, run_dir, say
        self._checkpoints = Checkpoints(run_dir, keep_all=config.keep_checkpoints)
        with hardware.strategy(config.hardware):
            found = self._checkpoints.resume(say)
            self.model, self.rows = found or (compiled_model(config, data), list[EpochMetrics]())
        self._is_chief = data.worker.is_chief
        if self._is_chief:
            self._tensorboard = TensorBoardLog(run_dir)
            self._checkpoints.catch_up(self.model, self.rows)
        for line in summary.opening(data, self.model, config):
            say(line)

    @property
    def input_wait_share(self) -> float | None:
        """The share of the time trained in which a step waited for its slices; None if unknown."""
        if self.clock is None or not self.seconds_trained:
            return None
        return round(self.clock.seconds / self.seconds_trained, 4)

    def train(self) -> None:
        """Trains the epochs that are left."""
        if self._config.pipeline.augment.is_on and self._is_chief:
            self._show_slices()
        while len(self.rows) < self._config.total_epochs:
            if progress.stops_early(self.rows, self._config):
                return
            row = self._epoch(len(self.rows))
            self.rows.append(row)
            if self._is_chief:
                self._checkpoints.save(self.model, self.rows)
                self._tensorboard.epoch(row)
            self._say(summary.epoch_line(row, self._config))

    def finish(self) -> None:
        """Leaves what a finished run has."""
        self._checkpoints.finish(len(self.rows))

    def _epoch(self, epoch: int) -> EpochMetrics:
        config, part = self._config, epoch // self._config.epochs
        started = time.monotonic()
        _set_random_state(self.model, seed=config.pipeline.seed, epoch=epoch)
        if config.optimizer.learning_rate_schedule == "plateau":
            rate = progress.learning_rate(self.rows, config.optimizer)
            self.model.optimizer.learning_rate = rate
        batches = self._data.epoch(epoch, config)
        title = f"epoch {epoch + 1}/{config.total_epochs}"
        watch = EpochWatch(title, num_batches=self._data.num_batches[part])
        history = self.model.fit(
            self.clock.timed(batches) if self.clock else batches,
            validation_data=self._data.validation_batches,
            initial_epoch=epoch,
            epochs=epoch + 1,
            class_weight=self._data.class_weight,
            verbose=0,
            shuffle=False,  # the pipeline does
            callbacks=[watch],
        ).history
        check_loss(history["loss"][0], title)
        self.seconds_trained += watch.seconds_trained
        num_slices = self._data.slices_per_epoch(part, config)
        return {
            "epoch": epoch + 1,
            "train_accuracy": round(history["accuracy"][0], 6),
            "train_loss": round(history["loss"][0], 6),
            "validation_accuracy": round(history["val_accuracy"][0], 6),
            "validation_loss": round(history["val_loss"][0], 6),
            "learning_rate": _learning_rate(self.model),
            "slices_per_second": round(num_slices / watch.seconds_trained, 1),
            "seconds": round(time.monotonic() - started, 2),
        }

    def _show_slices(self) -> None:
        """Slices before and after they are varied, for TensorBoard and the report."""
        rows = []
        for name, augment in (("plain", False), ("augmented", True)):
            image, _ = next(iter(self._data.epoch(0, self._config, augment=augment)))
            images = image.numpy()[:_SLICES_SHOWN]
            self._tensorboard.slices(name, images)
            rows.append([one.tobytes() for one in images])
        sheet = contact_sheet.draw(rows, ["as they are", "as trained on"], title="")
        sheet.save(self._run_dir.augmented)


def compiled_model(config: TrainConfig, data: TrainingData) -> keras.Model:
    """A fresh network, ready for fit; the same weights for the same seed."""
    with process_state.seeded(config.pipeline.seed):
        model = build_model(config.model, num_genres=len(data.records.genres))
    num_steps = config.epochs * sum(data.num_batches)
    model.compile(
        optimizer=make_optimizer(config.optimizer, num_steps=num_steps),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=hardware.jit_compile(config.hardware),
    )
    return model


def _set_random_state(model: keras.Model, *, seed: int, epoch: int) -> None:
    """Gives dropout the same draws in an epoch whether or not the run was stopped before it."""
    for layer in model.layers:
        if generator := getattr(layer, "seed_generator", None):
            generator.state.assign(np.array([seed, epoch], "uint32"))


def _learning_rate(model: keras.Model) -> float:
    rate = keras.ops.convert_to_numpy(model.optimizer.learning_rate)  # maybe mirrored
    return float(f"{float(rate):.6g}")
