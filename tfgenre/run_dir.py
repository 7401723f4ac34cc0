"""The folder of a training run: what lies in it, and the run's settings read back from it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfgenre import manifest
from tfgenre.errors import UserError
from tfgenre.manifest import Manifest
from tfgenre.records import write_atomically

if TYPE_CHECKING:
    import keras


class RunDir:
    """Names and readers of a run's files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.flags = path / "flags.cfg"
        self.metrics = path / "metrics.csv"
        self.best_model = path / "best.keras"
        self.last_model = path / "last.keras"
        self.result = path / "result.json"
        self.report = path / "report.html"

    def evaluation(self, split: str) -> Path:
        """Where the evaluation on a split lies."""
        return self.path / f"evaluation-{split}.json"

    def read_manifest(self) -> Manifest:
        """What the run was trained on: genres in label order, how songs are rendered and split.

        Raises:
            UserError: if this is not the folder of a run.
        """
        self._check()
        return manifest.read(self.path)

    def load_best_model(self) -> "keras.Model":
        """The network at its best epoch.

        Raises:
            UserError: if no epoch was finished, or the file is damaged.
        """
        import keras

        self._check()
        try:
            return keras.saving.load_model(self.best_model)
        except (OSError, ValueError, TypeError) as error:
            raise UserError(
                f"{self.best_model} is damaged ({error}): train again with another --run_dir."
            ) from error

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
        if self.flags.exists():
            self._check_same(flags, contents)
            return self.result.exists()
        self.path.mkdir(parents=True, exist_ok=True)
        dataset = contents.config["dataset"]
        lines = [
            "# Everything this run was trained with; the same command again:",
            f"#   tfgenre_train --flagfile={self.flags} --run_dir=ANOTHER",
            f"# The records hold the {dataset} collection, split by {contents.split_by}; "
            "manifest.json tells the rest.",
            *(f"--{name}={value}" for name, value in flags.items()),
        ]
        manifest.write(contents, self.path)
        write_atomically(self.flags, ("\n".join(lines) + "\n").encode())
        return False

    def discard(self) -> None:
        """Removes a run's files, and nothing else that lies in the folder."""
        files = [self.flags, self.metrics, self.best_model, self.last_model, self.result]
        files += [self.report, self.path / manifest.NAME, *self.path.glob("evaluation-*.json")]
        for file in files:
            file.unlink(missing_ok=True)

    def _check_same(self, flags: dict[str, str], contents: Manifest) -> None:
        lines = self.flags.read_text().splitlines()
        theirs = dict(line[2:].split("=", 1) for line in lines if line.startswith("--"))
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

    def _check(self) -> None:
        if not self.best_model.is_file():
            raise UserError(
                f"No trained network in {self.path} ({self.best_model.name} is missing): train one "
                "with tfgenre_train, or mend --run_dir."
            )


def read_json(path: Path) -> dict[str, Any]:
    """Reads a small JSON object."""
    values: dict[str, Any] = json.loads(path.read_text())
    return values


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Writes a small JSON object, whole or not at all."""
    write_atomically(path, json.dumps(values, indent=1, ensure_ascii=False).encode() + b"\n")
