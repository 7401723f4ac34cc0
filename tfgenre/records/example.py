"""The format of a record: its schema, writer and readers. No other module knows it.

A record is a tf.train.Example of one slice, and all records of a build have the same length, so
training reads fields by offset, without parsing. Writing needs neither TensorFlow nor protobuf,
which keeps render workers small; a test compares the bytes with TensorFlow's own.
"""

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfgenre.records.shards import FOOTER_BYTES, HEADER_BYTES
from tfgenre.spectrogram.slices import SLICE_SIZE

if TYPE_CHECKING:
    import tensorflow as tf

IMAGE_BYTES = SLICE_SIZE * SLICE_SIZE
_IMAGE_OFFSET = 27  # in each record: "image" is first, and lengths of 16 KB and more take 3 bytes
# The trailer ends with label and checksum, int32 each. At this length or more, up to 16 KB, every
# protobuf length around it takes two bytes.
_TRAILER_BYTES = 128
END_DTYPE = np.dtype([("label", "<i4"), ("checksum", "<i4")])
_OVERHEAD_BYTES = 25  # the trailer's name, tags and lengths, and those of the whole record


def record_bytes(longest_track_id: int) -> int:
    """The length of each record of a build, in bytes.

    Args:
        longest_track_id: the length of its longest track id, in bytes of UTF-8.
    """
    widest = _features(bytes(IMAGE_BYTES), 2**31 - 1, "x" * longest_track_id, 2**31 - 1, 2**63 - 1)
    return len(widest) + _OVERHEAD_BYTES + _TRAILER_BYTES


def encode(
    *, image: bytes, label: int, track_id: str, slice_index: int, key: int, size: int
) -> bytes:
    """A slice as a serialized tf.train.Example.

    Args:
        image: 16384 bytes, the rows of a 128x128 slice.
        label: index of the genre in the manifest's list.
        track_id: identifies the song within its collection.
        slice_index: index of the slice in the song.
        key: the sampling key, by which a shard's slices are sorted.
        size: the record's length in bytes, from `record_bytes`.

    Raises:
        ValueError: if the image is not of that length, or the size is too small.
    """
    if len(image) != IMAGE_BYTES:
        raise ValueError(f"image must have {IMAGE_BYTES} bytes, got {len(image)}")
    features = _features(image, label, track_id, slice_index, key)
    padding = size - len(features) - _OVERHEAD_BYTES - _TRAILER_BYTES
    if padding < 0:
        raise ValueError(f"a record of {size} bytes is {-padding} too short for {track_id!r}")
    trailer = struct.pack("<ii", label, _checksum(image, label))
    return _with_trailer(features, trailer.rjust(_TRAILER_BYTES + padding, b"\0"))


def _features(image: bytes, label: int, track_id: str, slice_index: int, key: int) -> bytes:
    """All entries of a record's map except the trailer."""
    features = {  # in alphabetical order, like protobuf's deterministic serialization
        "image": _bytes_feature(image),
        "key": _int64_feature(key),
        "label": _int64_feature(label),
        "slice_index": _int64_feature(slice_index),
        "track_id": _bytes_feature(track_id.encode(errors="surrogateescape")),
    }
    return b"".join(_entry(name, feature) for name, feature in features.items())


def _with_trailer(features: bytes, trailer: bytes) -> bytes:
    return _field(1, features + _entry("trailer", _bytes_feature(trailer)))


def _entry(name: str, feature: bytes) -> bytes:
    return _field(1, _field(1, name.encode()) + _field(2, feature))


def _checksum(image: bytes, label: int) -> int:
    """The sum of the label and the image's 32-bit words, as an int32 with wraparound."""
    words = np.frombuffer(image, "<i4").sum(dtype=np.int32) + np.int32(label)
    return int(words)


class Example(NamedTuple):
    """A decoded record; the fields are those of `encode`."""

    image: bytes
    label: int
    track_id: str
    slice_index: int
    key: int


