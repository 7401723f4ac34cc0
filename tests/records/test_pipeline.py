"""Batches for training and evaluation."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tfgenre.config import SPLITS
from tfgenre.errors import UserError
from tfgenre.records import chunks, pipeline, readers
from tfgenre.records.folder import Records


def training_dataset(source, **options):
    return pipeline.training_dataset(source, batch_size=4, **options)


def one_pass(dataset) -> list[bytes]:
    """The images of one pass, in order."""
    return [image.tobytes() for images, _ in dataset for image in images.numpy()]


def test_training_reads_every_slice_once_per_pass(records):
    source = records.source("train")
    dataset = training_dataset(source, reshuffle=True)
    in_order = [
        image.tobytes()
        for batch in pipeline.evaluation_dataset(source, 5)
        for image in batch["image"].numpy()
    ]
    first, second = one_pass(dataset), one_pass(dataset)
    assert sorted(first) == sorted(second) == sorted(in_order)
    assert first != second
    assert len(first) == source.num_slices == records.manifest.splits["train"].num_slices


def test_the_same_seed_gives_the_same_order(records):
    source = records.source("train")
    datasets = [training_dataset(source) for _ in range(2)]
    passes = [one_pass(dataset) for dataset in (*datasets, datasets[0])]
    assert passes[0] == passes[1] == passes[2]
    assert one_pass(training_dataset(source, seed=1)) != passes[0]


def test_batches_are_uint8_and_their_number_is_known(records):
    source = records.source("train")
    dataset = training_dataset(source)
    image, label = dataset.element_spec
    assert image.dtype == tf.uint8
    assert image.shape.as_list() == [None, 128, 128, 1]
    assert label.dtype == tf.int64
    assert dataset.cardinality().numpy() == len(list(dataset)) == source.num_batches(4)


def in_chunks(source, reader=None, **options) -> list[tuple[int, list[bytes]]]:
    """The images of a pass, by chunk, each with the number of its first batch."""
    chunks = pipeline.training_chunks(
        source, reader or readers.open_shards(source), batch_size=4, seed=5, **options
    )
    return [
        (int(first), [image.tobytes() for image in images.numpy()]) for first, images, _ in chunks
    ]


def of_chunks(chunks) -> list[bytes]:
    return [image for _, images in chunks for image in images]


@pytest.fixture
def small_chunks(monkeypatch) -> None:
    """Chunks of two batches, windows of two chunks."""
    monkeypatch.setattr(readers.OnDisk, "chunk", 8)
    monkeypatch.setattr(readers.OnDisk, "window", 16)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("start", [0, 1, 2, 3, 4])
def test_a_pass_continues_at_any_batch(records, start):
    source = records.source("train")
    whole, rest = in_chunks(source), in_chunks(source, start=start)
    assert [first for first, _ in whole] == [0, 2]
    assert of_chunks(rest) == of_chunks(whole)[4 * start :]
    assert all(first == start or first % 2 == 0 for first, _ in rest)


@pytest.mark.usefixtures("small_chunks")
def test_workers_share_a_pass(records):
    source = records.source("train")
    parts = [of_chunks(in_chunks(source, part=(index, 3))) for index in range(3)]
    assert {len(part) for part in parts} <= {source.num_slices // 3, source.num_slices // 3 + 1}
    assert sorted(image for part in parts for image in part) == sorted(of_chunks(in_chunks(source)))


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("threads", [1, 4])
def test_the_order_does_not_depend_on_threads_or_place(records, monkeypatch, threads):
    source = records.source("train")
    expected = of_chunks(in_chunks(source))
    monkeypatch.setattr(chunks, "_THREADS", threads)
    assert of_chunks(in_chunks(source)) == expected
    monkeypatch.setattr(readers.InMemory, "chunk", 8)
    monkeypatch.setattr(readers.InMemory, "window", 16)
    assert of_chunks(in_chunks(source, readers.InMemory(source))) == expected


def test_the_program_ends_while_slices_are_read(records_dir):
    """A thread that reads for a dataset must not call Python when that has ended."""
    script = (
        "import sys; from tfgenre.records import pipeline, readers; "
        "from tfgenre.records.folder import Records; readers.OnDisk.chunk = 4; "
        f"source = Records.open({str(records_dir)!r}).source('train'); "
        "batches = pipeline.training_dataset(source, batch_size=4, reshuffle=True).repeat(); "
        "left_open = iter(batches); [next(left_open) for _ in range(7)]"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


def test_evaluation_reads_in_order(records):
    source = records.source("test")
    keys = [k for batch in pipeline.evaluation_dataset(source, 3) for k in batch["key"].numpy()]
    assert len(keys) == records.manifest.splits["test"].num_slices
    again = [k for batch in pipeline.evaluation_dataset(source, 2) for k in batch["key"].numpy()]
    assert keys == again


@pytest.mark.parametrize("cap", [5, 8])
def test_slices_per_genre(records, cap):
    found = []
    for split in SPLITS:
        try:
            source = records.source(split, slices_per_genre=cap)
        except UserError:
            continue
        labels = [batch["label"].numpy() for batch in pipeline.evaluation_dataset(source, 4)]
        found.append(np.concatenate(labels))
        assert len(found[-1]) == source.num_slices
        assert sorted(label for _, batch in training_dataset(source) for label in batch) == sorted(
            found[-1]
        )
    assert np.bincount(np.concatenate(found)).tolist() == [cap, cap]


def test_a_missing_or_truncated_shard_is_reported(records, tmp_path):
    with pytest.raises(UserError, match=r"folder-train\.tfrecord-0000.* is missing or damaged"):
        Records(tmp_path, records.manifest).source("train")
    for path in records.path.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes()[: 2 * 16493])
    with pytest.raises(UserError, match=r"folder-train\.tfrecord-0000.* is missing or damaged"):
        Records(tmp_path, records.manifest).source("train")


def test_a_shard_with_a_flipped_bit_is_reported(records, tmp_path):
    for path in records.path.iterdir():
        content = bytearray(path.read_bytes())
        if "train.tfrecord-00001" in path.name:
            content[20_000] ^= 1
        (tmp_path / path.name).write_bytes(content)
    flipped = Records(tmp_path, records.manifest)
    source = flipped.source("train")
    for read in (lambda: list(training_dataset(source)), lambda: readers.InMemory(source)):
        with (
            pytest.raises(UserError, match=r"train\.tfrecord-00001-of-00002 is missing or damaged"),
            pipeline.translate_read_errors(flipped),
        ):
            read()


def test_load_dataset_reads_each_split(records_dir, records):
    import tfgenre

    for split, contents in records.manifest.splits.items():
        batches = list(tfgenre.load_dataset(records_dir, split, batch_size=4))
        assert sum(len(label) for _, label in batches) == contents.num_slices
        assert batches[0][0].shape[1:] == (128, 128, 1)
    with pytest.raises(UserError, match="--split must be one of"):
        tfgenre.load_dataset(records_dir, "dev")
    assert not hasattr(tfgenre, "nothing")
