"""Slices per second, read for training: the seed's ways, this pipeline and other libraries.

python -m benchmarks.input [--records_dir=data/records/demo-50px] [--ways=generator,ours]

All read the same slices from the page cache, shuffled, in batches of 110, as uint8. One byte per
memory page of each batch is read. Ways that shuffle in a buffer have one of 2,048 slices; the
others shuffle all slices.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks import formats, peers, script
from benchmarks.consumer import BATCH_SIZE, BUFFER, Batch, compiled, reading
from benchmarks.ways import Benchmark, Turn, Way
from tfgenre.records.folder import Records
from tfgenre.records.sources import Source
from tfgenre.training.config import PipelineConfig, TrainConfig


def generator(records_dir: str, scratch: str, seconds: float) -> Turn:
    """The seed's custom generator: Pillow opens a batch's PNGs when Keras asks for it."""
    import keras

    class Generator(keras.utils.PyDataset):
        def __init__(self) -> None:
            super().__init__()
            self.on_epoch_end()

        def __len__(self) -> int:
            return len(paths) // BATCH_SIZE

        def __getitem__(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
            chosen = self.order[BATCH_SIZE * index : BATCH_SIZE * (index + 1)]
            images = np.stack([np.asarray(Image.open(paths[number])) for number in chosen])
            return images[..., np.newaxis], labels[chosen]

        def on_epoch_end(self) -> None:
            self.order = rng.permutation(len(paths))

    rng = np.random.default_rng(0)
    paths = sorted(Path(formats.png_folder(records_dir, scratch)).rglob("*.png"))
    labels = np.array([int(path.parent.name) for path in paths])
    batches = Generator()

    def one_pass() -> Iterator[Batch]:
        for index in range(len(batches)):
            yield batches[index]
        batches.on_epoch_end()

    return reading(one_pass, seconds)


def in_ram(records_dir: str, scratch: str, seconds: float) -> Turn:
    """All slices in one array."""
    images, labels = formats.slices_of(records_dir)
    rng = np.random.default_rng(0)

    def one_pass() -> Iterator[Batch]:
        order = rng.permutation(len(images))
        for start in range(0, len(images), BATCH_SIZE):
            chosen = order[start : start + BATCH_SIZE]
            yield images[chosen], labels[chosen]

    return reading(one_pass, seconds)


def tfrecord_of_pngs(records_dir: str, scratch: str, seconds: float) -> Turn:
    """TFRecords as most people write them: one Example per PNG, parsed and decoded one by one."""
    import tensorflow as tf

    features = {
        "image": tf.io.FixedLenFeature([], tf.string),
        "label": tf.io.FixedLenFeature([], tf.int64),
    }

    def parse(serialized: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        example = tf.io.parse_single_example(serialized, features)
        image = tf.io.decode_png(example["image"], channels=1)
        return tf.ensure_shape(image, (128, 128, 1)), example["label"]

    paths = [
        str(path) for path in sorted(Path(formats.png_records(records_dir, scratch)).iterdir())
    ]
    dataset = tf.data.Dataset.from_tensor_slices(paths).shuffle(len(paths))
    dataset = dataset.interleave(tf.data.TFRecordDataset, num_parallel_calls=tf.data.AUTOTUNE)
    dataset = dataset.shuffle(BUFFER).map(parse, num_parallel_calls=tf.data.AUTOTUNE)
    return compiled(dataset.batch(BATCH_SIZE).prefetch(tf.data.AUTOTUNE), seconds)


def ours(records_dir: str, scratch: str, seconds: float) -> Turn:
    """Our pipeline, as `load_dataset` gives it."""
    from tfgenre.records import pipeline

    source = _train_split(records_dir)
    dataset = pipeline.training_dataset(source, batch_size=BATCH_SIZE, reshuffle=True)
    return compiled(dataset, seconds)


def ours_in_memory(records_dir: str, scratch: str, seconds: float) -> Turn:
    """Our pipeline with --cache=memory."""
    from tfgenre.records import pipeline
    from tfgenre.records.readers import InMemory

    source = _train_split(records_dir)
    chunks = pipeline.training_chunks(source, InMemory(source), batch_size=BATCH_SIZE, seed=0)
    return compiled(pipeline.in_batches(chunks.map(lambda *row: row[1:]), BATCH_SIZE), seconds)


def ours_varied(records_dir: str, scratch: str, seconds: float) -> Turn:
    """Our pipeline as it feeds training, with all that augmentation adds before the device."""
    from tfgenre.training.data import find_training_data

    settings = PipelineConfig(batch_size=BATCH_SIZE, sampling="slice")
    config = TrainConfig(pipeline=settings)
    data = find_training_data(Records.open(records_dir), config, cache_dir=Path())
    return compiled(data.epoch(0, config), seconds)


def in_order(records_dir: str, scratch: str, seconds: float) -> Turn:
    """Our pipeline, as evaluation reads: not shuffled."""
    from tfgenre.records import pipeline

    dataset = pipeline.validation_dataset(_train_split(records_dir), BATCH_SIZE)
    return compiled(dataset, seconds)


def reading_only(records_dir: str, scratch: str, seconds: float) -> Turn:
    """The upper limit: TensorFlow finds records and checks CRCs; nothing is shuffled or parsed."""
    import tensorflow as tf

    return _reading_only(records_dir, seconds, tf.data.TFRecordDataset)


def reading_rows(records_dir: str, scratch: str, seconds: float) -> Turn:
    """The upper limit for rows of one length: nothing is found, checked, shuffled or parsed."""
    import tensorflow as tf

    row_bytes = _train_split(records_dir).framed_bytes
    return _reading_only(
        records_dir, seconds, lambda path: tf.data.FixedLengthRecordDataset(path, row_bytes)
    )


def _reading_only(records_dir: str, seconds: float, reader: Callable[[Any], Any]) -> Turn:
    import tensorflow as tf

    paths = tf.constant(_train_split(records_dir).paths)
    dataset = tf.data.Dataset.from_tensor_slices(paths)
    dataset = dataset.interleave(
        reader, cycle_length=4, block_length=16, num_parallel_calls=tf.data.AUTOTUNE
    )
    return compiled(dataset.batch(BATCH_SIZE).prefetch(tf.data.AUTOTUNE), seconds)


def _train_split(records_dir: str) -> Source:
    return Records.open(records_dir).source("train")


def prepare(folder: Path, smoke: bool) -> dict[str, Any]:
    """Takes --records_dir, or writes records; other formats go to the folder."""
    num_slices = 240 if smoke else 48_000
    records_dir = script.records_dir(folder / "records", num_slices=num_slices, num_shards=16)
    return {"records_dir": records_dir, "scratch": str(folder), "seconds": 0.1 if smoke else 3.0}


def _written(write: Callable[[str, str], str]) -> Callable[..., None]:
    """A way's `prepare`, which writes its format."""

    def prepared(records_dir: str, scratch: str, seconds: float) -> None:
        write(records_dir, scratch)

    return prepared


