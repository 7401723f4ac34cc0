"""Reads records by their numbers: from files on a disk, from remote storage, from memory."""

import resource
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tfgenre import storage
from tfgenre.errors import UserError
from tfgenre.records import page_cache
from tfgenre.records.buffers import Buffers
from tfgenre.records.example import END_DTYPE, IMAGE_BYTES, check_intact, framed_dtype
from tfgenre.records.order import BLOCK
from tfgenre.records.sources import Source
from tfgenre.spectrogram.slices import SLICE_SIZE

_CHUNK_SLICES = 2048  # 34 MB
_PIECE_SLICES = 64  # 1 MB: what is copied is still in the processor's cache for its checksum
_CONNECTIONS = 16
_OTHER_FILES = 256  # that a process has open


class Slices(NamedTuple):
    """Slices, or what is kept of them: uint8 [slices, 128, 128, 1], and labels int64 [slices]."""

    images: NDArray[Any]
    labels: NDArray[np.int64]


class Stored(NamedTuple):
    """Consecutive records: uint8 [records, 16384], and int64 [records]; see `framed_dtype`."""

    images: NDArray[np.uint8]
    ends: NDArray[np.int64]


class Reader(Protocol):
    """Reads a source's records.

    Attributes:
        window: among how many slices a pass shuffles.
        chunk: how many slices to read at a time.
        kept: the dtype and shape of what is read of each slice.
    """

    window: int
    chunk: int
    kept: tuple[np.dtype[Any], tuple[int, ...]]

    def read(self, numbers: NDArray[np.int64]) -> Slices:
        """The slices of these numbers, in this order; any thread may call it.

        Raises:
            DamagedRecordError: if a checksum is wrong.
        """

    def expect(self, numbers: NDArray[np.int64]) -> None:
        """Is called before these numbers are read, in whatever order."""


class _Shards:
    """Reads shards: what both places have in common."""

    kept: tuple[np.dtype[Any], tuple[int, ...]] = np.dtype(np.uint8), (SLICE_SIZE, SLICE_SIZE, 1)

    def __init__(self, source: Source) -> None:
        self._paths, self._starts = source.paths, source.starts
        self._dtype, self._buffers = framed_dtype(source.framed_bytes), Buffers()

    def read(self, numbers: NDArray[np.int64]) -> Slices:
        """See `Reader`."""
        images = self._buffers.array((len(numbers), IMAGE_BYTES), np.dtype(np.uint8))
        ends = np.empty(len(numbers), END_DTYPE)
        stored, which, rows = self._found(numbers)
        places = list(zip(which.tolist(), rows.tolist(), strict=True))
        for start in range(0, len(numbers), _PIECE_SLICES):
            piece = slice(start, start + _PIECE_SLICES)
            # Each image is copied once, by a function that lets other threads run Python.
            found = [stored[at].images[row] for at, row in places[piece]]
            np.concatenate(found, out=images[piece].reshape(-1))
            ends[piece].view("<i8")[:] = [stored[at].ends.item(row) for at, row in places[piece]]
            check_intact(images[piece], ends[piece])
        return Slices(images.reshape(-1, *self.kept[1]), ends["label"].astype(np.int64))

    def _found(
        self, numbers: NDArray[np.int64]
    ) -> tuple[Sequence[Stored], NDArray[np.int64], NDArray[np.int64]]:
        """Where to find records: for each number, in which of several arrays, and the row."""
        raise NotImplementedError


