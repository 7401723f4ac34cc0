"""What a network is trained on and judged by: records found, and read as the config says."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tfgenre.config import MAX_SEED
from tfgenre.errors import UserError
from tfgenre.hashing import stable_hash
from tfgenre.records import pipeline, sampling, sources
from tfgenre.records.manifest import Manifest
from tfgenre.records.sources import Source
from tfgenre.training.augment import augmenter
from tfgenre.training.config import AugmentConfig, PipelineConfig, TrainConfig
from tfgenre.training.multiworker import Worker

_ALONE = Worker()


@dataclass(frozen=True)
class TrainingData:
    """What is read in training.

    Attributes:
        contents: the manifest of the records.
        worker: which of the processes that train together reads this.
        training: the records of each partition, all workers'.
        validation: those to judge each epoch by, all workers'.
        readers: for each partition, what turns a config into a pass of this worker's batches.
        num_batches: for each partition, the steps of an epoch, the same for all workers.
        validation_batches: (image uint8 [batch, 128, 128, 1], label float32 [batch, genres]), this
            worker's.
        class_weight: of each label, None if all weigh the same.
    """

    contents: Manifest
    worker: Worker
    training: tuple[Source, ...]
    validation: Source
    readers: tuple[Callable[[PipelineConfig], tf.data.Dataset], ...]
    num_batches: tuple[int, ...]
    validation_batches: tf.data.Dataset
    class_weight: dict[int, float] | None

    @property
    def num_slices(self) -> int:
        """Slices to train on, of all partitions."""
        return sum(records.num_slices for records in self.training)

    def slices_an_epoch(self, part: int, config: TrainConfig) -> int:
        """How many slices all workers together see in an epoch of a partition."""
        whole_batches = self.num_batches[part] * config.pipeline.batch_size
        return min(self.training[part].num_slices, whole_batches)

    def epoch(self, epoch: int, config: TrainConfig, *, augment: bool = True) -> tf.data.Dataset:
        """The batches of an epoch, from 0; each partition has all of its epochs in a row."""
        part = epoch // config.epochs
        batch_size = self.worker.batch_size(config.pipeline.batch_size)
        pipeline_config = replace(config.pipeline, batch_size=batch_size)
        if not augment:
            pipeline_config = replace(pipeline_config, augment=AugmentConfig())
        return epoch_dataset(
            self.readers[part],
            pipeline_config,
            epoch=epoch,
            num_genres=len(self.contents.genres),
            label_smoothing=config.label_smoothing,
        ).take(self.num_batches[part])


def find(
    records_dir: Path,
    contents: Manifest,
    config: TrainConfig,
    *,
    cache_dir: Path,
    worker: Worker = _ALONE,
    at_most: Sequence[int] | None = None,
) -> TrainingData:
    """Finds the records to train on, and puts them where they are to be read from.

    Args:
        records_dir: a finished build.
        contents: its manifest.
        config: what of it is used, and how it is read.
        cache_dir: where --cache=disk copies the shards to.
        worker: whose share is read.
        at_most: how many slices of each label to train on; None means all.

    Raises:
        UserError: if a split, a partition or a worker has no slices, or a shard is missing.
    """
    settings = config.pipeline
    folder = records_dir
    if settings.cache == "disk":
        _check_alone(worker)
        folder = cache_dir
        _copy(records_dir, contents, folder)
    training, validation = (
        sources.source(
            folder, contents, split, slices_per_genre=settings.slices_per_genre, at_most=limit
        )
        for split, limit in (("train", at_most), ("validation", None))
    )
    parts = tuple(training.partition(i, config.partitions) for i in range(config.partitions))
    mine = tuple(part.of_worker(worker.index, worker.count) for part in parts)
    batch_size = worker.batch_size(settings.batch_size)
    judged = validation.dealt(worker.index, worker.count, rows=worker.rows(validation.num_slices))
    if settings.cache == "memory":
        readers = tuple(map(pipeline.in_memory, mine))
        validation_batches = pipeline.held(judged, batch_size)
    else:
        readers = tuple(partial(pipeline.training_dataset, part) for part in mine)
        validation_batches = pipeline.validation_dataset(judged, batch_size)
    return TrainingData(
        contents=contents,
        worker=worker,
        training=parts,
        validation=validation,
        readers=readers,
        num_batches=tuple(_num_batches(part, worker, batch_size) for part in parts),
        validation_batches=validation_batches.map(one_hot(len(contents.genres))),
        class_weight=_balanced(folder, contents, config, at_most)
        if config.class_weights != "none"
        else None,
    )


def _num_batches(part: Source, worker: Worker, batch_size: int) -> int:
    """Steps in which every worker has a batch; a whole one, if it is divided among devices.

    Each epoch leaves out a rest, then, and each another one, as each reads in another order.
    """
    if worker.num_devices == 1:
        return part.num_batches(batch_size)
    shares = [part.of_worker(i, worker.count).num_slices for i in range(worker.count)]
    if not (found := min(shares) // batch_size):
        raise UserError(
            f"--batch_size={batch_size * worker.count} is too large: a worker has but "
            f"{min(shares):,} slices to train on, and its share of a batch is {batch_size:,}."
        )
    return found


def _check_alone(worker: Worker) -> None:
    if worker.count > 1:
        raise UserError("--cache=disk is for one worker: give --cache=memory, or none.")


def _copy(records_dir: Path, contents: Manifest, folder: Path) -> None:
    """Copies the index and the shards to train on and to validate, unless they are there whole."""
    folder.mkdir(parents=True, exist_ok=True)
    shards = [shard for split in ("train", "validation") for shard in contents.splits[split].shards]
    for name, size in [(sampling.NAME, -1), *((shard.name, shard.bytes) for shard in shards)]:
        target = folder / name
        if not target.is_file() or target.stat().st_size != size:
            with (records_dir / name).open("rb") as there, target.open("wb") as here:
                shutil.copyfileobj(there, here, 8 << 20)


def _balanced(
    folder: Path, contents: Manifest, config: TrainConfig, at_most: Sequence[int] | None
) -> dict[int, float]:
    """Weights by which every genre that is trained on counts the same; their mean is 1."""
    counts = count_slices(
        folder, contents, slices_per_genre=config.pipeline.slices_per_genre, at_most=at_most
    )
    present = np.count_nonzero(counts)
    weights = counts.sum() / (present * np.maximum(counts, 1))
    return dict(enumerate(weights.tolist()))


def epoch_dataset(
    read: Callable[[PipelineConfig], tf.data.Dataset],
    config: PipelineConfig,
    *,
    epoch: int,
    num_genres: int,
    label_smoothing: float = 0.0,
) -> tf.data.Dataset:
    """The batches of one epoch, the same whether the epochs before it were in this process or not.

    So are those of a second pass: Keras on JAX looks at a first batch before it begins.

    Args:
        read: a config to its batches, such as `training_dataset` of some records.
        config: how they are read and varied.
        epoch: its number, which decides the order and what is varied.
        num_genres: how many labels there are.
        label_smoothing: the share of a label that is spread over all of them.

    Returns:
        (image uint8 [batch, 128, 128, 1], label float32 [batch, num_genres]).
    """
    seed = stable_hash("epoch", config.seed, epoch) % MAX_SEED
    dataset = read(replace(config, seed=seed)).map(one_hot(num_genres, smoothing=label_smoothing))
    if config.augment.is_on:
        numbered = dataset.enumerate()
        dataset = numbered.map(augmenter(config.augment, seed=seed), tf.data.AUTOTUNE)
    return dataset.prefetch(tf.data.AUTOTUNE)


def one_hot(
    num_genres: int, *, smoothing: float = 0.0
) -> Callable[..., tuple[tf.Tensor, tf.Tensor]]:
    """A function that turns labels into rows of num_genres, and leaves images as they are."""
    low, high = smoothing / num_genres, 1 - smoothing + smoothing / num_genres
    return lambda image, label: (image, tf.one_hot(label, num_genres, high, low))


def count_slices(
    records_dir: Path,
    contents: Manifest,
    *,
    slices_per_genre: int = 0,
    at_most: Sequence[int] | None = None,
) -> NDArray[np.int64]:
    """How many slices of each label are trained on, int64 [genres]; see `sources.source`."""
    rows = sampling.read_index(records_dir / sampling.NAME)
    keep = sampling.of_split(rows, "train", slices_per_genre=slices_per_genre, at_most=at_most)
    return np.bincount(rows["label"][keep], minlength=len(contents.genres))
