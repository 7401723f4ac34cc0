"""What a network is trained on and judged by: records found, and read as the config says."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgenre import pipeline, sampling, sources
from tfgenre.config import SPLITS
from tfgenre.manifest import Manifest
from tfgenre.sources import Source
from tfgenre.train_config import AugmentConfig, PipelineConfig, TrainConfig


@dataclass(frozen=True)
class TrainingData:
    """What is read in training.

    Attributes:
        contents: the manifest of the records.
        training: the records of each partition.
        validation: those to judge each epoch by.
        readers: for each partition, what turns a config into a pass of batches.
        validation_batches: (image uint8 [batch, 128, 128, 1], label float32 [batch, genres]).
        class_weight: of each label, None if all weigh the same.
    """

    contents: Manifest
    training: tuple[Source, ...]
    validation: Source
    readers: tuple[Callable[[PipelineConfig], tf.data.Dataset], ...]
    validation_batches: tf.data.Dataset
    class_weight: dict[int, float] | None

    @property
    def num_slices(self) -> int:
        """Slices to train on, of all partitions."""
        return sum(records.num_slices for records in self.training)

    def epoch(self, epoch: int, config: TrainConfig, *, augment: bool = True) -> tf.data.Dataset:
        """The batches of an epoch, from 0; each partition has all of its epochs in a row."""
        pipeline_config = config.pipeline
        if not augment:
            pipeline_config = replace(pipeline_config, augment=AugmentConfig())
        return pipeline.epoch_dataset(
            self.readers[epoch // config.epochs],
            pipeline_config,
            epoch=epoch,
            num_genres=len(self.contents.genres),
            label_smoothing=config.label_smoothing,
        )


def find(
    records_dir: Path, contents: Manifest, config: TrainConfig, *, cache_dir: Path
) -> TrainingData:
    """Finds the records to train on, and puts them where they are to be read from.

    Args:
        records_dir: a finished build.
        contents: its manifest.
        config: what of it is used, and how it is read.
        cache_dir: where --cache=disk copies the shards to.

    Raises:
        UserError: if a split or a partition has no slices, or a shard is missing.
    """
    settings = config.pipeline
    folder = records_dir
    if settings.cache == "disk":
        folder = cache_dir
        _copy(records_dir, contents, folder)
    training, validation = (
        sources.source(folder, contents, split, slices_per_genre=settings.slices_per_genre)
        for split in ("train", "validation")
    )
    parts = tuple(training.partition(i, config.partitions) for i in range(config.partitions))
    one_hot = pipeline.one_hot(len(contents.genres))
    if settings.cache == "memory":
        readers = tuple(map(pipeline.in_memory, parts))
        judged = pipeline.held(validation, settings.batch_size)
    else:
        readers = tuple(partial(pipeline.training_dataset, part) for part in parts)
        judged = pipeline.validation_dataset(validation, settings.batch_size)
    return TrainingData(
        contents=contents,
        training=parts,
        validation=validation,
        readers=readers,
        validation_batches=judged.map(one_hot),
        class_weight=_balanced(folder, contents, config)
        if config.class_weights != "none"
        else None,
    )


def _copy(records_dir: Path, contents: Manifest, folder: Path) -> None:
    """Copies the index and the shards to train on and to validate, unless they are there whole."""
    folder.mkdir(parents=True, exist_ok=True)
    shards = [shard for split in ("train", "validation") for shard in contents.splits[split].shards]
    for name, size in [(sampling.NAME, -1), *((shard.name, shard.bytes) for shard in shards)]:
        target = folder / name
        if not target.is_file() or target.stat().st_size != size:
            with (records_dir / name).open("rb") as there, target.open("wb") as here:
                shutil.copyfileobj(there, here, 8 << 20)


def _balanced(folder: Path, contents: Manifest, config: TrainConfig) -> dict[int, float]:
    """Weights by which every genre that is trained on counts the same; their mean is 1."""
    rows = sampling.read_index(folder / sampling.NAME)
    if config.pipeline.slices_per_genre:
        rows = rows[sampling.chosen(rows, config.pipeline.slices_per_genre)]
    of_split = rows["label"][rows["split"] == SPLITS.index("train")]
    counts = np.bincount(of_split, minlength=len(contents.genres))
    present = np.count_nonzero(counts)
    weights = counts.sum() / (present * np.maximum(counts, 1))
    return dict(enumerate(weights.tolist()))
