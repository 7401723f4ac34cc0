"""Input pipelines from shards to batches: one for training, one for evaluation."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from tfgenre import storage
from tfgenre.config import BATCH_SIZE, SHUFFLE_BUFFER, SPLITS, check_choice, check_range
from tfgenre.errors import UserError
from tfgenre.records.example import parse_batch, parse_framed
from tfgenre.records.folder import Records
from tfgenre.records.shards import damaged_error, sha256_of
from tfgenre.records.sources import Source

_PARALLEL_SHARDS = 4  # 16 are no faster from a disk, and take 100 MB more
_CACHE_BATCH_SIZE = 1024
_BLOCK_RECORDS = 16  # read from one shard before the next: one read call


def load_dataset(
    records_dir: str | os.PathLike[str],
    split: str = "train",
    *,
    batch_size: int = BATCH_SIZE,
    slices_per_genre: int = 0,
    seed: int = 0,
) -> tf.data.Dataset:
    """Loads a split of finished records as a dataset.

    Args:
        records_dir: a folder written by make_records or `build`.
        split: train, reshuffled in each pass; or validation or test, in order.
        batch_size: slices per batch.
        slices_per_genre: how many of each genre, counted over all splits; 0 means all.
        seed: of the shuffle of train.

    Returns:
        (image uint8 [batch, 128, 128, 1], label int64 [batch]); `Records.open(records_dir).genres`
        names the labels.

    Raises:
        UserError: if the records are missing, damaged or lack the split.
    """
    check_choice("split", split, SPLITS)
    check_range("batch_size", batch_size, 1)
    check_range("slices_per_genre", slices_per_genre, 0)
    source = Records.open(records_dir).source(split, slices_per_genre=slices_per_genre)
    if split == "train":
        return training_dataset(source, batch_size=batch_size, seed=seed, reshuffle=True)
    return validation_dataset(source, batch_size)


def training_dataset(
    source: Source,
    *,
    batch_size: int = BATCH_SIZE,
    shuffle_buffer: int = SHUFFLE_BUFFER,
    seed: int = 0,
    reshuffle: bool = False,
) -> tf.data.Dataset:
    """Shuffled batches for training, one pass over the records, or as many drawn by weight.

    Args:
        source: the records to read.
        batch_size: slices per batch.
        shuffle_buffer: the size of the shuffle buffer in slices, 16 KB each.
        seed: of the shuffle and the draw.
        reshuffle: whether each further pass has another order.

    Returns:
        (image uint8 [batch, 128, 128, 1], label int64 [batch]).
    """
    source = source.drawn(seed)
    num_shards = len(source.paths)
    # The slices in a shard are already shuffled. Passes differ in which shards are read together,
    # and in the order within the buffer.
    shuffled = partial(tf.data.Dataset.shuffle, seed=seed, reshuffle_each_iteration=reshuffle)
    shards = shuffled(tf.data.Dataset.range(num_shards), num_shards)
    dataset = shards.interleave(
        _reader(source, lambda path: tf.data.FixedLengthRecordDataset(path, source.framed_bytes)),
        cycle_length=_PARALLEL_SHARDS,
        block_length=_BLOCK_RECORDS,
        num_parallel_calls=tf.data.AUTOTUNE,
        deterministic=True,
    )
    dataset = shuffled(dataset, shuffle_buffer).batch(batch_size)
    # One op parses a whole batch: parsing records one by one halves the throughput. Images stay
    # uint8: the model's first layer scales them, on its own device.
    dataset = dataset.map(
        lambda framed: parse_framed(framed, source.framed_bytes),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    dataset = dataset.apply(_assert_cardinality(source, batch_size))
    return dataset.prefetch(tf.data.AUTOTUNE)


def evaluation_dataset(source: Source, batch_size: int) -> tf.data.Dataset:
    """Every record once, in order.

    Returns:
        Dicts as from `example.parse_batch`.
    """
    dataset = tf.data.Dataset.range(len(source.paths)).flat_map(
        _reader(source, tf.data.TFRecordDataset)
    )
    dataset = dataset.batch(batch_size)
    dataset = dataset.map(parse_batch, num_parallel_calls=tf.data.AUTOTUNE)
    dataset = dataset.apply(_assert_cardinality(source, batch_size))
    return dataset.prefetch(tf.data.AUTOTUNE)


def validation_dataset(source: Source, batch_size: int) -> tf.data.Dataset:
    """Like `evaluation_dataset`, but with (image, label) as in training."""
    return evaluation_dataset(source, batch_size).map(lambda row: (row["image"], row["label"]))


def cached_validation_dataset(source: Source, batch_size: int) -> tf.data.Dataset:
    """Like `validation_dataset`, but read only once and then cached in memory."""
    return validation_dataset(source, batch_size).cache()


def in_memory(
    source: Source, *, batch_size: int, compute: Callable[[tf.Tensor], Any] = tf.identity
) -> Callable[..., tf.data.Dataset]:
    """Reads all records, 16 KB each, into memory, to train from there.

    Args:
        source: the records to read.
        batch_size: slices per batch.
        compute: images uint8 [batch, 128, 128, 1] -> what is kept of them, [batch, ...].

    Returns:
        A function from `seed`, a keyword argument, to one pass of batches, as from
        `training_dataset`, with what is kept in place of the images.
    """
    batches = [
        batch | {"image": compute(batch["image"])}
        for batch in evaluation_dataset(source, _CACHE_BATCH_SIZE)
    ]
    image = tf.concat([batch["image"] for batch in batches], 0)
    label = tf.concat([batch["label"] for batch in batches], 0)

    def read(*, seed: int) -> tf.data.Dataset:
        drawn = np.repeat(np.arange(len(label)), source.copies(seed))
        numbers = tf.data.Dataset.from_tensor_slices(drawn)
        numbers = numbers.shuffle(len(label), seed=seed, reshuffle_each_iteration=False)
        batches = numbers.batch(batch_size).map(
            lambda chosen: (tf.gather(image, chosen), tf.gather(label, chosen)), tf.data.AUTOTUNE
        )
        return batches.prefetch(tf.data.AUTOTUNE)

    return read


@contextmanager
def translate_read_errors(records: Records) -> Iterator[None]:
    """Turns TensorFlow's error about a record into a UserError that names the damaged shard.

    Raises:
        UserError: if reading failed and a shard does not match the manifest's digest.
    """
    try:
        yield
    except tf.errors.OpError as error:
        for split in records.manifest.splits.values():
            for shard in split.shards:
                if sha256_of(records.path / shard.name) != shard.sha256:
                    raise damaged_error(records.path / shard.name) from error
        raise


def _assert_cardinality(
    source: Source, batch_size: int
) -> Callable[[tf.data.Dataset], tf.data.Dataset]:
    """Declares the number of batches per pass to tf.data, and so to Keras, and enforces it."""
    return tf.data.experimental.assert_cardinality(source.num_batches(batch_size))


def _reader(
    source: Source, dataset: Callable[[tf.Tensor], tf.data.Dataset]
) -> Callable[[tf.Tensor], tf.data.Dataset]:
    """A function from a shard's index to the dataset of its records.

    Args:
        source: the records to read.
        dataset: opens the file at a path.
    """
    _check_scheme(source.paths[0])
    paths = tf.constant(source.paths)
    if source.keep is None:
        return lambda shard: dataset(paths[shard])
    lengths = [len(mask) for mask in source.keep]
    masks = tf.RaggedTensor.from_row_lengths(np.concatenate(source.keep), lengths)

    def read_kept(shard: tf.Tensor) -> tf.data.Dataset:
        kept = tf.data.Dataset.from_tensor_slices(masks[shard])
        rows = tf.data.Dataset.zip((dataset(paths[shard]), kept))
        return rows.filter(lambda _, keep: keep).map(lambda record, _: record)

    return read_kept


def _check_scheme(path: str) -> None:
    """Raises UserError if TensorFlow, which opens the shards itself, does not know the scheme."""
    scheme = path.partition("://")[0] if storage.is_remote(path) else ""
    if scheme not in (known := tf.io.gfile.get_registered_schemes()):
        others = "".join(f" or {name}://" for name in known if name not in ("", "file", "ram"))
        raise UserError(
            f"{path}: TensorFlow reads from a disk{others}, not from {scheme}://. Copy the folder "
            "to a disk, and change --records_dir."
        )
