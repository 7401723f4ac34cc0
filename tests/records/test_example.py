"""Records, compared with TensorFlow's own writer, serializer and reader."""

import numpy as np
import pytest
import tensorflow as tf

from tfgenre.records import example as records
from tfgenre.records import shards

IMAGE = np.random.default_rng(0).integers(4, 255, (128, 128), np.uint8)


def tensorflow_example(label: int, track_id: str, slice_index: int, key: int) -> bytes:
    def number(value):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))

    def text(value):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))

    feature = {
        "image": text(IMAGE.tobytes()),
        "label": number(label),
        "track_id": text(track_id.encode()),
        "slice_index": number(slice_index),
        "key": number(key),
    }
    checksum = int(np.frombuffer(IMAGE, "<i4").sum(dtype=np.int32) + np.int32(label))
    end = np.array([label, checksum], "<i4").tobytes()
    for zeros in range(SIZE):
        feature["trailer"] = text(bytes(120 + zeros) + end)
        example = tf.train.Example(features=tf.train.Features(feature=feature))
        if example.ByteSize() == SIZE:
            break
    return example.SerializeToString(deterministic=True)


SIZE = records.record_bytes(300)
ROWS = [(0, "a", 0, 0), (5, "Rock/é中🎵.mp3", 300, 2**63 - 1), (127, "x" * 300, 128, 2**35)]


def encode(label: int, track_id: str, slice_index: int, key: int, size: int = SIZE) -> bytes:
    return records.encode(
        image=IMAGE.tobytes(),
        label=label,
        track_id=track_id,
        slice_index=slice_index,
        key=key,
        size=size,
    )


@pytest.mark.parametrize(("label", "track_id", "slice_index", "key"), ROWS)
def test_encoding_equals_tensorflows(label, track_id, slice_index, key):
    encoded = encode(label, track_id, slice_index, key)
    assert len(encoded) == SIZE
    assert encoded == tensorflow_example(label, track_id, slice_index, key)


def test_an_image_of_the_wrong_size_is_an_error():
    with pytest.raises(ValueError, match="16384 bytes, got 3"):
        records.encode(image=b"abc", label=0, track_id="a", slice_index=0, key=0, size=SIZE)


def test_parsing_returns_what_was_encoded():
    batch = records.parse_batch(tf.constant([tensorflow_example(*row) for row in ROWS]))
    assert batch["image"].dtype == tf.uint8
    np.testing.assert_array_equal(batch["image"].numpy()[1, :, :, 0], IMAGE)
    found = zip(
        batch["label"].numpy(),
        [track_id.decode() for track_id in batch["track_id"].numpy()],
        batch["slice_index"].numpy(),
        batch["key"].numpy(),
        strict=True,
    )
    assert list(found) == ROWS


def test_shards_equal_tensorflows(tmp_path):
    examples = [tensorflow_example(*row) for row in ROWS]
    shard = shards.write_shard(tmp_path / "ours", examples)
    with tf.io.TFRecordWriter(str(tmp_path / "theirs")) as writer:
        for example in examples:
            writer.write(example)
    written = (tmp_path / "ours").read_bytes()
    assert written == (tmp_path / "theirs").read_bytes()
    assert (shard.slices, shard.bytes) == (3, len(written))


def test_an_interrupted_write_leaves_no_shard(tmp_path):
    def broken():
        yield b"record"
        raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError):
        shards.write_shard(tmp_path / "shard", broken())
    assert list(tmp_path.iterdir()) == []


def test_shard_names():
    name = shards.shard_name("old-time", "train", 7, 12)
    assert name == "old-time-train.tfrecord-00007-of-00012"
    assert shards.shard_index(name) == 7
