"""Summaries of a training run: printed lines, the contents of result.json, TensorBoard events."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tfgenre.text import one_line
from tfgenre.training import hardware
from tfgenre.training.config import TrainConfig
from tfgenre.training.data import TrainingData
from tfgenre.training.progress import EpochMetrics
from tfgenre.training.run_dir import RunDir
from tfgenre.version import __version__


def start_lines(data: TrainingData, model: keras.Model, config: TrainConfig) -> list[str]:
    """The lines printed before training: the data, the network, the hardware, and notes."""
    genres, cap = data.records.genres, config.pipeline.slices_per_genre
    lines = [
        f"{data.num_slices:,} training slices, {_num_validation(data):,} validation slices, "
        f"{len(genres)} genres, {model.count_params():,} weights, "
        f"{hardware.precision(config.hardware)} on {hardware.name()}"
    ]
    if data.worker.count > 1:
        lines.append(f"worker {data.worker.index} of {data.worker.count}")
    if config.pipeline.sampling == "artist" and data.training[0].weights is None:
        lines.append(
            "note: no training song has a known artist, so --sampling=artist reads each slice once "
            "an epoch, as --sampling=slice does"
        )
    counts = {
        genre: sum(split.slices[genre] for split in data.records.manifest.splits.values())
        for genre in genres
    }
    if few := [f"{one_line(genre)} ({count:,})" for genre, count in counts.items() if count < cap]:
        lines.append(
            f"note: genres with fewer than --slices_per_genre={cap:,} slices, all of which are "
            f"used: {', '.join(few)}"
        )
    return lines


def epoch_line(row: EpochMetrics, config: TrainConfig) -> str:
    """One line about an epoch."""
    width, accuracy = len(str(config.total_epochs)), row["validation_accuracy"]
    validation = (
        ""
        if accuracy is None
        else f"validation accuracy {accuracy:.3f}  loss {row['validation_loss']:.3f}  "
    )
    return (
        f"epoch {row['epoch']:>{width}}/{config.total_epochs}  "
        f"accuracy {row['train_accuracy']:.3f}  loss {row['train_loss']:.3f}  {validation}"
        f"{row['slices_per_second']:,.0f} slices/s  {row['seconds']:.0f} s"
    )


def description(data: TrainingData, model: keras.Model, config: TrainConfig) -> dict[str, Any]:
    """The data, network and environment of a run, for result.json."""
    return {
        "genres": list(data.records.genres),
        "split_by": data.records.manifest.split_by,
        "train_slices": data.num_slices,
        "validation_slices": _num_validation(data),
        "device": hardware.name(),
        "workers": data.worker.count,
        "precision": hardware.precision(config.hardware),
        "versions": {
            "tfgenre": __version__,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "backend": keras.backend.backend(),
        },
    }


def _num_validation(data: TrainingData) -> int:
    return data.validation.num_slices if data.validation else 0


class TensorBoardLog:
    """Writes TensorBoard events to the run's folder."""

    def __init__(self, run_dir: RunDir) -> None:
        self._writer = tf.summary.create_file_writer(str(run_dir.tensorboard))

    def epoch(self, row: EpochMetrics) -> None:
        """Writes an epoch's metrics."""
        with self._writer.as_default(step=row["epoch"]):
            for name, value in row.items():
                if name != "epoch" and value is not None:
                    tf.summary.scalar(name, value)
        self._writer.flush()

    def slices(self, name: str, images: NDArray[np.uint8]) -> None:
        """Writes example slices, uint8 [slices, 128, 128, 1]."""
        with self._writer.as_default(step=0):
            tf.summary.image(name, images, max_outputs=len(images))
