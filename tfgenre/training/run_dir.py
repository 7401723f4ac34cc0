"""The folder of a training run: what lies in it, and the run's settings read back from it."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfgenre.errors import UserError
from tfgenre.files import read_json, write_atomically
from tfgenre.records import manifest, sampling
from tfgenre.records.manifest import Manifest

if TYPE_CHECKING:
    import keras


_TRAIN_AGAIN = "train again, with --overwrite or another --run_dir"


class RunDir:
    """Names and readers of a run's files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.flags = path / "flags.cfg"
        self.metrics = path / "metrics.csv"
        self.best_model = path / "best.keras"
        self.last_model = path / "last.keras"
        self.result = path / "result.json"
        self.model_card = path / "model_card.md"
        self.augmented = path / "augmented.png"
        self.tensorboard = path / "tensorboard"
        self.cache = path / "cache"
        self.export = path / "export"

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
            return manifest.read(self.path)
        except UserError as error:
            raise UserError(
                f"{self.path / manifest.NAME} is damaged or of another version: {_TRAIN_AGAIN}."
            ) from error

    def read_result(self) -> dict[str, Any]:
        """What the finished training came to.

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
                f"{manifest.NAME} beside it lists {num_genres}: {_TRAIN_AGAIN}."
            )
        return model

    def claim(self, flags: dict[str, str], contents: Manifest) -> bool:
        """Makes the folder this run's, unless it holds another's.

        Args:
            flags: all that decides the run, by flag name.
            contents: the records it is trained on.

        Returns:
            Whether the run is finished already.

        Raises:
            UserError: if the folder holds a run that differs in its flags or records.
        """
        self._refuse_records()
        if self.flags.exists():
            self._check_same(flags, contents)
            return self.result.exists()
        self.path.mkdir(parents=True, exist_ok=True)
        lines = [
            "# Everything this run was trained with; the same command again:",
            f"#   tfgenre_train --flagfile={self.flags} --run_dir=ANOTHER",
            f"# The records hold the {contents.dataset} collection, split by {contents.split_by}; "
            "manifest.json tells the rest.",
            *(f"--{name}={value}" for name, value in flags.items()),
        ]
        text = "\n".join(lines) + "\n"
        # All workers of a run may write the same here at once.
        manifest.write(contents, self.path, scratch=self.path)
        write_atomically(self.flags, text.encode(errors="surrogateescape"), scratch=self.path)
        return False

    def discard(self) -> None:
        """Removes a run's files; files with other names stay."""
        self._refuse_records()
        files = [self.flags, self.metrics, self.best_model, self.last_model, self.result]
        files += [self.augmented, self.model_card, *self.path.glob("epoch-????.keras")]
        files += [
            self.report("test"),
            self.path / manifest.NAME,
            *self.path.glob("evaluation-*.json"),
        ]
        files += self.path.glob("report-*.html")
        for file in files:
            file.unlink(missing_ok=True)
        for folder in (self.tensorboard, self.cache, self.export):
            shutil.rmtree(folder, ignore_errors=True)

    def _check_same(self, flags: dict[str, str], contents: Manifest) -> None:
        lines = self.flags.read_text(errors="surrogateescape").splitlines()
        theirs = dict(
            line[2:].split("=", 1) for line in lines if line.startswith("--") and "=" in line
        )
        differing = [
            f"--{name} ({theirs.get(name)} there, {value} asked for)"
            for name, value in flags.items()
            if name != "run_dir" and theirs.get(name) != value
        ]
        if not differing and manifest.read(self.path) != contents:
            differing = ["the records it was trained on"]
        if differing:
            raise UserError(
                f"{self.path} holds a run that differs in {'; '.join(differing)}: give another "
                "--run_dir, or --overwrite to replace it."
            )

    def _refuse_records(self) -> None:
        if (self.path / sampling.NAME).exists():
            raise UserError(
                f"--run_dir={self.path} holds records: a run needs a folder of its own."
            )

    def _check(self) -> None:
        if not self.best_model.is_file():
            raise UserError(
                f"No trained network in {self.path} ({self.best_model.name} is missing): train one "
                "with tfgenre_train, or mend --run_dir."
            )
