"""The folder of a training run: what lies in it, and what its files say."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfgenre import storage
from tfgenre.errors import UserError
from tfgenre.files import read_json
from tfgenre.records import manifest as manifests
from tfgenre.records.manifest import Manifest

if TYPE_CHECKING:
    import keras

_TRAIN_AGAIN = "train again, with --overwrite or another --run_dir"


class RunDir:
    """Names and readers of a run's files."""

    def __init__(self, path: "str | os.PathLike[str]") -> None:
        self.path: Path = path.path if isinstance(path, RunDir) else storage.to_path(path)
        self.flags = self.path / "flags.cfg"
        self.metrics = self.path / "metrics.csv"
        self.best_model = self.path / "best.keras"
        self.last_model = self.path / "last.keras"
        self.result = self.path / "result.json"
        self.model_card = self.path / "model_card.md"
        self.augmented = self.path / "augmented.png"
        self.tensorboard = self.path / "tensorboard"
        self.cache = self.path / "cache"
        self.export = self.path / "export"

    def __fspath__(self) -> str:
        return str(self.path)

    def checkpoint(self, epoch: int) -> Path:
        """Where the network after an epoch lies, with the optimizer's state."""
        return self.path / f"epoch-{epoch:04d}.keras"

    def evaluation(self, split: str) -> Path:
        """Where the evaluation on a split lies."""
        return self.path / f"evaluation-{split}.json"

    def report(self, split: str) -> Path:
        """Where the report on a split lies."""
        return self.path / ("report.html" if split == "test" else f"report-{split}.html")

    def read_manifest(self) -> Manifest:
        """What the run was trained on: genres in label order, how songs are rendered and split.

        Raises:
            UserError: if this is not the folder of a run.
        """
        self._check()
        try:
            return manifests.read(self.path)
        except UserError as error:
            raise UserError(
                f"{self.path / manifests.NAME} is damaged or of another version: {_TRAIN_AGAIN}."
            ) from error

    def read_flags(self) -> dict[str, str]:
        """All that decides the run, by flag name.

        Raises:
            OSError: if the file cannot be read.
        """
        lines = self.flags.read_text(errors="surrogateescape").splitlines()
        return dict(
            line[2:].split("=", 1) for line in lines if line.startswith("--") and "=" in line
        )

    def read_records_dir(self) -> Path:
        """The folder of the records that the run was trained on; it may not be there any more.

        Raises:
            UserError: if the run's flags do not name it.
        """
        try:
            return storage.to_path(self.read_flags()["records_dir"])
        except (OSError, KeyError) as error:
            raise UserError(f"{self.flags} is missing or damaged: {_TRAIN_AGAIN}.") from error

    def read_result(self) -> dict[str, Any]:
        """The result of the finished training.

        Raises:
            UserError: if training was not finished.
        """
        if not self.result.exists():
            raise UserError(
                f"The run in {self.path} was not finished: give its tfgenre_train command again."
            )
        return read_json(self.result, advice=_TRAIN_AGAIN)

    def read_evaluation(self, split: str) -> dict[str, Any]:
        """What the network scored on a split.

        Raises:
            UserError: if the file is damaged.
        """
        return read_json(self.evaluation(split), advice="evaluate again, with tfgenre_evaluate")

    def load_best_model(self, *, num_genres: int) -> "keras.Model":
        """The network at its best epoch.

        Args:
            num_genres: how many it must tell apart.

        Raises:
            UserError: if no epoch was finished, or the file is damaged.
        """
        import keras

        self._check()
        try:
            model = keras.saving.load_model(self.best_model)
        except Exception as error:  # of a damaged file, Keras, zipfile and h5py raise all kinds
            raise UserError(f"{self.best_model} is damaged: {_TRAIN_AGAIN}.") from error
        if model.output_shape[-1] != num_genres:
            raise UserError(
                f"{self.best_model} tells {model.output_shape[-1]} genres apart, but "
                f"{manifests.NAME} beside it lists {num_genres}: {_TRAIN_AGAIN}."
            )
        return model

    def _check(self) -> None:
        if not self.best_model.is_file():
            raise UserError(
                f"No trained network in {self.path} ({self.best_model.name} is missing): train one "
                "with tfgenre_train, or change --run_dir."
            )
