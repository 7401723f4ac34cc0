"""The training and validation data of a run, read as the config says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tfgenre.config import check
from tfgenre.errors import UserError
from tfgenre.records import pipeline
from tfgenre.records.folder import Records
from tfgenre.records.readers import InMemory, Reader, open_shards
from tfgenre.records.sources import Source
from tfgenre.training.augment import DRAWS
from tfgenre.training.config import TrainConfig
from tfgenre.training.disk_cache import copied
from tfgenre.training.epoch import Chunks, epoch_dataset
from tfgenre.training.input_clock import InputClock
from tfgenre.training.multiworker import Worker
from tfgenre.training.weights import class_weights, draw_weights

_SINGLE_WORKER = Worker()
Compute = Callable[[NDArray[np.uint8]], NDArray[Any]]


@dataclass(frozen=True)
class TrainingData:
    """The data of a run, as one worker reads it.

    Attributes:
        records: the records it comes from.
        worker: the worker that reads it.
        training: each partition's shards, of all workers.
        validation: the validation shards, of all workers; None if the split is empty.
        chunks: for each partition, what this worker reads in a pass, as a function of the
            keywords seed and start.
        num_batches: steps per epoch of each partition, the same for all workers.
        validation_batches: of this worker, in the form of those of `epoch`; None if the split is
            empty.
        class_weight: the weight of each label; None if all are equal.
    """

    records: Records
    worker: Worker
    training: tuple[Source, ...]
    validation: Source | None
    chunks: tuple[Chunks, ...]
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
        self,
        epoch: int,
        config: TrainConfig,
        *,
        start: int = 0,
        clock: InputClock | None = None,
    ) -> tf.data.Dataset:
        """The batches of an epoch, counted from 0 over all partitions, from a batch on."""
        part = epoch // config.epochs
        num_batches = self.num_batches[part] - start
        batches = epoch_dataset(
            self.chunks[part],
            epoch=epoch,
            start=start,
            batch_size=self.worker.batch_size(config.pipeline.batch_size),
            seed=config.pipeline.seed,
            augment=config.augment,
            num_genres=len(self.records.genres),
            label_smoothing=config.label_smoothing,
            group=self.worker.group(config.pipeline.batch_size),
            worker=self.worker.index,
            timed=clock.timed if clock else lambda chunks: chunks,
        ).take(num_batches)
        return batches.apply(tf.data.experimental.assert_cardinality(num_batches))


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
        compute: what is kept of images, see `readers.InMemory`; None: batches hold the images.

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
        chunks=tuple(_chunks(part, config, worker, compute) for part in parts),
        num_batches=tuple(_num_batches(part, worker, batch_size) for part in parts),
        validation_batches=validation
        and _validation_batches(validation, config, worker, compute).map(
            _unaugmented(len(records.genres), with_draws=config.augment.is_on)
        ),
        class_weight=class_weights(records, config, at_most, weights),
    )


def _chunks(part: Source, config: TrainConfig, worker: Worker, compute: Compute | None) -> Chunks:
    """A function from a seed and a start to what a worker reads in a pass over a partition."""
    batch_size, share = worker.batch_size(config.pipeline.batch_size), (worker.index, worker.count)
    if _is_in_memory(config, compute):  # the same slices in each pass, so that others are not kept
        part, share = part.strided(*share), (0, 1)
    reader = _reader(part, config, compute)
    return partial(pipeline.training_chunks, part, reader, batch_size=batch_size, part=share)


def _reader(source: Source, config: TrainConfig, compute: Compute | None) -> Reader:
    if compute is not None:
        return InMemory(source, compute)
    return InMemory(source) if _is_in_memory(config, compute) else open_shards(source)


def _is_in_memory(config: TrainConfig, compute: Compute | None) -> bool:
    return compute is not None or config.pipeline.cache == "memory"


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
    return pipeline.validation_dataset(share, batch_size, _reader(share, config, compute))


def _num_batches(part: Source, worker: Worker, batch_size: int) -> int:
    """The steps of an epoch, such that every worker has a batch for each.

    If batches are divided among devices, all are complete. An epoch then leaves out the remainder;
    which slices these are changes with the epoch's order.
    """
    if worker.num_devices == 1:
        return part.num_batches(batch_size)
    smallest = part.num_slices // worker.count
    if not (num_batches := smallest // batch_size):
        raise UserError(
            f"--batch_size={batch_size * worker.count} is too large: a worker has only "
            f"{smallest:,} slices to train on, and its share of a batch is {batch_size:,}."
        )
    return num_batches


def _unaugmented(num_genres: int, *, with_draws: bool) -> Callable[..., Any]:
    """Returns a function that gives batches the form of those for training, but changes nothing."""

    def encoded(image: tf.Tensor, label: tf.Tensor) -> Any:
        draws = tf.zeros([tf.shape(image)[0], len(DRAWS)])
        return ((image, draws) if with_draws else image), tf.one_hot(label, num_genres)

    return encoded
