"""Embeddings of songs: what the network's last layer takes, averaged over a song's slices.

They grow song by song in a NumPy file, and a table beside it names the song of each row.
"""

import csv
import io
import itertools
import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from tfgenre import files
from tfgenre.errors import UserError
from tfgenre.prediction.results_index import ResultsIndex
from tfgenre.prediction.rows import State, cut_incomplete_line, placed
from tfgenre.text import csv_line

_COLUMNS = ("path", "size_bytes", "modified_ns", "run")
_TABLE = ".paths.csv"
_TYPE = np.dtype("<f4")


def with_embeddings(model: keras.Model) -> keras.Model:
    """A network that gives, after a slice's probabilities, its embedding: [batch, genres + n].

    Args:
        model: slices -> probabilities.

    Raises:
        UserError: if it is the mean of several networks: they have no last layer in common.
    """
    features = model.layers[-1].input
    if not isinstance(features, keras.KerasTensor):
        raise UserError("--embeddings are those of one network: give --run_dir one run.")
    both = keras.layers.Concatenate(dtype="float32", name="with_embedding")
    return keras.Model(model.inputs, both([model.outputs[0], features]), name=model.name)


class Embeddings(AbstractContextManager["Embeddings"]):
    """A file of embeddings, float32 [songs, n], and FILE.paths.csv, whose rows name the songs.

    Rows are only appended. What kill -9 or a power cut leaves in one of the two files alone is cut
    off when they are opened again. A song that was predicted again has several rows until `tidy`.
    """

    def __init__(self, path: Path, *, size: int, run: str, goes_on: bool) -> None:
        """Opens the files, which are made if they are not there.

        Args:
            path: the NumPy file.
            size: numbers per song.
            run: names the network and how it is used.
            goes_on: whether to keep what is there.

        Raises:
            UserError: if it is from another program, or is to be kept and from another run.
            OSError: if it cannot be read or written.
        """
        self._path, self._size, self._run = path.resolve(), size, run
        self._index, self._num_songs = ResultsIndex(), 0
        path.parent.mkdir(parents=True, exist_ok=True)
        table = self._path.with_suffix(_TABLE)
        self._check_files(table)
        mode = "r+b" if goes_on and _size(self._path) and _size(table) else "w+b"
        self._numbers, self._table = self._path.open(mode), table.open(mode)
        if mode == "r+b":
            self._read()
        else:
            for file, start in ((self._numbers, self._header()), (self._table, _line(_COLUMNS))):
                file.write(start)
                file.flush()
        self._index.sort()

    def __exit__(self, *exception: object) -> None:
        self._numbers.seek(0)
        self._numbers.write(self._header())
        for file in (self._numbers, self._table):
            file.flush()
            os.fsync(file.fileno())
            file.close()

    def knows(self, path: str, state: State) -> bool:
        """Whether there is the embedding of a song as it is."""
        return self._index.place(path, state, self._run) is not None

    def add(self, path: str, state: State, embedding: NDArray[np.float32]) -> None:
        """Appends a song's embedding, [n], which replaces an earlier one."""
        for file, content in (
            (self._numbers, embedding.astype(_TYPE).tobytes()),
            (self._table, _line((path, *state, self._run))),
        ):
            with files.naming(file.name):
                file.write(content)
                file.flush()
        self._note(path, state)

    def tidy(self) -> None:
        """Drops the embeddings that were replaced; nothing is added after that."""
        latest = self._index.latest()
        if latest.all():
            return
        shape = (len(latest), self._size)
        numbers = np.memmap(self._numbers.name, _TYPE, "r", len(self._header()), shape)
        with (
            files.atomic_file(self._path) as kept,
            files.atomic_file(self._path.with_suffix(_TABLE)) as table,
        ):
            table.write(_line(_COLUMNS))
            self._num_songs = int(latest.sum())
            kept.write(self._header())
            for is_latest, embedding, (_, _, row) in zip(
                latest, numbers, self._rows(), strict=True
            ):
                if is_latest:
                    kept.write(embedding.tobytes())
                    table.write(_line(row))

    def _check_files(self, table: Path) -> None:
        """Raises UserError if there are files that this class did not write."""
        if not _size(table):
            if _size(self._path) > len(self._header()):
                raise self._is_other(f"{table.name} is not beside it")
            return
        with table.open("rb") as file:
            if file.readline() != _line(_COLUMNS):
                raise self._is_other(f"{table.name} beside it is another table")

    def _read(self) -> None:
        """Notes the songs that are in both files, and cuts off what is in one alone."""
        try:
            np.lib.format.read_magic(self._numbers)
            shape, _, kind = np.lib.format.read_array_header_1_0(self._numbers)
        except ValueError as error:
            raise self._is_other(str(error)) from error
        if shape[1:] != (self._size,) or kind != _TYPE:
            raise self._is_other(f"{kind} {list(shape)}, not {_TYPE} [songs, {self._size}]")
        start, row_bytes = self._numbers.tell(), self._size * _TYPE.itemsize
        most = (files.size_of(self._numbers) - start) // row_bytes
        cut_incomplete_line(self._table)
        for place, _, (path, size_bytes, modified_ns, run) in self._rows():
            if run != self._run:
                raise self._is_other("another network, or used in another way")
            if self._num_songs == most:
                self._table.truncate(place)
                break
            self._note(path, State(int(size_bytes), int(modified_ns)))
        self._numbers.truncate(start + self._num_songs * row_bytes)
        for file in (self._numbers, self._table):
            file.seek(0, os.SEEK_END)

    def _rows(self) -> Iterator[tuple[int, int, list[str]]]:
        with open(self._table.name, "rb") as file:
            yield from itertools.islice(placed(file, csv.reader), 1, None)

    def _note(self, path: str, state: State) -> None:
        self._index.add(path, state, self._run, self._num_songs)
        self._num_songs += 1

    def _header(self) -> bytes:
        """The NumPy file's first bytes: as many whatever the number of songs."""
        header = io.BytesIO()
        shape = (self._num_songs, self._size)
        values = {"descr": _TYPE.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(header, values)
        return header.getvalue()

    def _is_other(self, found: str) -> UserError:
        return UserError(
            f"--embeddings={self._path} holds others ({found}): name another file, or remove it."
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _line(values: Iterable[object]) -> bytes:
    return (csv_line(values) + "\r\n").encode(errors="surrogateescape")
