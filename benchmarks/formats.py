"""The slices in the formats that other ways read, each written on first use."""

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tfgenre.records import manifest
from tfgenre.records.example import decode
from tfgenre.records.shards import read_shard

SHARDS = 16


def examples(records_dir: str) -> Iterator[tuple[NDArray[np.uint8], int]]:
    """Yields the training slices: image uint8 [128, 128, 1] and label."""
    folder = Path(records_dir)
    for shard in manifest.read(folder).splits["train"].shards:
        for record in read_shard(folder / shard.name):
            example = decode(record)
            image = np.frombuffer(example.image, np.uint8).reshape(128, 128, 1)
            yield image, example.label


def slices_of(records_dir: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """All training slices: images uint8 [slices, 128, 128, 1] and labels int64 [slices]."""
    images, labels = zip(*examples(records_dir), strict=True)
    return np.stack(images), np.array(labels)


def png(image: NDArray[np.uint8]) -> bytes:
    """A slice, uint8 [128, 128, 1], as a PNG."""
    file = io.BytesIO()
    Image.fromarray(image[..., 0]).save(file, "png")
    return file.getvalue()


def once(path: Path, write: Callable[[Path], None]) -> str:
    """Makes a folder and fills it with `write`, unless it exists; returns its path."""
    if not path.exists():
        path.mkdir()
        write(path)
    return str(path)


def _distribute(records_dir: str, writers: Sequence[Any], record: Callable[..., Any]) -> None:
    """Writes the slices to the writers in rotation, each as record(number, image, label)."""
    for number, (image, label) in enumerate(examples(records_dir)):
        writers[number % len(writers)].write(record(number, image, label))
    for writer in writers:
        writer.close()


def png_folder(records_dir: str, scratch: str) -> str:
    """Files LABEL/NUMBER.png, in a folder."""

    def write(folder: Path) -> None:
        for number, (image, label) in enumerate(examples(records_dir)):
            path = folder / str(label) / f"{number}.png"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(png(image))

    return once(Path(scratch, "png"), write)


def png_records(records_dir: str, scratch: str) -> str:
    """TFRecords of Examples of a PNG and a label, in a folder."""

    def write(folder: Path) -> None:
        import tensorflow as tf

        def record(number: int, image: NDArray[np.uint8], label: int) -> bytes:
            features = {
                "image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[png(image)])),
                "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
            }
            example = tf.train.Example(features=tf.train.Features(feature=features))
            return example.SerializeToString()

        writers = [tf.io.TFRecordWriter(str(folder / str(shard))) for shard in range(SHARDS)]
        _distribute(records_dir, writers, record)

    return once(Path(scratch, "png_records"), write)


def array(records_dir: str, scratch: str) -> str:
    """images.npy and labels.npy, in a folder."""

    def write(folder: Path) -> None:
        images, labels = slices_of(records_dir)
        np.save(folder / "images.npy", images)
        np.save(folder / "labels.npy", labels)

    return once(Path(scratch, "array"), write)


def array_records(records_dir: str, scratch: str) -> str:
    """ArrayRecords of a slice's bytes and its label's byte, in a folder."""

    def write(folder: Path) -> None:
        from array_record.python.array_record_module import ArrayRecordWriter

        writers = [
            ArrayRecordWriter(str(folder / f"{shard}.array_record"), "group_size:1,uncompressed")
            for shard in range(SHARDS)
        ]
        _distribute(records_dir, writers, lambda _, image, label: image.tobytes() + bytes([label]))

    return once(Path(scratch, "array_records"), write)


def tars(records_dir: str, scratch: str) -> str:
    """Tar files of NUMBER.bin (a slice's bytes) and NUMBER.cls (its label), in a folder."""

    def write(folder: Path) -> None:
        from webdataset import TarWriter

        def record(number: int, image: NDArray[np.uint8], label: int) -> dict[str, Any]:
            return {"__key__": f"{number:08}", "bin": image.tobytes(), "cls": label}

        writers = [TarWriter(str(folder / f"{shard}.tar")) for shard in range(SHARDS)]
        _distribute(records_dir, writers, record)

    return once(Path(scratch, "tars"), write)


def beton(records_dir: str, scratch: str) -> str:
    """slices.beton, FFCV's file, in a folder."""

    def write(folder: Path) -> None:
        from ffcv.fields import IntField, NDArrayField
        from ffcv.writer import DatasetWriter

        images, labels = slices_of(records_dir)
        fields = {"image": NDArrayField(np.dtype("uint8"), (128, 128, 1)), "label": IntField()}
        pairs = [(image, int(label)) for image, label in zip(images, labels, strict=True)]
        writer = DatasetWriter(str(folder / "slices.beton"), fields, num_workers=1)
        writer.from_indexed_dataset(pairs)

    return once(Path(scratch, "beton"), write)
