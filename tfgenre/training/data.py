"""What a network is trained on and validated by: records found, and read as the config says."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgenre.config import MAX_SEED
from tfgenre.errors import UserError
from tfgenre.hashing import stable_hash
from tfgenre.records import pipeline, sampling
from tfgenre.records.folder import Records
from tfgenre.records.sources import Source
from tfgenre.training.augment import augmenter
from tfgenre.training.config import AugmentConfig, TrainConfig
from tfgenre.training.multiworker import Worker

_ALONE = Worker()
# seed (a keyword) -> (image uint8 [batch, 128, 128, 1], label int64 [batch])
Reader = Callable[..., tf.data.Dataset]


@dataclass(frozen=True)
class TrainingData:
    """What is read in training.

    Attributes:
        records: where it comes from.
        worker: which of the processes that train together reads this.
        training: the files of each partition, all workers'.
        validation: those that each epoch is validated by, all workers'.
        readers: for each partition, this worker's batches of a pass, given a seed.
        num_batches: for each partition, the steps of an epoch, the same for all workers.
        validation_batches: (image uint8 [batch, 128, 128, 1], label float32 [batch, genres]), this
            worker's.
        class_weight: of each label, None if all weigh the same.
    """

    records: Records
    worker: Worker
    training: tuple[Source, ...]
    validation: Source
    readers: tuple[Reader, ...]
    num_batches: tuple[int, ...]
    validation_batches: tf.data.Dataset
    class_weight: dict[int, float] | None

    @property
    def num_slices(self) -> int:
        """Slices to train on, of all partitions."""
        return sum(source.num_slices for source in self.training)

    def slices_per_epoch(self, part: int, config: TrainConfig) -> int:
        """How many slices all workers together see in an epoch of a partition."""
        whole_batches = self.num_batches[part] * config.pipeline.batch_size
        return min(self.training[part].num_slices, whole_batches)

    def epoch(self, epoch: int, config: TrainConfig, *, augment: bool = True) -> tf.data.Dataset:
        """The batches of an epoch, from 0; each partition has all of its epochs in a row."""
        part = epoch // config.epochs
        return epoch_dataset(
            self.readers[part],
            epoch=epoch,
            seed=config.pipeline.seed,
            augment=config.pipeline.augment if augment else AugmentConfig(),
            num_genres=len(self.records.genres),
            label_smoothing=config.label_smoothing,
        ).take(self.num_batches[part])


def find_training_data(
    records: Records,
    config: TrainConfig,
    *,
    cache_dir: Path,
    worker: Worker = _ALONE,
    at_most: Sequence[int] | None = None,
) -> TrainingData:
    """Finds the records to train on, and puts them where they are to be read from.

    Args:
        records: a finished build.
        config: what of it is used, and how it is read.
        cache_dir: where --cache=disk copies the shards to.
        worker: whose share is read.
        at_most: how many slices of each label to train on; None means all.

    Raises:
        UserError: if a split, a partition or a worker has no slices, or a shard is missing.
    """
    settings = config.pipeline
    if settings.cache == "disk":
        _check_alone(worker)
        records = _copied(records, cache_dir)
    training = records.source("train", slices_per_genre=settings.slices_per_genre, at_most=at_most)
    validation = records.source("validation", slices_per_genre=settings.slices_per_genre)
    parts = tuple(training.partition(i, config.partitions) for i in range(config.partitions))
    batch_size = worker.batch_size(settings.batch_size)
    return TrainingData(
        records=records,
        worker=worker,
        training=parts,
        validation=validation,
        readers=tuple(_reader(part, config, worker) for part in parts),
        num_batches=tuple(_num_batches(part, worker, batch_size) for part in parts),
        validation_batches=_validation_batches(validation, config, worker).map(
            one_hot(len(records.genres))
        ),
        class_weight=_balanced(records, config, at_most)
        if config.class_weights != "none"
        else None,
    )


def _reader(part: Source, config: TrainConfig, worker: Worker) -> Reader:
    """A worker's batches of a partition, given a seed."""
    settings = config.pipeline
    mine = part.of_worker(worker.index, worker.count)
    batch_size = worker.batch_size(settings.batch_size)
    if settings.cache == "memory":
        return pipeline.in_memory(mine, batch_size=batch_size)
    return partial(
        pipeline.training_dataset,
        mine,
        batch_size=batch_size,
        shuffle_buffer=settings.shuffle_buffer,
    )


