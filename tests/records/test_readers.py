"""Reading records by their numbers, from disks, remote storage and memory."""

import resource
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from tfgenre.config import BuildConfig
from tfgenre.records import pipeline, readers, synthetic
from tfgenre.records.folder import Records


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Some 400 slices in three shards; their last blocks are short."""
    config = BuildConfig(dataset="folder", genres=("Folk", "Pop"))
    folder = tmp_path_factory.mktemp("records")
    return synthetic.write_records(folder, config, tracks_per_genre=20, num_shards=3).source(
        "train"
    )


@pytest.fixture(scope="module")
def expected(source) -> tuple[np.ndarray, np.ndarray]:
    """All images and labels, read by TensorFlow."""
    batches = list(pipeline.evaluation_dataset(source, 64))
    images, labels = (
        np.concatenate([batch[name].numpy() for batch in batches]) for name in ("image", "label")
    )
    return images, labels


@pytest.fixture(params=["disk", "remote", "memory"])
def reader(request, source):
    if request.param == "disk":
        return readers.OnDisk(source)
    if request.param == "memory":
        return readers.InMemory(source)
    paths = []
    for path in source.paths:
        paths.append("ram://" + path)
        tf.io.gfile.makedirs(paths[-1].rpartition("/")[0])
        tf.io.gfile.copy(path, paths[-1], overwrite=True)
    return readers.open_shards(replace(source, paths=tuple(paths)))


def test_any_numbers_in_any_order(source, expected, reader):
    rng = np.random.default_rng(0)
    total = source.num_slices
    for numbers in (
        np.arange(total),
        rng.permutation(total),
        rng.integers(0, total, 50),
        np.array([total - 1]),
        np.array([0, 0, 0]),
        np.arange(0),
    ):
        reader.expect(numbers)
        images, labels = reader.read(numbers)
        np.testing.assert_array_equal(images, expected[0][numbers])
        np.testing.assert_array_equal(labels, expected[1][numbers])
        assert labels.dtype == np.int64


def test_tensorflow_takes_the_memory_as_it_is(reader):
    images, _ = reader.read(np.arange(5))
    assert images.ctypes.data % 64 == 0
    assert images.dtype == np.uint8
    assert images.shape == (5, 128, 128, 1)


def test_memory_is_used_again_once_no_tensor_needs_it(source, expected):
    reader = readers.OnDisk(source)
    first = reader.read(np.arange(6)).images
    tensor, address = tf.constant(first), first.ctypes.data
    part = first[2:3]
    del first
    second = reader.read(np.arange(6, 12)).images
    assert second.ctypes.data != address
    np.testing.assert_array_equal(part, expected[0][2:3])
    del part
    third = reader.read(np.arange(3)).images
    assert third.ctypes.data == address
    np.testing.assert_array_equal(tensor, expected[0][:6])
    np.testing.assert_array_equal(second, expected[0][6:12])


def test_what_is_computed_once_is_kept(source, expected):
    reader = readers.InMemory(source, lambda images: images.mean(axis=(1, 2, 3))[:, None])
    assert reader.kept == (np.dtype(np.float64), (1,))
    means, _ = reader.read(np.array([7, 3]))
    np.testing.assert_array_equal(means[:, 0], expected[0][[7, 3]].mean(axis=(1, 2, 3)))


def test_a_remote_block_is_read_at_once(source, monkeypatch):
    reader, asked = readers.Remote(source), []
    block = reader._block

    def counted(path: str, first: int, count: int) -> readers.Stored:
        asked.append((path, first, count))
        return block(path, first, count)

    monkeypatch.setattr(reader, "_block", counted)
    reader.read(np.random.default_rng(0).permutation(source.num_slices))
    assert len(asked) == len(set(asked))
    assert sum(count for _, _, count in asked) == source.num_slices


def test_more_shards_than_files_may_be_open(source, monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (100, 200))
    assert isinstance(readers.open_shards(source), readers.Remote)


def test_the_limit_of_open_files_is_raised(source, monkeypatch):
    limits = []
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (100, 5000))
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limit: limits.append(limit))
    assert isinstance(readers.open_shards(source), readers.OnDisk)
    assert limits == [(len(source.paths) + 256, 5000)]


def test_a_flipped_bit_is_noticed_everywhere(source, tmp_path):
    records = Records.open(source.paths[0].rpartition("/")[0])
    paths = []
    for path in source.paths:
        content = bytearray((records.path / path).read_bytes())
        content[20_000] ^= 1
        paths.append(str(tmp_path / path.rpartition("/")[2]))
        (tmp_path / paths[-1]).write_bytes(content)
    damaged = replace(source, paths=tuple(paths))
    for reader in (readers.OnDisk(damaged), readers.Remote(damaged)):
        with pytest.raises(ValueError, match="a record is damaged"):
            reader.read(np.arange(source.num_slices))
    with pytest.raises(ValueError, match="a record is damaged"):
        readers.InMemory(damaged)