class OnDisk(_Shards):
    """Maps the shards into memory: slices are copied from the page cache into their batch."""

    window = 131_072  # 2 GB of the page cache; shuffling more gains nothing
    chunk = _CHUNK_SLICES

    def __init__(self, source: Source) -> None:
        """See the class.

        Raises:
            OSError: if so many files cannot be open at once.
        """
        super().__init__(source)
        _allow_open_files(len(source.paths) + _OTHER_FILES)
        # Plain arrays: np.memmap's own indexing is slow.
        maps = [np.asarray(np.memmap(path, self._dtype, "r")) for path in source.paths]
        self._shards = [Stored(found["image"], found["end"]) for found in maps]
        self._ahead = ThreadPoolExecutor(1)

    def expect(self, numbers: NDArray[np.int64]) -> None:
        """Has the system read the blocks of these numbers ahead."""
        self._ahead.submit(self._read_ahead, np.unique(numbers // BLOCK))

    def _read_ahead(self, blocks: NDArray[np.int64]) -> None:
        size = self._dtype.itemsize
        for path, first, end in zip(self._paths, self._starts[:-1], self._starts[1:], strict=True):
            low, high = np.searchsorted(blocks, [first // BLOCK, (end - 1) // BLOCK + 1])
            if low == high:
                continue
            rows = blocks[low:high] * BLOCK - first
            starts = rows.clip(min=0)
            parts = np.stack([starts, rows + BLOCK - starts], axis=1) * size
            page_cache.read_ahead(path, parts.tolist())

    def _found(
        self, numbers: NDArray[np.int64]
    ) -> tuple[Sequence[Stored], NDArray[np.int64], NDArray[np.int64]]:
        shards = np.searchsorted(self._starts, numbers, "right") - 1
        return self._shards, shards, numbers - self._starts[shards]


class Remote(_Shards):
    """Reads runs of neighbouring records, several at a time, from where TensorFlow can read."""

    window = 4096  # 67 MB: a chunk is a window, so that each block is read once
    chunk = window

    def expect(self, numbers: NDArray[np.int64]) -> None:
        """Does nothing: each chunk's blocks are read when it is."""

    def _found(
        self, numbers: NDArray[np.int64]
    ) -> tuple[Sequence[Stored], NDArray[np.int64], NDArray[np.int64]]:
        ascending, places = np.unique(numbers, return_inverse=True)
        shards = np.searchsorted(self._starts, ascending, "right") - 1
        is_new = np.diff(ascending // BLOCK, prepend=-1).astype(bool)
        is_new |= np.diff(shards, prepend=-1).astype(bool)
        firsts = np.flatnonzero(is_new)
        blocks = np.cumsum(is_new) - 1

        def block(first: int, end: int) -> Stored:
            shard, count = shards[first], ascending[end - 1] - ascending[first] + 1
            return self._block(
                self._paths[shard], int(ascending[first] - self._starts[shard]), int(count)
            )

        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            stored = list(pool.map(block, firsts, [*firsts[1:], len(ascending)]))
        rows = ascending - ascending[firsts[blocks]]
        return stored, blocks[places], rows[places]

    def _block(self, path: str, first: int, count: int) -> Stored:
        with tf.io.gfile.GFile(path, "rb") as file:
            file.seek(first * self._dtype.itemsize)
            content = file.read(count * self._dtype.itemsize)
        found = np.frombuffer(content, self._dtype, count)
        return Stored(found["image"], found["end"])


class InMemory:
    """Reads all records, 16 KB each, once, and gives them from memory."""

    window, chunk = OnDisk.window, _CHUNK_SLICES

    def __init__(
        self, source: Source, compute: Callable[[NDArray[np.uint8]], NDArray[Any]] = np.asarray
    ) -> None:
        """See the class.

        Args:
            source: the records.
            compute: images uint8 [slices, 128, 128, 1] -> what is kept of them, [slices, ...].
        """
        reader, self._numbers, self._buffers = open_shards(source), source.numbers, Buffers()
        reader.expect(self._numbers)
        self._labels = np.empty(len(self._numbers), np.int64)
        for start in range(0, max(1, len(self._numbers)), reader.chunk):
            part = slice(start, start + reader.chunk)
            images, self._labels[part] = reader.read(self._numbers[part])
            some = compute(images)
            if not start:
                self.kept = some.dtype, some.shape[1:]
                self._images = np.empty((len(self._numbers), *some.shape[1:]), some.dtype)
            self._images[part] = some

    def read(self, numbers: NDArray[np.int64]) -> Slices:
        """See `Reader`."""
        rows = np.searchsorted(self._numbers, numbers)
        images = self._buffers.array((len(rows), *self.kept[1]), self.kept[0])
        np.take(self._images, rows, axis=0, out=images, mode="clip")  # unbuffered if it clips
        return Slices(images, self._labels[rows])

    def expect(self, numbers: NDArray[np.int64]) -> None:
        """Does nothing: all is here."""


def open_shards(source: Source) -> Reader:
    """The reader for where the shards are.

    Raises:
        UserError: if TensorFlow cannot read from there.
    """
    check_scheme(source.paths[0])
    if not storage.is_remote(source.paths[0]):
        with suppress(OSError):  # more files than may be open: as if they were remote
            return OnDisk(source)
    return Remote(source)


def check_scheme(path: str) -> None:
    """Raises UserError if TensorFlow, which opens remote shards, does not know the scheme."""
    scheme = path.partition("://")[0] if storage.is_remote(path) else ""
    if scheme not in (known := tf.io.gfile.get_registered_schemes()):
        others = "".join(f" or {name}://" for name in known if name not in ("", "file", "ram"))
        raise UserError(
            f"{path}: TensorFlow reads from a disk{others}, not from {scheme}://. Copy the folder "
            "to a disk, and change --records_dir."
        )


def _allow_open_files(count: int) -> None:
    """Raises this process's limit of open files if that is needed.

    Raises:
        OSError: if the system does not allow so many.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        if hard != resource.RLIM_INFINITY and hard < count:
            raise OSError(f"only {hard} files may be open, {count} are needed")
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
