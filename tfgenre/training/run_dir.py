"""The folder of a training run: the paths of its files, and readers for them."""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tfgenre import storage
from tfgenre.errors import UserError
from tfgenre.files import read_json
from tfgenre.records import manifest as manifests
from tfgenre.records.manifest import Manifest
from tfgenre.records.shards import sha256_of

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray

_TRAIN_AGAIN = "train again, with --overwrite or another --run_dir"


class RunDir:
    """The paths of a run's files, and readers for them."""

    def __init__(self, path: "str | os.PathLike[str]") -> None:
        self.path: Path = storage.to_folder(
            path.path if isinstance(path, RunDir) else path, what="run_dir", on_disk=True
        )
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

    def __str__(self) -> str:
        return str(self.path)

    def checkpoint(self, epoch: int) -> Path:
        """The path of the network after an epoch, with the optimizer's state."""
        return self.path / f"epoch-{epoch:04d}.keras"

    def checkpoint_within(self, epoch: int, batches: int) -> Path:
        """The path of the network after some batches of an epoch; a JSON file is beside it."""
        return self.path / f"epoch-{epoch:04d}-batch-{batches:09d}.keras"

    def evaluation(self, split: str) -> Path:
        """The path of the evaluation on a split."""
        return self.path / f"evaluation-{split}.json"

    def report(self, split: str) -> Path:
        """The path of the report on a split."""
        return self.path / ("report.html" if split == "test" else f"report-{split}.html")

    def read_manifest(self) -> Manifest:
        """The manifest of the records that the run was trained on.

        Raises:
            UserError: if this is not the folder of a run, or the manifest is damaged.
        """
        self._check()
        try:
            return manifests.read(self.path)
        except UserError as error:
            raise UserError(
                f"{self.path / manifests.NAME} is damaged or of another version: {_TRAIN_AGAIN}."
            ) from error

    def read_manifests(self) -> list[Manifest]:
        """One manifest for each network, see `read_manifest`."""
        return [self.read_manifest()]

    def check_finished(self) -> None:
        """Raises UserError if there is no trained network, or training was not finished."""
        self.read_manifest()
        self.read_result()

    def flags_text(self) -> str:
        """The contents of flags.cfg; OSError if it cannot be read."""
        return self.flags.read_text(errors="surrogateescape")

    def read_flags(self) -> dict[str, str]:
        """Everything that determines the run, by flag name; OSError if it cannot be read."""
        lines = self.flags_text().splitlines()
        return dict(
            line[2:].split("=", 1) for line in lines if line.startswith("--") and "=" in line
        )

    def read_vote(self) -> str:
        """How slices decide a song's genre: hard, or mean.

        Raises:
            UserError: if the run's flags cannot be read.
        """
        try:
            return self.read_flags().get("vote", "hard")  # earlier versions knew no other
        except OSError as error:
            raise UserError(
                f"{self.flags}, which says how slices decide, is missing or damaged: "
                "restore it, or give tfgenre_predict --vote=hard or --vote=mean."
            ) from error

    def read_records_dir(self) -> Path:
        """The folder of the records that the run was trained on; it may no longer exist.

        Raises:
            UserError: if the run's flags do not name it.
        """
        try:
            return storage.to_path(self.read_flags()["records_dir"])
        except (OSError, KeyError) as error:
            raise UserError(f"{self.flags} is missing or damaged: {_TRAIN_AGAIN}.") from error

    def read_result(self) -> dict[str, Any]:
        """The contents of result.json.

        Raises:
            UserError: if training was not finished, or the file is damaged.
        """
        if not self.result.exists():
            raise UserError(
                f"The run in {self.path} was not finished: run its tfgenre_train command again."
            )
        return read_json(self.result, advice=_TRAIN_AGAIN)

    def read_evaluation(self, split: str) -> dict[str, Any]:
        """The metrics of the network on a split.

        Raises:
            UserError: if the file is damaged.
        """
        return read_json(self.evaluation(split), advice="evaluate again, with tfgenre_evaluate")

    def load_best_model(self, *, num_genres: int) -> "keras.Model":
        """The network of the best epoch.

        Args:
            num_genres: the number of outputs it must have.

        Raises:
            UserError: if no epoch was finished, the file is damaged, or a weight is not finite.
        """
        import keras

        self._check()
        try:
            model = keras.saving.load_model(self.best_model)
        except Exception as error:  # Keras, zipfile and h5py raise many types for a damaged file
            raise UserError(f"{self.best_model} is damaged: {_TRAIN_AGAIN}.") from error
        if model.output_shape[-1] != num_genres:
            raise UserError(
                f"{self.best_model} is for {model.output_shape[-1]} genres, but {manifests.NAME} "
                f"beside it lists {num_genres}: {_TRAIN_AGAIN}."
            )
        if not has_finite_weights(model):
            raise self._not_finite()
        self.check_probabilities(model.predict_on_batch(_any_slice(model)))
        return model

    def digest(self) -> str:
        """Names the best network by its bytes."""
        return sha256_of(self.best_model)[:16]

    def write_best_model(self, path: Path, model: "keras.Model") -> None:
        """Writes the network of `load_best_model` to a file: the run's own, byte for byte."""
        shutil.copyfile(self.best_model, path)

    def check_probabilities(self, probabilities: "NDArray[np.floating]") -> None:
        """Raises UserError if the best network predicted NaN or infinity."""
        if not np.isfinite(probabilities).all():
            raise self._not_finite()

    def _not_finite(self) -> UserError:
        return UserError(
            f"{self.best_model} predicts nothing, as its weights or probabilities are infinite or "
            f"NaN: {_TRAIN_AGAIN}, with a lower --learning_rate or --clip_norm=1."
        )

    def _check(self) -> None:
        if not self.best_model.is_file():
            raise UserError(
                f"No trained network in {self.path} ({self.best_model.name} is missing): train one "
                "with tfgenre_train, or change --run_dir."
            )


def has_finite_weights(model: "keras.Model") -> bool:
    """Whether no weight of a network is NaN or infinite."""
    return all(np.isfinite(np.asarray(weight, "float32")).all() for weight in model.get_weights())


def _any_slice(model: "keras.Model") -> "NDArray[np.uint8]":
    """A batch of one slice that has all values."""
    shape = model.input_shape[1:]
    return np.arange(np.prod(shape)).reshape(1, *shape).astype(np.uint8)
