"""Exports a trained network for use without tfgenre, and measures what conversions lose."""

import math
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
from numpy.typing import NDArray

from tfgenre.config import TFLITE_FORMATS
from tfgenre.errors import UserError
from tfgenre.evaluation import evaluate
from tfgenre.export import conversions, graph_audio, saved_model
from tfgenre.export.folder import EXPORT_REPORT
from tfgenre.files import atomic_folder, write_json
from tfgenre.records import pipeline
from tfgenre.records.folder import Records
from tfgenre.records.manifest import Manifest
from tfgenre.training.run_dir import RunDir

_FILES = {
    "saved_model": "saved_model",
    "saved_model_tfio": "saved_model_tfio",
    "keras": "best.keras",
    "onnx": "network.onnx",
    "tflite": "network.tflite",
    "tflite_float16": "network-float16.tflite",
    "tflite_int8": "network-int8.tflite",
}
_SLICES_TO_COMPARE = 400
_SLICES_TO_CALIBRATE = 200
_BATCH_SIZE = 32


@dataclass(frozen=True)
class Loss:
    """What a conversion loses, measured on slices of the test split.

    Attributes:
        num_slices: the number of slices.
        slice_accuracy: the accuracy of the exported network.
        keras_slice_accuracy: the accuracy of the trained network.
        agreement: the share of slices for which both predict the same genre.
    """

    num_slices: int
    slice_accuracy: float
    keras_slice_accuracy: float
    agreement: float


@dataclass(frozen=True)
class Exported:
    """One exported file or folder.

    Attributes:
        file: its name in the folder of the export.
        bytes: its size.
        loss: what the conversion loses; None if that was not measured.
    """

    file: str
    bytes: int
    loss: Loss | None = None

    def line(self, name: str, folder: Path) -> str:
        """A line about the export, for a person.

        Args:
            name: the format.
            folder: the folder of the export.
        """
        text = f"{name}: {folder / self.file} ({self.bytes / 1e6:.{self.bytes < 10**7:d}f} MB)"
        if self.loss is None:
            return text
        return (
            f"{text}, slice accuracy {self.loss.slice_accuracy:.3f} (Keras "
            f"{self.loss.keras_slice_accuracy:.3f}), the same genre as Keras in "
            f"{self.loss.agreement:.1%} of {self.loss.num_slices:,} test slices"
        )


class _Slices(NamedTuple):
    """Images uint8 [slices, 128, 128, 1] and labels int64 [slices] of a split."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


def float32(network: keras.Model) -> keras.Model:
    """A copy of a network that computes in float32, whatever its dtype policy."""

    def rebuilt(layer: keras.Layer) -> keras.Layer:
        if isinstance(layer, keras.Model):
            return float32(layer)
        return type(layer).from_config(layer.get_config() | {"dtype": "float32"})

    found = keras.models.clone_model(network, clone_function=rebuilt)
    found.set_weights(network.get_weights())
    return found


def export(
    run_dir: RunDir, folder: Path, *, formats: Sequence[str], records: Records | None
) -> dict[str, Exported]:
    """Writes a run's best network in some formats, and export.json beside them.

    Args:
        run_dir: the run.
        folder: the folder to write; replaced if it exists.
        formats: of `config.EXPORT_FORMATS`.
        records: to measure what TensorFlow Lite formats lose, and to calibrate tflite_int8; None:
            losses are not measured.

    Returns:
        What was written, by format.

    Raises:
        UserError: if the run's network or the records are damaged, the records do not fit the
            network, tflite_int8 is requested without records, saved_model_tfio is requested and
            tensorflow-io does not load, or Keras does not run on TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise UserError(
            f"KERAS_BACKEND={keras.backend.backend()} cannot export: unset it. Networks that were "
            "trained on JAX load on TensorFlow too."
        )
    if "saved_model_tfio" in formats:
        graph_audio.check_tensorflow_io()
    manifests, vote = run_dir.read_manifests(), run_dir.read_vote()
    trained_on = manifests[0]
    slices = _slices_of(records, manifests, formats)
    best = run_dir.load_best_model(num_genres=len(trained_on.genres))
    network = float32(best)
    with tempfile.TemporaryDirectory() as scratch, atomic_folder(folder) as target:
        saved = Path(scratch, "saved_model")
        saved_model.save(network, saved, trained_on=trained_on, vote=vote)
        if "saved_model" in formats:
            shutil.copytree(saved, target / _FILES["saved_model"])
        if "saved_model_tfio" in formats:
            path = target / _FILES["saved_model_tfio"]
            saved_model.save(network, path, trained_on=trained_on, vote=vote, with_tfio=True)
        if "keras" in formats:
            run_dir.write_best_model(target / _FILES["keras"], best)
        if "onnx" in formats:
            conversions.to_onnx(network, target / _FILES["onnx"])
        losses = _write_tflite(best, saved, target, formats=formats, slices=slices)
        found = {name: _exported(target, name, losses.get(name)) for name in formats}
        write_json(target / EXPORT_REPORT, _report(run_dir, trained_on, found))
    return found


