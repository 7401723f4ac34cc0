"""A run's saved networks: a checkpoint per epoch while it trains, the kept and the last."""

from collections.abc import Callable, Sequence
from pathlib import Path

import keras

from tfgenre.training import multiworker, progress
from tfgenre.training.config import TrainConfig
from tfgenre.training.progress import EpochMetrics
from tfgenre.training.run_dir import RunDir, has_finite_weights


class Checkpoints:
    """Saves a checkpoint after each epoch, and loads the one to resume from.

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

    def resume(self, say: Callable[[str], object]) -> tuple[keras.Model, list[EpochMetrics]] | None:
        """Loads the network and rows of an unfinished run.

        Args:
            say: receives a line that says where the run resumes, or why it starts over.

        Returns:
            The network and the rows; None if the run starts from its first epoch.

        Raises:
            UserError: if metrics.csv is damaged.
        """
        if not (rows := progress.read_rows(self._run_dir.metrics)):
            return None
        path = self._run_dir.checkpoint(len(rows))
        try:
            model = keras.saving.load_model(path)
            if not has_finite_weights(model):
                raise ValueError("weights are infinite or NaN")
        except Exception as error:  # Keras, zipfile and h5py raise many types for a damaged file
            reason = str(error).partition("\n")[0]
            say(f"note: the run starts over: {path} cannot be read ({reason})")
            return None
        say(f"note: the run was stopped; it resumes after epoch {len(rows)}")
        return model, rows

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
        if not self._config.keep_checkpoints:
            self._run_dir.checkpoint(epoch - 1).unlink(missing_ok=True)

    def finish(self, epoch: int) -> None:
        """Makes the last epoch's checkpoint the run's last network."""
        last = self._run_dir.checkpoint(epoch)
        if self._config.keep_checkpoints:
            self._run_dir.last_model.unlink(missing_ok=True)
            self._run_dir.last_model.hardlink_to(last)
        else:
            last.replace(self._run_dir.last_model)

    def _save_kept(self, model: keras.Model) -> None:
        """Saves without the optimizer's state, which only resuming needs."""
        model = self._complete(model)
        stateless = keras.Model(model.inputs, model.outputs, name=model.name)
        save(stateless, self._run_dir.best_model)


def save(model: keras.Model, path: Path) -> None:
    """Saves a network atomically: `path` is either complete or unchanged."""
    temporary = path.with_suffix(".tmp.keras")
    try:
        with multiworker.undistributed():
            model.save(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
