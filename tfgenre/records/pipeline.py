"""Input pipelines from shards to batches: one for training, one for evaluation."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tfgenre.config import BATCH_SIZE, SPLITS, check_choice, check_range
from tfgenre.records import order
from tfgenre.records.chunks import chunk_slices, chunks_in_order
from tfgenre.records.example import DamagedRecordError, parse_batch
from tfgenre.records.folder import Records
from tfgenre.records.order import Part
from tfgenre.records.readers import Reader, check_scheme, open_shards
from tfgenre.records.shards import damaged_error, sha256_of
from tfgenre.records.sources import Source

_CHUNKS_AHEAD = 1


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
        names the labels. tf.data does not tune it, nor what is derived from it, unless
        `tf.data.Options.autotune` is switched on there.

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
    seed: int = 0,
    reshuffle: bool = False,
) -> tf.data.Dataset:
    """Shuffled batches for training, one pass over the records, or as many drawn by weight.

    Args:
        source: the records to read.
        batch_size: slices per batch.
        seed: of the shuffle and the draw.
        reshuffle: whether each further pass has another order.

    Returns:
        (image uint8 [batch, 128, 128, 1], label int64 [batch]).
    """
    chunks = training_chunks(
        source, open_shards(source), batch_size=batch_size, seed=seed, reshuffle=reshuffle
    )
    return _without_numbers(chunks, source, batch_size)


def training_chunks(
    source: Source,
    reader: Reader,
    *,
    batch_size: int,
    seed: int,
    start: int = 0,
    part: Part = (0, 1),
    reshuffle: bool = False,
) -> tf.data.Dataset:
    """What `in_batches` divides into the batches of a pass: several at once, one read.

    An element of tf.data costs as much as reading some twenty slices, so elements are few.

    Args:
        source: the records to read.
        reader: reads them.
        batch_size: slices per batch.
        seed: of the shuffle and the draw.
        start: the number of batches to leave out.
        part: index and count of the worker that reads.
        reshuffle: whether each further pass has another order.

    Returns:
        (number of the first batch int64 [], image uint8 [slices, 128, 128, 1], or what the reader
        keeps of it, label int64 [slices]).
    """
    size = chunk_slices(reader, batch_size)
    window = max(1, reader.window // size) * size  # begins with a chunk

    @lru_cache(maxsize=1)
    def order_of(pass_seed: int) -> NDArray[np.int64]:
        drawn = source.drawn(pass_seed)
        return order.shuffled(drawn, seed=pass_seed, window=window, part=part)

    return chunks_in_order(
        reader,
        order_of,
        _drawn_seeds(seed) if reshuffle else _repeated(seed),
        batch_size=batch_size,
        positions=(start * batch_size, order.part_size(source.num_slices, part)),
        window=window,
    )


def in_batches(
    chunks: tf.data.Dataset,
    batch_size: int,
    *,
    timed: Callable[[tf.data.Dataset], tf.data.Dataset] = lambda chunks: chunks,
) -> tf.data.Dataset:
    """Reads a chunk of whole batches ahead, and divides chunks, without copying.

    Args:
        chunks: whole batches per element.
        batch_size: slices per batch.
        timed: measures how long a chunk is waited for.
    """
    return timed(chunks.prefetch(_CHUNKS_AHEAD)).rebatch(batch_size)


def evaluation_dataset(source: Source, batch_size: int) -> tf.data.Dataset:
    """Every record once, in order, read by TensorFlow's own reader of TFRecords.

    Returns:
        Dicts as from `example.parse_batch`.
    """
    dataset = tf.data.Dataset.range(len(source.paths)).flat_map(_tfrecords(source))
    dataset = dataset.batch(batch_size)
    # One op parses a whole batch: parsing records one by one halves the throughput.
    dataset = dataset.map(parse_batch, num_parallel_calls=tf.data.AUTOTUNE)
    dataset = dataset.apply(_assert_cardinality(source, batch_size))
    return dataset.prefetch(tf.data.AUTOTUNE)


def validation_dataset(
    source: Source, batch_size: int, reader: Reader | None = None
) -> tf.data.Dataset:
    """Every record once, in order, with (image, label) as in training.

    Args:
        source: the records to read.
        batch_size: slices per batch.
        reader: reads them; None: from where they are.
    """
    chunks = chunks_in_order(
        reader or open_shards(source),
        lambda _: source.numbers,
        _repeated(0),
        batch_size=batch_size,
        positions=(0, source.num_slices),
        window=source.num_slices,
    )
    return _without_numbers(chunks, source, batch_size)


@contextmanager
def translate_read_errors(records: Records) -> Iterator[None]:
    """Turns the error about a record into a UserError that names the damaged shard.

    Raises:
        UserError: if reading failed and a shard does not match the manifest's digest.
    """
    try:
        yield
    except (tf.errors.OpError, DamagedRecordError) as error:
        for split in records.manifest.splits.values():
            for shard in split.shards:
                if sha256_of(records.path / shard.name) != shard.sha256:
                    raise damaged_error(records.path / shard.name) from error
        raise


def _repeated(seed: int) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensors(tf.constant(seed, tf.int64)).repeat()


def _drawn_seeds(seed: int) -> tf.data.Dataset:
    """Seeds that are the same within each pass, and other ones in the next."""
    drawn = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)  # none is negative

    def first_of_pass(first: tf.Tensor, drawn: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        kept = tf.where(first < 0, drawn, first)
        return kept, kept

    return drawn.scan(tf.constant(-1, tf.int64), first_of_pass)


def _without_numbers(chunks: tf.data.Dataset, source: Source, batch_size: int) -> tf.data.Dataset:
    """The batches of chunks, without their numbers."""
    batches = in_batches(chunks.map(lambda _, image, label: (image, label)), batch_size)
    return batches.apply(_assert_cardinality(source, batch_size))


def _assert_cardinality(
    source: Source, batch_size: int
) -> Callable[[tf.data.Dataset], tf.data.Dataset]:
    """Declares the number of batches per pass to tf.data, and so to Keras, and enforces it."""
    return tf.data.experimental.assert_cardinality(source.num_batches(batch_size))


def _tfrecords(source: Source) -> Callable[[tf.Tensor], tf.data.Dataset]:
    """A function from a shard's index to the dataset of its records."""
    check_scheme(source.paths[0])
    paths = tf.constant(source.paths)
    if source.num_slices == sum(source.lengths):
        return lambda shard: tf.data.TFRecordDataset(paths[shard])
    each = [_mask(rows) for rows in source.by_shard()]
    masks = tf.RaggedTensor.from_row_lengths(np.concatenate(each), [len(mask) for mask in each])

    def read_kept(shard: tf.Tensor) -> tf.data.Dataset:
        kept = tf.data.Dataset.from_tensor_slices(masks[shard])
        rows = tf.data.Dataset.zip((tf.data.TFRecordDataset(paths[shard]), kept))
        return rows.filter(lambda _, keep: keep).map(lambda record, _: record)

    return read_kept


def _mask(rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """A mask of a shard's leading records, True at these rows."""
    mask = np.zeros(rows.max(initial=-1) + 1, bool)
    mask[rows] = True
    return mask