def decode(record: bytes) -> Example:
    """Decodes a record that `encode` wrote.

    Raises:
        ValueError: if the record is anything else.
    """
    values: dict[str, Any] = {}
    ((_, features),) = _fields(record)
    for _, entry in _fields(features):
        (_, name), (_, feature) = _fields(entry)
        ((kind, content),) = _fields(feature)
        ((_, value),) = _fields(content)
        values[name.decode()] = value if kind == 1 else _read_varint(value, 0)[0]
    if values.pop("trailer", None) is None or values.keys() != set(Example._fields):
        raise ValueError(f"a record has the fields {', '.join(sorted(values))}")
    values["track_id"] = values["track_id"].decode(errors="surrogateescape")
    example = Example(**values)
    if encode(**example._asdict(), size=len(record)) != record:
        raise ValueError("a record differs from what was written")
    return example


def parse_batch(serialized: "tf.Tensor") -> "dict[str, tf.Tensor]":
    """Parses a batch of records in one op.

    Args:
        serialized: string [batch].

    Returns:
        image uint8 [batch, 128, 128, 1]; label, slice_index, key int64 [batch]; track_id string
        [batch].
    """
    import tensorflow as tf

    number = tf.io.FixedLenFeature([], tf.int64)
    text = tf.io.FixedLenFeature([], tf.string)
    batch = tf.io.parse_example(
        serialized,
        {"image": text, "key": number, "label": number, "slice_index": number, "track_id": text},
    )
    image = tf.io.decode_raw(batch["image"], tf.uint8, fixed_length=IMAGE_BYTES)
    batch["image"] = tf.reshape(image, [-1, SLICE_SIZE, SLICE_SIZE, 1])
    return batch


def framed_dtype(framed_bytes: int) -> np.dtype[np.void]:
    """The fields of a record in its file that training reads, as a structured dtype.

    Args:
        framed_bytes: the length of each record with its TFRecord framing, in bytes.

    Returns:
        image, uint8 [16384], and end, an int64 that holds label and checksum as in `END_DTYPE`.
    """
    return np.dtype(
        {
            "names": ["image", "end"],
            "formats": [("u1", IMAGE_BYTES), "<i8"],
            "offsets": [HEADER_BYTES + _IMAGE_OFFSET, framed_bytes - FOOTER_BYTES - 8],
            "itemsize": framed_bytes,
        }
    )


class DamagedRecordError(ValueError):
    """A record's checksum is wrong."""


def check_intact(images: NDArray[np.uint8], ends: NDArray[np.void]) -> None:
    """Raises DamagedRecordError unless the records' checksums are right.

    Args:
        images: uint8 [slices, 16384].
        ends: their labels and checksums, `END_DTYPE` [slices].
    """
    sums = images.view("<i4").sum(axis=1, dtype=np.int32) + ends["label"]
    if (sums != ends["checksum"]).any():
        raise DamagedRecordError("a record is damaged")


def _bytes_feature(value: bytes) -> bytes:
    return _field(1, _field(1, value))


def _int64_feature(value: int) -> bytes:
    return _field(3, _field(1, _varint(value)))


def _field(number: int, payload: bytes) -> bytes:
    """A length-delimited protobuf field."""
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The length-delimited fields of a protobuf message: number and payload."""
    offset = 0
    while offset < len(message):
        tag, offset = _read_varint(message, offset)
        length, offset = _read_varint(message, offset)
        if tag & 7 != 2 or offset + length > len(message):
            raise ValueError("not a record of a slice")
        yield tag >> 3, message[offset : offset + length]
        offset += length


def _read_varint(message: bytes, offset: int) -> tuple[int, int]:
    """A varint, and the offset of its end."""
    value = shift = 0
    while offset < len(message):
        byte = message[offset]
        offset += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, offset
        shift += 7
    raise ValueError("not a record of a slice")


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
