"""Shards become batches: one pipeline to train from, one to judge from."""

import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tfgenre import sampling, storage
from tfgenre.config import SPLITS, PipelineConfig, check_choice
from tfgenre.errors import UserError
from tfgenre.manifest import Manifest, read
from tfgenre.records import check_whole, damaged, parse_batch, sha256_of, shard_index

_SHARDS_AT_ONCE = 16
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
        return training_dataset(records, PipelineConfig(batch_size=batch_size, seed=seed))
    return validation_dataset(records, batch_size)


@dataclass(frozen=True)
class Source:
    """The records to read: shard files, and of each which leading records (None: all).

    Attributes:
        paths: shard files.
        keep: per shard, for its leading records, whether each is read; bool [records].
        num_slices: how many records that makes.
    """

    paths: tuple[str, ...]
    keep: tuple[NDArray[np.bool_], ...] | None
    num_slices: int

    def num_batches(self, batch_size: int) -> int:
        """Batches in one pass; the last may be smaller."""
        return math.ceil(self.num_slices / batch_size)


def source(
    records_dir: Path, manifest: Manifest, split: str, *, slices_per_genre: int = 0
) -> Source:
    """Finds a split's records.

    Args:
        records_dir: where the shards lie.
        manifest: what that folder holds.
        split: train, validation or test.
        slices_per_genre: how many of each genre, counted over all splits; 0 means all.

    Raises:
        UserError: if the split has no slices, or a shard is missing or of another size.
    """
    shards = {shard_index(shard.name): shard for shard in manifest.splits[split].shards}
    keep = None
    if slices_per_genre:
        rows = sampling.read_index(records_dir / sampling.NAME)
        keep = sampling.keep_by_shard(rows, split, slices_per_genre)
        if not keep.keys() <= shards.keys():
            raise damaged(records_dir / sampling.NAME)
        shards = {index: shards[index] for index in keep}
    if not shards:
        raise UserError(f"The {split} split of {records_dir} has no slices to read.")
    _check_scheme(records_dir)
    for shard in shards.values():
        check_whole(records_dir / shard.name, shard)
    paths = tuple(str(records_dir / shard.name) for shard in shards.values())
    if keep is None:
        return Source(paths, None, sum(shard.slices for shard in shards.values()))
    masks = tuple(keep.values())
    return Source(paths, masks, sum(int(mask.sum()) for mask in masks))


def _check_scheme(records_dir: Path) -> None:
    """Raises UserError if TensorFlow, which reads records by itself, cannot read from there."""
    scheme = str(records_dir).partition("://")[0] if storage.is_remote(records_dir) else ""
    if scheme not in (known := tf.io.gfile.get_registered_schemes()):
        raise UserError(
            f"{records_dir}: TensorFlow reads from a disk"
            + "".join(f" or {name}://" for name in known if name not in ("", "file", "ram"))
            + f", not from {scheme}://. Copy the folder there, and mend --records_dir."
        )


@contextmanager
def naming_damage(records_dir: Path, manifest: Manifest) -> Iterator[None]:
    """Turns TensorFlow's error about some record into one that names the damaged shard.

    Raises:
        UserError: if reading failed and a shard's contents are not those of the manifest.
    """
    try:
        yield
    except tf.errors.OpError as error:
        for split in manifest.splits.values():
            for shard in split.shards:
                if sha256_of(records_dir / shard.name) != shard.sha256:
                    raise damaged(records_dir / shard.name) from error
        raise


def training_dataset(records: Source, config: PipelineConfig) -> tf.data.Dataset:
    """Batches to train from: one pass over the records, shuffled.

    Returns:
        (image uint8 [batch, 128, 128, 1], label int64 [batch]); each pass in another order, the
        same orders for the same seed.
    """
    num_shards = len(records.paths)
    # Slices lie in each shard in an order that is a shuffle already. What varies from pass to pass
    # is which shards are read together, and the order within the buffer.
    shards = tf.data.Dataset.range(num_shards).shuffle(num_shards, seed=config.seed)
    dataset = shards.interleave(
        _reader(records),
        cycle_length=_SHARDS_AT_ONCE,
        block_length=_RECORDS_IN_TURN,
        num_parallel_calls=tf.data.AUTOTUNE,
        deterministic=True,
    )
    dataset = dataset.shuffle(config.shuffle_buffer, seed=config.seed)
    dataset = dataset.batch(config.batch_size)
    # A batch is parsed in one op: one by one costs half the throughput. Images stay uint8: the
    # model's first layer scales them, on its own device.
    dataset = dataset.map(_image_and_label, num_parallel_calls=tf.data.AUTOTUNE)
    dataset = dataset.apply(_assert_cardinality(records, config.batch_size))
    return dataset.prefetch(tf.data.AUTOTUNE)


def evaluation_dataset(records: Source, batch_size: int) -> tf.data.Dataset:
    """Every record once, in order.

    Returns:
        Dicts as `records.parse_batch` gives them.
    """
    dataset = tf.data.Dataset.range(len(records.paths)).flat_map(_reader(records))
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


def _image_and_label(serialized: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    batch = parse_batch(serialized)
    return batch["image"], batch["label"]


def _reader(records: Source) -> Callable[[tf.Tensor], tf.data.Dataset]:
    """A function from a shard's position to the dataset of its serialized records."""
    paths = tf.constant(records.paths)
    if records.keep is None:
        return lambda shard: tf.data.TFRecordDataset(paths[shard])
    lengths = [len(mask) for mask in records.keep]
    masks = tf.RaggedTensor.from_row_lengths(np.concatenate(records.keep), lengths)

    def read_kept(shard: tf.Tensor) -> tf.data.Dataset:
        kept = tf.data.Dataset.from_tensor_slices(masks[shard])
        rows = tf.data.Dataset.zip((tf.data.TFRecordDataset(paths[shard]), kept))
        return rows.filter(lambda _, keep: keep).map(lambda record, _: record)

    return read_kept
