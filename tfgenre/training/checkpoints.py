"""A run's saved networks: checkpoints while it trains, the kept and the last."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import keras

from tfgenre.files import read_json, write_json
from tfgenre.training import multiworker, progress
from tfgenre.training.config import TrainConfig
from tfgenre.training.progress import EpochMetrics
from tfgenre.training.run_dir import RunDir, has_finite_weights
from tfgenre.training.within_epoch import Place


class Resumed(NamedTuple):
    """An unfinished run: its network, its rows so far, and where in the next epoch it is."""

    model: keras.Model
    rows: list[EpochMetrics]
    place: Place


class Checkpoints:
    """Saves a checkpoint after each epoch and within, and loads the one to resume from.

    An epoch's row in metrics.csv is written after its checkpoint, so the checkpoint of the last row
    exists and is complete.
    """

    def __init__(
        self,
        run_dir: RunDir,
        config: TrainConfig,
        *,
        complete: Callable[[keras.Model], keras.Model] = lambda model: model,
    ) -> None:
        """See the class.

        Args:
            run_dir: the folder of the run.
            config: says which epoch is kept, and whether all checkpoints are.
            complete: what is trained -> the network from slices to probabilities.
        """
        self._run_dir, self._config, self._complete = run_dir, config, complete

    def resume(self, say: Callable[[str], object]) -> Resumed | None:
        """Loads an unfinished run.

        Args:
            say: receives a line that says where the run resumes, or why it starts over.

        Returns:
            The run; None if it starts from its first epoch.

        Raises:
            UserError: if metrics.csv is damaged.
        """
        rows, unreadable = progress.read_rows(self._run_dir.metrics), ""
        for path in self._candidates(len(rows)):
            try:
                model, place = _load(path)
            except Exception as error:  # Keras, zipfile and h5py raise many types
                reason = str(error).partition("\n")[0]
                unreadable = f"{path} cannot be read ({reason})"
                continue
            after = f"{place.batches:,} batches of epoch {len(rows) + 1}"
            after = after if place.batches else f"epoch {len(rows)}"
            say(f"note: the run was stopped; it resumes after {after}")
            return Resumed(model, rows, place)
        if unreadable:
            say(f"note: the run starts over: {unreadable}")
        return None

    def catch_up(self, model: keras.Model, rows: Sequence[EpochMetrics]) -> None:
        """Saves the kept network again, in case the run was stopped before that."""
        if rows and progress.kept_epoch(rows, self._config) == len(rows):
            self._save_kept(model)

    def save(self, model: keras.Model, rows: Sequence[EpochMetrics]) -> None:
        """Saves the checkpoint of the last row's epoch, then the rows."""
        epoch = len(rows)
        save(model, self._run_dir.checkpoint(epoch))
        progress.write_rows(self._run_dir.metrics, rows)
        if progress.kept_epoch(rows, self._config) == epoch:
            self._save_kept(model)
        self._remove_within()
        if not self._config.keep_checkpoints:
            self._run_dir.checkpoint(epoch - 1).unlink(missing_ok=True)

    def save_within(self, model: keras.Model, epoch: int, place: Place) -> None:
        """Saves the checkpoint of a place in an epoch, and removes that of the place before."""
        path = self._run_dir.checkpoint_within(epoch, place.batches)
        write_json(path.with_suffix(".json"), asdict(place))
        save(model, path)  # the last to be written, so that all is there
        self._remove_within(other_than=path)

    def finish(self, epoch: int) -> None:
        """Makes the last epoch's checkpoint the run's last network."""
        last = self._run_dir.checkpoint(epoch)
        if self._config.keep_checkpoints:
            self._run_dir.last_model.unlink(missing_ok=True)
            self._run_dir.last_model.hardlink_to(last)
        else:
            last.replace(self._run_dir.last_model)

    def _candidates(self, epochs: int) -> Iterator[Path]:
        """The checkpoints to resume from after so many epochs, the latest first."""
        within = self._run_dir.path.glob(f"epoch-{epochs + 1:04d}-batch-*.json")
        yield from (path.with_suffix(".keras") for path in sorted(within, reverse=True))
        if epochs:
            yield self._run_dir.checkpoint(epochs)

    def _remove_within(self, *, other_than: Path | None = None) -> None:
        for path in self._run_dir.path.glob("epoch-????-batch-*"):
            if other_than is None or path.stem != other_than.stem:
                path.unlink(missing_ok=True)

    def _save_kept(self, model: keras.Model) -> None:
        """Saves without the optimizer's state, which only resuming needs."""
        model = self._complete(model)
        stateless = keras.Model(model.inputs, model.outputs, name=model.name)
        save(stateless, self._run_dir.best_model)


def _load(path: Path) -> tuple[keras.Model, Place]:
    """A checkpoint, and its place if it is within an epoch."""
    model = keras.saving.load_model(path)
    if not has_finite_weights(model):
        raise ValueError("weights are infinite or NaN")
    place = path.with_suffix(".json")
    return model, Place(**read_json(place, advice="")) if place.exists() else Place()


def save(model: keras.Model, path: Path) -> None:
    """Saves a network atomically: `path` is either complete or unchanged."""
    temporary = path.with_suffix(".tmp.keras")
    try:
        with multiworker.undistributed():
            model.save(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