def _validation_batches(validation: Source, config: TrainConfig, worker: Worker) -> tf.data.Dataset:
    """A worker's batches to validate by."""
    num_rows = worker.rows(validation.num_slices)
    mine = validation.strided(worker.index, worker.count, rows=num_rows)
    in_memory = config.pipeline.cache == "memory"
    dataset = pipeline.cached_validation_dataset if in_memory else pipeline.validation_dataset
    return dataset(mine, worker.batch_size(config.pipeline.batch_size))


def _num_batches(part: Source, worker: Worker, batch_size: int) -> int:
    """Steps in which every worker has a batch; a whole one, if it is divided among devices.

    Each epoch leaves out a rest, then, and each another one, as each reads in another order.
    """
    if worker.num_devices == 1:
        return part.num_batches(batch_size)
    shares = [part.of_worker(i, worker.count).num_slices for i in range(worker.count)]
    if not (found := min(shares) // batch_size):
        raise UserError(
            f"--batch_size={batch_size * worker.count} is too large: a worker has only "
            f"{min(shares):,} slices to train on, and its share of a batch is {batch_size:,}."
        )
    return found


def _check_alone(worker: Worker) -> None:
    if worker.count > 1:
        raise UserError("--cache=disk is for one worker: give --cache=memory, or none.")


def _copied(records: Records, folder: Path) -> Records:
    """Copies the index and the shards to train on and to validate, unless they are there whole."""
    folder.mkdir(parents=True, exist_ok=True)
    splits = records.manifest.splits
    shards = [shard for split in ("train", "validation") for shard in splits[split].shards]
    for name, size in [(sampling.NAME, -1), *((shard.name, shard.bytes) for shard in shards)]:
        target = folder / name
        if not target.is_file() or target.stat().st_size != size:
            with (records.path / name).open("rb") as there, target.open("wb") as here:
                shutil.copyfileobj(there, here, 8 << 20)
    return Records(folder, records.manifest)


def _balanced(
    records: Records, config: TrainConfig, at_most: Sequence[int] | None
) -> dict[int, float]:
    """Weights by which every genre that is trained on counts the same; their mean is 1."""
    counts = records.count_slices(
        "train", slices_per_genre=config.pipeline.slices_per_genre, at_most=at_most
    )
    present = np.count_nonzero(counts)
    weights = counts.sum() / (present * np.maximum(counts, 1))
    return dict(enumerate(weights.tolist()))


def epoch_dataset(
    read: Reader,
    *,
    epoch: int,
    seed: int,
    augment: AugmentConfig,
    num_genres: int,
    label_smoothing: float = 0.0,
) -> tf.data.Dataset:
    """The batches of one epoch, the same whether the epochs before it were in this process or not.

    So are those of a second pass: Keras on JAX looks at a first batch before it begins.

    Args:
        read: a seed to the batches of a pass, such as `pipeline.training_dataset` of some records.
        epoch: its number; with the seed it decides the order and what is varied.
        seed: of the run.
        augment: how slices are varied.
        num_genres: how many labels there are.
        label_smoothing: the share of a label that is spread over all of them.

    Returns:
        (image uint8 [batch, 128, 128, 1], label float32 [batch, num_genres]).
    """
    epoch_seed = stable_hash("epoch", seed, epoch) % MAX_SEED
    dataset = read(seed=epoch_seed).map(one_hot(num_genres, smoothing=label_smoothing))
    if augment.is_on:
        dataset = dataset.enumerate().map(augmenter(augment, seed=epoch_seed), tf.data.AUTOTUNE)
    return dataset.prefetch(tf.data.AUTOTUNE)


def one_hot(
    num_genres: int, *, smoothing: float = 0.0
) -> Callable[..., tuple[tf.Tensor, tf.Tensor]]:
    """A function that turns labels into rows of num_genres, and leaves images as they are."""
    low, high = smoothing / num_genres, 1 - smoothing + smoothing / num_genres
    return lambda image, label: (image, tf.one_hot(label, num_genres, high, low))