def _slices_of(
    records: Records | None, trained_on: Sequence[Manifest], formats: Sequence[str]
) -> dict[str, _Slices]:
    """Slices of the splits train and test, if the formats need them and the records have them."""
    needs_train = "tflite_int8" in formats
    if records is None:
        if needs_train:
            raise UserError(
                "--format=tflite_int8 needs the records that the network was trained on, to "
                "calibrate its ranges: give --records_dir."
            )
        return {}
    if set(formats).isdisjoint(TFLITE_FORMATS):
        return {}
    for manifest in trained_on:  # of several runs as one
        evaluate.check_fits(records, trained_on=manifest)
    found = {}
    if needs_train:
        found["train"] = _slices(records, "train", _SLICES_TO_CALIBRATE)
    if records.manifest.splits["test"].num_slices:
        found["test"] = _slices(records, "test", _SLICES_TO_COMPARE)
    return found


def _slices(records: Records, split: str, at_most: int) -> _Slices:
    source = records.source(split)
    source = source.partition(0, math.ceil(source.num_slices / at_most))
    with pipeline.translate_read_errors(records):
        batches = list(pipeline.validation_dataset(source, _BATCH_SIZE).as_numpy_iterator())
    images, labels = zip(*batches, strict=True)
    return _Slices(np.concatenate(images), np.concatenate(labels))


def _write_tflite(
    best: keras.Model,
    saved: Path,
    target: Path,
    *,
    formats: Sequence[str],
    slices: Mapping[str, _Slices],
) -> dict[str, Loss]:
    """Writes the TensorFlow Lite formats; returns their losses, if there are test slices."""
    losses = {}
    for name in set(formats) & set(TFLITE_FORMATS):
        examples = slices["train"].images if name == "tflite_int8" else ()
        content = conversions.to_tflite(saved, name, examples=examples)
        (target / _FILES[name]).write_bytes(content)
        if "test" in slices:
            losses[name] = _loss(name, best, content, slices["test"])
    return losses


def _loss(name: str, best: keras.Model, content: bytes, test: _Slices) -> Loss:
    trained = best.predict(test.images, batch_size=_BATCH_SIZE, verbose=0).argmax(axis=1)
    probabilities = conversions.run_tflite(content, test.images)
    if not np.isfinite(probabilities).all():
        raise UserError(
            f"--format={name} does not suit this network: what it would write predicts NaN or "
            "infinity for test slices. Leave it out."
        )
    exported = probabilities.argmax(axis=1)
    return Loss(
        num_slices=len(test.labels),
        slice_accuracy=float(np.mean(exported == test.labels)),
        keras_slice_accuracy=float(np.mean(trained == test.labels)),
        agreement=float(np.mean(exported == trained)),
    )


def _exported(target: Path, name: str, loss: Loss | None) -> Exported:
    path = target / _FILES[name]
    files = [path, *path.rglob("*")]
    return Exported(path.name, sum(file.stat().st_size for file in files if file.is_file()), loss)


def _report(run_dir: RunDir, trained_on: Manifest, found: Mapping[str, Exported]) -> dict[str, Any]:
    return {
        "run_dir": str(run_dir),
        "genres": list(trained_on.genres),
        "render": trained_on.config["render"],
        "vote": run_dir.read_vote(),
        "formats": {name: asdict(exported) for name, exported in found.items()},
    }
