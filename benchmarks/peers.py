"""Other libraries that read slices for training. `requirements-peers.txt` lists them."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import formats
from benchmarks.consumer import BATCH_SIZE, BUFFER, Batch, compiled, reading
from benchmarks.ways import Turn


def keras_directory(records_dir: str, scratch: str, seconds: float) -> Turn:
    """What Keras' documentation shows first; it returns float32, so images are cast."""
    import keras
    import tensorflow as tf

    dataset = keras.utils.image_dataset_from_directory(
        formats.png_folder(records_dir, scratch),
        color_mode="grayscale",
        image_size=(128, 128),
        batch_size=BATCH_SIZE,
        verbose=False,
    )
    dataset = dataset.map(lambda image, label: (tf.cast(image, tf.uint8), label))
    return compiled(dataset.prefetch(tf.data.AUTOTUNE), seconds)


def tfds(records_dir: str, scratch: str, seconds: float) -> Turn:
    """TensorFlow Datasets, from the same records."""
    import tensorflow as tf
    import tensorflow_datasets

    builder = tensorflow_datasets.builder_from_directory(records_dir)
    dataset = builder.as_dataset(split="train", shuffle_files=True)
    dataset = dataset.shuffle(BUFFER).batch(BATCH_SIZE)
    dataset = dataset.map(lambda row: (row["image"], row["label"])).prefetch(tf.data.AUTOTUNE)
    return compiled(dataset, seconds)


def grain(records_dir: str, scratch: str, seconds: float) -> Turn:
    """Grain's threads over ArrayRecord files."""
    import grain as library

    def parse(record: bytes) -> tuple[np.ndarray, int]:
        image = np.frombuffer(record, np.uint8, count=128 * 128)
        return image.reshape(128, 128, 1), record[-1]

    folder = Path(formats.array_records(records_dir, scratch))
    files = [str(path) for path in sorted(folder.iterdir())]
    source = library.sources.ArrayRecordDataSource(files)
    dataset = library.MapDataset.source(source).shuffle(seed=0).map(parse).batch(BATCH_SIZE)
    return reading(dataset.to_iter_dataset, seconds)


def webdataset(records_dir: str, scratch: str, seconds: float) -> Turn:
    """WebDataset over tar files of raw bytes."""
    from webdataset import WebDataset

    def image(content: bytes) -> np.ndarray:
        return np.frombuffer(content, np.uint8).reshape(128, 128, 1)

    files = [str(path) for path in sorted(Path(formats.tars(records_dir, scratch)).iterdir())]
    dataset = WebDataset(files, shardshuffle=len(files)).shuffle(BUFFER)
    dataset = dataset.to_tuple("bin", "cls").map_tuple(image, int).batched(BATCH_SIZE)
    return reading(lambda: dataset, seconds)


def torch(records_dir: str, scratch: str, seconds: float, *, num_workers: int) -> Turn:
    """PyTorch's DataLoader over a memory-mapped array."""
    from torch.utils.data import DataLoader

    loader = DataLoader(
        _Slices(formats.array(records_dir, scratch)),
        batch_size=BATCH_SIZE,
        shuffle=True,
        num_workers=num_workers,
        persistent_workers=num_workers > 0,
    )

    def one_pass() -> Iterator[Batch]:
        for image, label in loader:
            yield image.numpy(), label

    return reading(one_pass, seconds)


def ffcv(records_dir: str, scratch: str, seconds: float) -> Turn:
    """FFCV's threads over its own file, which the operating system caches."""
    return _ffcv(records_dir, scratch, seconds, order="RANDOM", os_cache=True)


def ffcv_from_disk(records_dir: str, scratch: str, seconds: float) -> Turn:
    """As `ffcv`, with the settings its documentation recommends for data larger than memory."""
    return _ffcv(records_dir, scratch, seconds, order="QUASI_RANDOM", os_cache=False)


def _ffcv(records_dir: str, scratch: str, seconds: float, *, order: str, os_cache: bool) -> Turn:
    from ffcv.fields.decoders import IntDecoder, NDArrayDecoder
    from ffcv.loader import Loader, OrderOption

    loader = Loader(
        f"{formats.beton(records_dir, scratch)}/slices.beton",
        batch_size=BATCH_SIZE,
        num_workers=2,
        order=OrderOption[order],
        os_cache=os_cache,
        pipelines={"image": [NDArrayDecoder()], "label": [IntDecoder()]},
    )
    return reading(lambda: loader, seconds)


class _Slices:
    """A map-style dataset of memory-mapped slices."""

    def __init__(self, folder: str) -> None:
        self._images = np.load(f"{folder}/images.npy", mmap_mode="c")
        self._labels = np.load(f"{folder}/labels.npy")

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._images[index], self._labels[index]


torch_at_once = partial(torch, num_workers=0)
torch_by_two = partial(torch, num_workers=2)
