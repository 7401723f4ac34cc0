"""The only place that knows what a record looks like: its schema, writer, reader and file names.

A record is a tf.train.Example of one slice. Writing needs neither TensorFlow nor protobuf, so that
render workers stay small; the bytes equal TensorFlow's own (a test holds them against it).
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import google_crc32c

from tfgenre.errors import UserError
from tfgenre.files import atomic_file
from tfgenre.slices import SLICE_SIZE

if TYPE_CHECKING:
    import tensorflow as tf

IMAGE_BYTES = SLICE_SIZE * SLICE_SIZE
_CRC_MASK = 0xA282EAD8


@dataclass(frozen=True)
class Shard:
    """A finished shard file: its name, how many slices it holds, its size and its digest."""

    name: str
    slices: int
    bytes: int
    sha256: str


def shard_name(dataset: str, split: str, index: int, num_shards: int) -> str:
    """The file name of a shard, as TensorFlow Datasets names them."""
    return f"{dataset}-{split}.tfrecord-{index:05d}-of-{num_shards:05d}"


def shard_index(name: str) -> int:
    """The shard number in a shard's file name."""
    return int(name.rsplit("-", 3)[1])


def encode(*, image: bytes, label: int, track_id: str, slice_index: int, key: int) -> bytes:
    """A slice as a serialized tf.train.Example.

    Args:
        image: 16384 bytes, the rows of a 128x128 slice.
        label: position of the genre in the manifest's list.
        track_id: names the song within its collection.
        slice_index: position of the slice in the song.
        key: the sampling key, by which a shard's slices are ordered.
    """
    if len(image) != IMAGE_BYTES:
        raise ValueError(f"image must have {IMAGE_BYTES} bytes, got {len(image)}")
    features = {  # in alphabetical order, as protobuf serializes maps deterministically
        "image": _bytes_feature(image),
        "key": _int64_feature(key),
        "label": _int64_feature(label),
        "slice_index": _int64_feature(slice_index),
        "track_id": _bytes_feature(track_id.encode(errors="surrogateescape")),
    }
    entries = (_field(1, _field(1, n.encode()) + _field(2, f)) for n, f in features.items())
    return _field(1, b"".join(entries))


class Example(NamedTuple):
    """A decoded record; the fields are those of `encode`."""

    image: bytes
    label: int
    track_id: str
    slice_index: int
    key: int


def decode(record: bytes) -> Example:
    """The Example in a record that `encode` wrote.

    Raises:
        ValueError: if it is not one.
    """
    values: dict[str, Any] = {}
    ((_, features),) = _fields(record)
    for _, entry in _fields(features):
        (_, name), (_, feature) = _fields(entry)
        ((kind, content),) = _fields(feature)
        ((_, value),) = _fields(content)
        values[name.decode()] = value if kind == 1 else _read_varint(value, 0)[0]
    if values.keys() != set(Example._fields):
        raise ValueError(f"a record of {', '.join(sorted(values))}")
    values["track_id"] = values["track_id"].decode(errors="surrogateescape")
    found = Example(**values)
    if encode(**found._asdict()) != record:
        raise ValueError("a record that is not as it was written")
    return found


def read_shard(path: Path, *, digest: "hashlib._Hash | None" = None) -> Iterator[bytes]:
    """The records of a TFRecord file; a digest, if given, is fed every byte that is read.

    Raises:
        ValueError: if a checksum is wrong or the file is cut off, with the record's number.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        number = 0
        while header := file.read(12):
            length = struct.unpack("<Q", header[:8])[0] if len(header) == 12 else 0
            if len(header) < 12 or length > size or header[8:] != _masked_crc(header[:8]):
                raise ValueError(f"record {number:,} has a damaged header")
            record, checksum = file.read(length), file.read(4)
            if checksum != _masked_crc(record):
                raise ValueError(f"record {number:,} is damaged")
            if digest is not None:
                digest.update(b"".join([header, record, checksum]))
            yield record
            number += 1


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


def is_whole(path: Path, shard: Shard) -> bool:
    """Whether a shard's file is there and has its size; its contents are not read."""
    return path.is_file() and path.stat().st_size == shard.bytes


def check_whole(path: Path, shard: Shard) -> None:
    """Raises UserError unless `is_whole`."""
    if not is_whole(path, shard):
        raise damaged(path)


def damaged(path: Path) -> UserError:
    """What to tell the user of a file of records that is not what was written."""
    return UserError(
        f"{path} is missing or damaged: build the records again with tools/make_records "
        "--overwrite."
    )


def sha256_of(path: Path) -> str:
    """Digest of a file's contents."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def write_shard(path: Path, records: Iterable[bytes], *, scratch: Path | None = None) -> Shard:
    """Writes a TFRecord file; under its final name it is either whole or not there.

    Args:
        path: the file.
        records: its serialized examples.
        scratch: see `files.atomic_file`.
    """
    digest = hashlib.sha256()
    slices = size = 0
    with atomic_file(path, scratch=scratch) as file:
        for record in records:
            framed = _framed(record)
            file.write(framed)
            digest.update(framed)
            slices += 1
            size += len(framed)
    return Shard(path.name, slices, size, digest.hexdigest())


def _framed(record: bytes) -> bytes:
    """TFRecord framing: length, its checksum, the record, its checksum."""
    length = struct.pack("<Q", len(record))
    return b"".join([length, _masked_crc(length), record, _masked_crc(record)])


def _masked_crc(data: bytes) -> bytes:
    crc = google_crc32c.value(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + _CRC_MASK) & 0xFFFFFFFF)


def _bytes_feature(value: bytes) -> bytes:
    return _field(1, _field(1, value))


def _int64_feature(value: int) -> bytes:
    return _field(3, _field(1, _varint(value)))


def _field(number: int, payload: bytes) -> bytes:
    """A length-delimited protobuf field."""
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The length-delimited fields of a protobuf message: number and payload."""
    place = 0
    while place < len(message):
        tag, place = _read_varint(message, place)
        length, place = _read_varint(message, place)
        if tag & 7 != 2 or place + length > len(message):
            raise ValueError("no record of a slice")
        yield tag >> 3, message[place : place + length]
        place += length


def _read_varint(message: bytes, place: int) -> tuple[int, int]:
    """A varint, and where it ends."""
    value = shift = 0
    while place < len(message):
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
    raise ValueError("no record of a slice")


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
