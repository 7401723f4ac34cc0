"""Shards become batches: one pipeline to train from, one to judge from."""

import os
from collections.abc import Callable
from functools import partial

import numpy as np
import tensorflow as tf

from tfgenre import storage
from tfgenre.config import SPLITS, check_choice
from tfgenre.records.example import parse_batch, parse_framed
from tfgenre.records.manifest import read
from tfgenre.records.sources import Source, source
from tfgenre.training.config import PipelineConfig

_SHARDS_AT_ONCE = 4  # 16 are no faster from a disk, and take 100 MB more
_BATCH_TO_CACHE = 1024
_RECORDS_IN_TURN = 16  # one read call of a shard before the next shard has its turn


def load_dataset(
    records_dir: str | os.PathLike[str],
    split: str = "train",
    *,
    batch_size: int = 110,
    slices_per_genre: int = 0,
    seed: int = 0,
) -> tf.data.Dataset:
    """A split of built records, for whoever only wants the data.

    Args:
        records_dir: what make_records wrote.
        split: train, shuffled anew in each pass; or validation or test, in order.
        batch_size: slices a batch.
        slices_per_genre: how many of each genre, counted over all splits; 0 means all.
        seed: decides the orders of train.

    Returns:
        (image uint8 [batch, 128, 128, 1], label int64 [batch]); `manifest.read(records_dir).genres`
        names the labels.

    Raises:
        UserError: if the records are missing, damaged or lack the split.
    """
    check_choice("split", split, SPLITS)
    folder = storage.to_path(os.fspath(records_dir))
    records = source(folder, read(folder), split, slices_per_genre=slices_per_genre)
    if split == "train":
        config = PipelineConfig(batch_size=batch_size, seed=seed)
        return training_dataset(records, config, reshuffle=True)
    return validation_dataset(records, batch_size)


def training_dataset(
    records: Source, config: PipelineConfig, *, reshuffle: bool = False
) -> tf.data.Dataset:
    """Batches to train from: one pass over the records, shuffled.

    Args:
        records: what is read.
        config: how; its seed decides the order.
        reshuffle: whether each further pass has another order.

    Returns:
        (image uint8 [batch, 128, 128, 1], label int64 [batch]).
    """
    num_shards = len(records.paths)
    # Slices lie in each shard in an order that is a shuffle already. What varies from pass to pass
    # is which shards are read together, and the order within the buffer.
    shuffled = partial(
        tf.data.Dataset.shuffle, seed=config.seed, reshuffle_each_iteration=reshuffle
    )
    shards = shuffled(tf.data.Dataset.range(num_shards), num_shards)
    dataset = shards.interleave(
        _reader(
            records,
            lambda path: tf.data.FixedLengthRecordDataset(path, records.framed_bytes),
        ),
        cycle_length=_SHARDS_AT_ONCE,
        block_length=_RECORDS_IN_TURN,
        num_parallel_calls=tf.data.AUTOTUNE,
        deterministic=True,
    )
    dataset = shuffled(dataset, config.shuffle_buffer).batch(config.batch_size)
    # A batch is parsed in one op: one by one costs half the throughput. Images stay uint8: the
    # model's first layer scales them, on its own device.
    dataset = dataset.map(
        lambda framed: parse_framed(framed, records.framed_bytes),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    dataset = dataset.apply(_assert_cardinality(records, config.batch_size))
    return dataset.prefetch(tf.data.AUTOTUNE)


def held(records: Source, batch_size: int) -> tf.data.Dataset:
    """What `validation_dataset` gives, read but once and then held in memory."""
    return validation_dataset(records, batch_size).cache()


def in_memory(records: Source) -> Callable[[PipelineConfig], tf.data.Dataset]:
    """Reads all the records, 16 KB each, and returns what `training_dataset` would from disk."""
    batches = list(evaluation_dataset(records, _BATCH_TO_CACHE))
    image = tf.concat([batch["image"] for batch in batches], 0)
    label = tf.concat([batch["label"] for batch in batches], 0)

    def read(config: PipelineConfig) -> tf.data.Dataset:
        numbers = tf.data.Dataset.range(len(label))
        numbers = numbers.shuffle(len(label), seed=config.seed, reshuffle_each_iteration=False)
        batches = numbers.batch(config.batch_size).map(
            lambda chosen: (tf.gather(image, chosen), tf.gather(label, chosen)), tf.data.AUTOTUNE
        )
        return batches.prefetch(tf.data.AUTOTUNE)

    return read


def evaluation_dataset(records: Source, batch_size: int) -> tf.data.Dataset:
    """Every record once, in order.

    Returns:
        Dicts as `records.parse_batch` gives them.
    """
    dataset = tf.data.Dataset.range(len(records.paths)).flat_map(
        _reader(records, tf.data.TFRecordDataset)
    )
    dataset = dataset.batch(batch_size)
    dataset = dataset.map(parse_batch, num_parallel_calls=tf.data.AUTOTUNE)
    dataset = dataset.apply(_assert_cardinality(records, batch_size))
    return dataset.prefetch(tf.data.AUTOTUNE)


def validation_dataset(records: Source, batch_size: int) -> tf.data.Dataset:
    """As `evaluation_dataset`, but (image, label) as training takes them."""
    return evaluation_dataset(records, batch_size).map(lambda row: (row["image"], row["label"]))


def _assert_cardinality(
    records: Source, batch_size: int
) -> Callable[[tf.data.Dataset], tf.data.Dataset]:
    """Tells tf.data, and so Keras, how many batches a pass has; another number is an error."""
    return tf.data.experimental.assert_cardinality(records.num_batches(batch_size))


def _reader(
    records: Source, dataset: Callable[[tf.Tensor], tf.data.Dataset]
) -> Callable[[tf.Tensor], tf.data.Dataset]:
    """A function from a shard's position to the dataset of its records.

    Args:
        records: what is read.
        dataset: reads the file of a path.
    """
    paths = tf.constant(records.paths)
    if records.keep is None:
        return lambda shard: dataset(paths[shard])
    lengths = [len(mask) for mask in records.keep]
    masks = tf.RaggedTensor.from_row_lengths(np.concatenate(records.keep), lengths)

    def read_kept(shard: tf.Tensor) -> tf.data.Dataset:
        kept = tf.data.Dataset.from_tensor_slices(masks[shard])
        rows = tf.data.Dataset.zip((dataset(paths[shard]), kept))
        return rows.filter(lambda _, keep: keep).map(lambda record, _: record)

    return read_kept
