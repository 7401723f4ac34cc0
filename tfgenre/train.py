"""Training: the network sees the training records, epoch by epoch, and is kept at its best."""

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

import tfgenre
from tfgenre import pipeline
from tfgenre.callbacks import EarlyStop, EpochLog, KeepBest, save
from tfgenre.config import PipelineConfig, TrainConfig
from tfgenre.files import write_json
from tfgenre.manifest import Manifest
from tfgenre.model import build_model
from tfgenre.run_dir import RunDir

OPTIMIZERS = {
    "rmsprop": keras.optimizers.RMSprop,  # with the seed's decay of 0.9
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "sgd": keras.optimizers.SGD,
}


@dataclass(frozen=True)
class Data:
    """What a network is trained on: records, and what of them is read."""

    contents: Manifest
    training: pipeline.Source
    validation: pipeline.Source


def train(
    records_dir: Path,
    contents: Manifest,
    run_dir: RunDir,
    config: TrainConfig,
    *,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Trains a network and leaves it, its metrics and its result in the run's folder.

    Args:
        records_dir: a finished build.
        contents: its manifest.
        run_dir: where to, claimed already; what an unfinished run left there is replaced.
        config: how.
        say: takes a line of progress an epoch.

    Returns:
        The contents of result.json.

    Raises:
        UserError: if the records cannot be trained on.
    """
    started = time.monotonic()
    data = _find(records_dir, contents, config.pipeline)
    model = compiled_model(config, num_genres=len(contents.genres))
    for line in _opening(data, model, config.pipeline.slices_per_genre):
        say(line)
    log = EpochLog(
        run_dir.metrics,
        epochs=config.epochs,
        num_slices=data.training.num_slices,
        num_batches=data.training.num_batches(config.pipeline.batch_size),
        say=say,
    )
    best, early_stop = KeepBest(run_dir.best_model), EarlyStop(config)
    with pipeline.naming_damage(records_dir, contents):
        _fit(model, data, config, callbacks=[log, best, early_stop])
    save(model, run_dir.last_model)
    result = _describe(data, model) | {
        "epochs": len(log.rows),
        "stopped_early": early_stop.passed,
        "best": log.rows[best.epoch - 1],
        "seconds": round(time.monotonic() - started, 1),
        "peak_memory_mb": peak_memory_mb(),
    }
    write_json(run_dir.result, result)
    return result


def _find(records_dir: Path, contents: Manifest, config: PipelineConfig) -> Data:
    training, validation = (
        pipeline.source(records_dir, contents, split, slices_per_genre=config.slices_per_genre)
        for split in ("train", "validation")
    )
    return Data(contents, training, validation)


def _fit(
    model: keras.Model,
    data: Data,
    config: TrainConfig,
    *,
    callbacks: list[keras.callbacks.Callback],
) -> None:
    model.fit(
        pipeline.training_dataset(data.training, config.pipeline),
        validation_data=pipeline.validation_dataset(data.validation, config.pipeline.batch_size),
        epochs=config.epochs,
        verbose=0,
        shuffle=False,  # the pipeline does
        callbacks=callbacks,
    )


def compiled_model(config: TrainConfig, *, num_genres: int) -> keras.Model:
    """A fresh network, ready for fit; the same weights for the same seed."""
    keras.utils.set_random_seed(config.pipeline.seed)
    model = build_model(config.model, num_genres=num_genres)
    model.compile(
        optimizer=OPTIMIZERS[config.optimizer](config.learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def peak_memory_mb() -> int:
    """The largest resident size this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _describe(data: Data, model: keras.Model) -> dict[str, Any]:
    """What is trained on what, for result.json."""
    return {
        "genres": list(data.contents.genres),
        "split_by": data.contents.split_by,
        "train_slices": data.training.num_slices,
        "validation_slices": data.validation.num_slices,
        "weights": model.count_params(),
        "versions": {
            "tfgenre": tfgenre.__version__,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
    }


def _opening(data: Data, model: keras.Model, slices_per_genre: int) -> list[str]:
    """What is about to be trained on what, and what the user should know of it."""
    genres = data.contents.genres
    lines = [
        f"{data.training.num_slices:,} slices to train on, {data.validation.num_slices:,} to "
        f"validate, {len(genres)} genres, {model.count_params():,} weights"
    ]
    for genre in genres:
        have = sum(split.slices[genre] for split in data.contents.splits.values())
        if have < slices_per_genre:
            lines.append(
                f"note: {genre} has {have:,} slices, fewer than --slices_per_genre="
                f"{slices_per_genre:,}; all of them are used"
            )
    return lines
