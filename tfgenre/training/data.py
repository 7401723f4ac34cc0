"""The training and validation data of a run, read as the config says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import tensorflow as tf

from tfgenre.config import MAX_SEED, check
from tfgenre.errors import UserError
from tfgenre.hashing import stable_hash
from tfgenre.records import pipeline
from tfgenre.records.folder import Records
from tfgenre.records.sources import Source
from tfgenre.training.augment import augmenter
from tfgenre.training.config import NOT_AUGMENTED, AugmentConfig, TrainConfig
from tfgenre.training.disk_cache import copied
from tfgenre.training.multiworker import Worker
from tfgenre.training.weights import class_weights, draw_weights

_SINGLE_WORKER = Worker()
Compute = Callable[[tf.Tensor], Any]
# seed (a keyword) -> (image uint8 [batch, 128, 128, 1], label int64 [batch])
Reader = Callable[..., tf.data.Dataset]


@dataclass(frozen=True)
class TrainingData:
    """The data of a run, as one worker reads it.

    Attributes:
        records: the records it comes from.
        worker: the worker that reads it.
        training: each partition's shards, of all workers.
        validation: the validation shards, of all workers; None if the split is empty.
        readers: for each partition, a function from a seed to this worker's batches of one pass.
        num_batches: steps per epoch of each partition, the same for all workers.
        validation_batches: (image uint8 [batch, 128, 128, 1], label float32 [batch, genres]) of
            this worker; None if the split is empty.
        class_weight: the weight of each label; None if all are equal.
    """

    records: Records
    worker: Worker
    training: tuple[Source, ...]
    validation: Source | None
    readers: tuple[Reader, ...]
    num_batches: tuple[int, ...]
    validation_batches: tf.data.Dataset | None
    class_weight: dict[int, float] | None

    @property
    def num_slices(self) -> int:
        """The number of training slices, over all partitions."""
        return sum(source.num_slices for source in self.training)

    def slices_per_epoch(self, part: int, config: TrainConfig) -> int:
        """The number of slices that all workers together read in an epoch of a partition."""
        whole_batches = self.num_batches[part] * config.pipeline.batch_size
        return min(self.training[part].num_slices, whole_batches)

    def epoch(
        self, epoch: int, config: TrainConfig, *, start: int = 0, augment: bool = True
    ) -> tf.data.Dataset:
        """The batches of an epoch, counted from 0 over all partitions, from a batch on."""
        part = epoch // config.epochs
        return epoch_dataset(
            self.readers[part],
            epoch=epoch,
            start=start,
            seed=config.pipeline.seed,
            augment=config.augment if augment else NOT_AUGMENTED,
            num_genres=len(self.records.genres),
            label_smoothing=config.label_smoothing,
        ).take(self.num_batches[part] - start)


def find_training_data(
    records: Records,
    config: TrainConfig,
    *,
    cache_dir: Path,
    worker: Worker = _SINGLE_WORKER,
    at_most: Sequence[int] | None = None,
    compute: Compute | None = None,
) -> TrainingData:
    """Finds the shards to train on, and copies them first if the config says so.

    Args:
        records: a finished build.
        config: which slices are used, and how they are read.
        cache_dir: where --cache=disk copies the shards to.
        worker: the worker that reads.
        at_most: how many slices of each label to train on; None means all.
        compute: what is kept of images, see `pipeline.in_memory`; None: batches hold the images.

    Raises:
        UserError: if training, a partition or a worker has no slices, a shard is missing, or the
            config needs validation and there is none.
    """
    if at_most is not None:
        rule = f"at_most must have a number for each of the {len(records.genres)} genres"
        check(len(at_most) == len(records.genres), rule, at_most)
    settings = config.pipeline
    weights = draw_weights(records, config, at_most)
    if settings.cache == "disk":
        records = copied(records, cache_dir, worker)
    training = records.source(
        "train",
        slices_per_genre=settings.slices_per_genre,
        at_most=at_most,
        weights=weights,
    )
    validation = _validation(records, config)
    parts = tuple(training.partition(i, config.partitions) for i in range(config.partitions))
    batch_size = worker.batch_size(settings.batch_size)
    return TrainingData(
        records=records,
        worker=worker,
        training=parts,
        validation=validation,
        readers=tuple(_reader(part, config, worker, compute) for part in parts),
        num_batches=tuple(_num_batches(part, worker, batch_size) for part in parts),
        validation_batches=validation
        and _validation_batches(validation, config, worker, compute).map(
            one_hot(len(records.genres))
        ),
        class_weight=class_weights(records, config, at_most, weights),
    )


def _reader(part: Source, config: TrainConfig, worker: Worker, compute: Compute | None) -> Reader:
    """A function from a seed to a worker's batches of one pass over a partition."""
    settings = config.pipeline
    share = part.of_worker(worker.index, worker.count)
    batch_size = worker.batch_size(settings.batch_size)
    if compute is not None:
        return pipeline.in_memory(share, batch_size=batch_size, compute=compute)
    if settings.cache == "memory":
        return pipeline.in_memory(share, batch_size=batch_size)
    return partial(
        pipeline.training_dataset,
        share,
        batch_size=batch_size,
        shuffle_buffer=settings.shuffle_buffer,
    )


