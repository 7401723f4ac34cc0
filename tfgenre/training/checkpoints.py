"""A run's networks on disk: that of each epoch while it trains, the best, the last."""

from collections.abc import Callable, Sequence
from pathlib import Path

import keras

from tfgenre.training import multiworker, progress
from tfgenre.training.progress import EpochMetrics
from tfgenre.training.run_dir import RunDir


class Checkpoints:
    """Saves after each epoch, and finds what to go on with.

    The row in metrics.csv is written after the epoch's network, so the network of the last row is
    there, whole.
    """

    def __init__(self, run_dir: RunDir, *, keep_all: bool) -> None:
        self._run_dir = run_dir
        self._keep_all = keep_all

    def resume(self, say: Callable[[str], object]) -> tuple[keras.Model, list[EpochMetrics]] | None:
        """The network and rows of an unfinished run, None if there is none; says which it is.

        Raises:
            UserError: if metrics.csv is damaged.
        """
        if not (rows := progress.read_rows(self._run_dir.metrics)):
            return None
        path = self._run_dir.checkpoint(len(rows))
        try:
            model = keras.saving.load_model(path)
        except Exception as error:  # of a damaged file, Keras, zipfile and h5py raise all kinds
            said = str(error).partition("\n")[0]
            say(f"note: the run begins anew: {path} cannot be read ({said})")
            return None
        say(f"note: the run was stopped; it goes on after epoch {len(rows)}")
        return model, rows

    def catch_up(self, model: keras.Model, rows: Sequence[EpochMetrics]) -> None:
        """Saves what may be missing, if the run was stopped just before."""
        if rows and progress.best_epoch(rows) == len(rows):
            self._save_best(model)

    def save(self, model: keras.Model, rows: Sequence[EpochMetrics]) -> None:
        """Saves the network after the epoch of the last row, and then the rows."""
        epoch = len(rows)
        save(model, self._run_dir.checkpoint(epoch))
        progress.write_rows(self._run_dir.metrics, rows)
        if progress.best_epoch(rows) == epoch:
            self._save_best(model)
        if not self._keep_all:
            self._run_dir.checkpoint(epoch - 1).unlink(missing_ok=True)

    def finish(self, epoch: int) -> None:
        """The network after the last epoch becomes that of the run."""
        last = self._run_dir.checkpoint(epoch)
        if self._keep_all:
            self._run_dir.last_model.unlink(missing_ok=True)
            self._run_dir.last_model.hardlink_to(last)
        else:
            last.replace(self._run_dir.last_model)

    def _save_best(self, model: keras.Model) -> None:
        """Without the optimizer's state, which only going on would need."""
        without = keras.Model(model.inputs, model.outputs, name=model.name)
        save(without, self._run_dir.best_model)


def save(model: keras.Model, path: Path) -> None:
    """Saves a network; under its final name it is either whole or not there."""
    temporary = path.with_suffix(".tmp.keras")
    try:
        with multiworker.alone():
            model.save(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