BENCHMARK = Benchmark(
    "benchmarks.input",
    unit="slices",
    ways={
        "generator": Way("the seed's generator over PNGs", generator, _written(formats.png_folder)),
        "ram": Way("all in RAM, NumPy", in_ram),
        "png_records": Way("TFRecords of PNGs", tfrecord_of_pngs, _written(formats.png_records)),
        "ours": Way("tfgenre", ours),
        "ours_in_memory": Way("tfgenre, --cache=memory", ours_in_memory),
        "ours_varied": Way("tfgenre, as training reads", ours_varied),
        "in_order": Way("tfgenre, not shuffled", in_order),
        "reading": Way("only reading the records", reading_only),
        "rows": Way("only reading them as rows", reading_rows),
        "keras": Way(
            "image_dataset_from_directory", peers.keras_directory, _written(formats.png_folder)
        ),
        "tfds": Way("TensorFlow Datasets", peers.tfds),
        "grain": Way("Grain, ArrayRecord", peers.grain, _written(formats.array_records)),
        "webdataset": Way("WebDataset, tar", peers.webdataset, _written(formats.tars)),
        "torch": Way("DataLoader, memory-mapped", peers.torch_at_once, _written(formats.array)),
        "torch2": Way("the same, 2 workers", peers.torch_by_two, _written(formats.array)),
        "ffcv": Way("FFCV, 2 threads", peers.ffcv, _written(formats.beton)),
    },
    references=("generator", "reading"),
    prepare=prepare,
)

if __name__ == "__main__":
    script.run(BENCHMARK)
