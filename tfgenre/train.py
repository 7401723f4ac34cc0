"""Training: the network sees the training records, epoch by epoch, and is kept at its best."""

import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

import tfgenre
from tfgenre import manifest, pipeline
from tfgenre.callbacks import EarlyStop, EpochLog, KeepBest, save
from tfgenre.config import TrainConfig
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


def train(
    records_dir: Path, run_dir: RunDir, config: TrainConfig, *, say: Callable[[str], None] = print
) -> dict[str, Any]:
    """Trains a network and leaves it, its metrics and its result in the run's folder.

    Args:
        records_dir: a finished build.
        run_dir: where to, claimed already; what an unfinished run left there is replaced.
        config: how.
        say: takes a line of progress an epoch.

    Returns:
        The contents of result.json.

    Raises:
        UserError: if the records cannot be trained on.
    """
    started = time.monotonic()
    contents = manifest.read(records_dir)
    cap = config.pipeline.slices_per_genre
    training = pipeline.source(records_dir, contents, "train", slices_per_genre=cap)
    validation = pipeline.source(records_dir, contents, "validation", slices_per_genre=cap)
    model = compiled_model(config, num_genres=len(contents.genres))
    for line in _opening(contents, training, validation, model, cap):
        say(line)
    batch_size = config.pipeline.batch_size
    log = EpochLog(
        run_dir.metrics,
        epochs=config.epochs,
        num_slices=training.num_slices,
        num_batches=training.num_batches(batch_size),
        say=say,
    )
    best, early_stop = KeepBest(run_dir.best_model), EarlyStop(config)
    with pipeline.naming_damage(records_dir, contents):
        model.fit(
            pipeline.training_dataset(training, config.pipeline),
            validation_data=pipeline.validation_dataset(validation, batch_size),
            epochs=config.epochs,
            verbose=0,
            shuffle=False,  # the pipeline does
            callbacks=[log, best, early_stop],
        )
    save(model, run_dir.last_model)
    result = {
        "genres": list(contents.genres),
        "split_by": contents.split_by,
        "train_slices": training.num_slices,
        "validation_slices": validation.num_slices,
        "weights": model.count_params(),
        "epochs": len(log.rows),
        "stopped_early": early_stop.passed,
        "best": log.rows[best.epoch - 1],
        "seconds": round(time.monotonic() - started, 1),
        "peak_memory_mb": peak_memory_mb(),
        "versions": {
            "tfgenre": tfgenre.__version__,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
    }
    write_json(run_dir.result, result)
    return result


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


def _opening(
    contents: Manifest,
    training: pipeline.Source,
    validation: pipeline.Source,
    model: keras.Model,
    slices_per_genre: int,
) -> list[str]:
    """What is about to be trained on what, and what the user should know of it."""
    lines = [
        f"{training.num_slices:,} slices to train on, {validation.num_slices:,} to validate, "
        f"{len(contents.genres)} genres, {model.count_params():,} weights"
    ]
    for genre in contents.genres:
        have = sum(split.slices[genre] for split in contents.splits.values())
        if have < slices_per_genre:
            lines.append(
                f"note: {genre} has {have:,} slices, fewer than --slices_per_genre="
                f"{slices_per_genre:,}; all of them are used"
            )
    return lines