def _validation(records: Records, config: TrainConfig) -> Source | None:
    """The validation shards; None if the split is empty.

    Raises:
        UserError: if it is empty and the config needs it.
    """
    if records.manifest.splits["validation"].num_slices:
        return records.source("validation", slices_per_genre=config.pipeline.slices_per_genre)
    schedule, patience = config.optimizer.learning_rate_schedule, config.early_stop_patience
    if patience or schedule == "plateau":
        option = f"early_stop_patience={patience}" if patience else "learning_rate_schedule=plateau"
        raise UserError(
            f"--{option} needs validation slices, got none in {records.path}: leave it out, or "
            "build records with --split_ratios=60,30,10."
        )
    return None


def _validation_batches(
    validation: Source, config: TrainConfig, worker: Worker, compute: Compute | None
) -> tf.data.Dataset:
    """A worker's validation batches."""
    num_rows = worker.rows(validation.num_slices)
    share = validation.strided(worker.index, worker.count, rows=num_rows)
    batch_size = worker.batch_size(config.pipeline.batch_size)
    if compute is not None:
        return pipeline.in_memory(share, batch_size=batch_size, compute=compute)(seed=0)
    in_memory = config.pipeline.cache == "memory"
    dataset = pipeline.cached_validation_dataset if in_memory else pipeline.validation_dataset
    return dataset(share, batch_size)


def _num_batches(part: Source, worker: Worker, batch_size: int) -> int:
    """The steps of an epoch, such that every worker has a batch for each.

    If batches are divided among devices, all are complete. An epoch then leaves out the remainder;
    which slices these are changes with the epoch's order.
    """
    if worker.num_devices == 1:
        return part.num_batches(batch_size)
    shares = [part.of_worker(i, worker.count).num_slices for i in range(worker.count)]
    if not (num_batches := min(shares) // batch_size):
        raise UserError(
            f"--batch_size={batch_size * worker.count} is too large: a worker has only "
            f"{min(shares):,} slices to train on, and its share of a batch is {batch_size:,}."
        )
    return num_batches


def epoch_dataset(
    read: Reader,
    *,
    epoch: int,
    start: int = 0,
    seed: int,
    augment: AugmentConfig,
    num_genres: int,
    label_smoothing: float = 0.0,
) -> tf.data.Dataset:
    """The batches of one epoch, independent of the epochs before it.

    A second pass gives the same batches: Keras on JAX reads one batch before it starts training.

    Args:
        read: a function from a seed to the batches of one pass, such as
            `pipeline.training_dataset` of some records.
        epoch: its number; with the seed it determines the order and the augmentation.
        start: the number of its batches to leave out.
        seed: the run's seed.
        augment: how slices are augmented.
        num_genres: the number of labels.
        label_smoothing: the share of a label that is spread over all labels.

    Returns:
        (image uint8 [batch, 128, 128, 1], label float32 [batch, num_genres]).
    """
    epoch_seed = stable_hash("epoch", seed, epoch) % MAX_SEED
    dataset = read(seed=epoch_seed).skip(start)
    dataset = dataset.map(one_hot(num_genres, smoothing=label_smoothing))
    if augment.is_on:
        dataset = dataset.enumerate(start).map(
            augmenter(augment, seed=epoch_seed), tf.data.AUTOTUNE
        )
    return dataset.prefetch(tf.data.AUTOTUNE)


def one_hot(
    num_genres: int, *, smoothing: float = 0.0
) -> Callable[..., tuple[tf.Tensor, tf.Tensor]]:
    """Returns a function that one-hot encodes labels and leaves images unchanged."""
    low, high = smoothing / num_genres, 1 - smoothing + smoothing / num_genres
    return lambda image, label: (image, tf.one_hot(label, num_genres, high, low))
