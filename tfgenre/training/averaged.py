"""Several runs as one: the mean of their networks' probabilities."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfgenre.errors import UserError
from tfgenre.records.manifest import Manifest
from tfgenre.spectrogram.slices import SLICE_SIZE
from tfgenre.storage import AnyPath
from tfgenre.training.run_dir import RunDir

if TYPE_CHECKING:
    import keras


def open_runs(run_dir: AnyPath | Iterable[AnyPath]) -> RunDir:
    """The folder of a run; or of several as one, if several are given.

    Raises:
        UserError: if none is given.
    """
    if isinstance(run_dir, (str, os.PathLike)):
        return run_dir if isinstance(run_dir, RunDir) else RunDir(run_dir)
    runs = [RunDir(path) for path in run_dir]
    if not runs:
        raise UserError("run_dir must name one run or more, got none.")
    return runs[0] if len(runs) == 1 else AveragedRuns(runs)


class AveragedRuns(RunDir):
    """Runs whose probabilities are averaged; what is written about them goes to a folder A+B.

    Attributes:
        runs: the runs, two or more.
    """

    def __init__(self, runs: Sequence[RunDir]) -> None:
        """The folder is beside the first run, and is made when something is written."""
        super().__init__(runs[0].path.parent / "+".join(run.path.name for run in runs))
        self.runs = tuple(runs)

    def __str__(self) -> str:
        return ",".join(map(str, self.runs))

    def read_manifests(self) -> list[Manifest]:
        """See `RunDir`.

        Raises:
            UserError: if their genres or rendering differ.
        """
        manifests = [run.read_manifest() for run in self.runs]
        first = manifests[0]
        for run, other in zip(self.runs, manifests, strict=True):
            for name, expected, received in (
                ("genres", first.genres, other.genres),
                ("rendering", first.config["render"], other.config["render"]),
            ):
                if received != expected:
                    raise UserError(
                        "--run_dir must name runs of the same genres and rendering, got the "
                        f"{name} {expected} in {self.runs[0]} and {received} in {run}."
                    )
        return manifests

    def read_manifest(self) -> Manifest:
        """That of the first run."""
        return self.read_manifests()[0]

    def flags_text(self) -> str:
        """See `RunDir`."""
        return "\n".join(f"# {run}\n{run.flags_text()}" for run in self.runs)

    def read_vote(self) -> str:
        """See `RunDir`; mean if the runs differ."""
        votes = {run.read_vote() for run in self.runs}
        return votes.pop() if len(votes) == 1 else "mean"

    def read_records_dir(self) -> Path:
        """Those of the first run."""
        return self.runs[0].read_records_dir()

    def read_result(self) -> dict[str, Any]:
        """The first run's, with the weights and seconds of all, and `averaged`, their folders."""
        results = [run.read_result() for run in self.runs]
        sums = {name: sum(result[name] for result in results) for name in ("weights", "seconds")}
        return results[0] | sums | {"averaged": [str(run) for run in self.runs]}

    def load_best_model(self, *, num_genres: int) -> "keras.Model":
        """A network that returns the mean of the runs' probabilities."""
        import keras

        models = [run.load_best_model(num_genres=num_genres) for run in self.runs]
        named = [
            keras.Model(model.inputs[0], model.outputs[0], name=f"run_{number}")
            for number, model in enumerate(models)
        ]
        image = keras.Input((SLICE_SIZE, SLICE_SIZE, 1), dtype="uint8", name="image")
        mean = keras.layers.Average(dtype="float32")([model(image) for model in named])
        return keras.Model(image, mean, name="averaged")

    def digest(self) -> str:
        """See `RunDir`."""
        return "+".join(run.digest() for run in self.runs)

    def write_best_model(self, path: Path, model: "keras.Model") -> None:
        """See `RunDir`; there is no file to copy."""
        model.save(path)

    def _not_finite(self) -> UserError:
        return UserError(
            f"The networks of --run_dir={self} predict infinity or NaN: evaluate each by itself."
        )
