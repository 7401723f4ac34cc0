"""Shards: TFRecord files and their names, without TensorFlow or protobuf."""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import google_crc32c

from tfgenre.errors import UserError, program
from tfgenre.files import atomic_file

HEADER_BYTES, FOOTER_BYTES = 12, 4  # of TFRecord framing, around each record
_CRC_MASK = 0xA282EAD8


@dataclass(frozen=True)
class Shard:
    """A finished shard file: its name, number of slices, size and digest."""

    name: str
    slices: int
    bytes: int
    sha256: str


def shard_name(dataset: str, split: str, index: int, num_shards: int) -> str:
    """The file name of a shard, in the format of TensorFlow Datasets."""
    return f"{dataset}-{split}.tfrecord-{index:05d}-of-{num_shards:05d}"


def shard_index(name: str) -> int:
    """The shard number in a shard's file name."""
    return int(name.rsplit("-", 3)[1])


def write_shard(path: Path, records: Iterable[bytes], *, scratch: Path | None = None) -> Shard:
    """Writes a TFRecord file atomically.

    Args:
        path: the file.
        records: the serialized examples.
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


def read_shard(path: Path, *, digest: "hashlib._Hash | None" = None) -> Iterator[bytes]:
    """Reads the records of a TFRecord file, and updates a digest, if given, with all its bytes.

    Raises:
        ValueError: if a checksum is wrong or the file is cut off; gives the record's number.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        number = 0
        while header := file.read(HEADER_BYTES):
            length = struct.unpack("<Q", header[:8])[0] if len(header) == HEADER_BYTES else 0
            if len(header) < HEADER_BYTES or length > size or header[8:] != _masked_crc(header[:8]):
                raise ValueError(f"record {number:,} has a damaged header")
            record, checksum = file.read(length), file.read(FOOTER_BYTES)
            if checksum != _masked_crc(record):
                raise ValueError(f"record {number:,} is damaged")
            if digest is not None:
                digest.update(b"".join([header, record, checksum]))
            yield record
            number += 1


def is_complete(path: Path, shard: Shard) -> bool:
    """Whether a shard's file exists and has the right size; its contents are not read."""
    return path.is_file() and path.stat().st_size == shard.bytes


def check_complete(path: Path, shard: Shard) -> None:
    """Raises UserError unless `is_complete`."""
    if not is_complete(path, shard):
        raise damaged_error(path)


def damaged_error(path: Path) -> UserError:
    """The error for a file of a build that is missing or damaged."""
    return UserError(
        f"{path} is missing or damaged: build the records again with "
        f"{program('make_records')} --overwrite."
    )


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's contents, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _framed(record: bytes) -> bytes:
    """TFRecord framing: length, its checksum, the record, its checksum."""
    length = struct.pack("<Q", len(record))
    return b"".join([length, _masked_crc(length), record, _masked_crc(record)])


def _masked_crc(data: bytes) -> bytes:
    crc = google_crc32c.value(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + _CRC_MASK) & 0xFFFFFFFF)
