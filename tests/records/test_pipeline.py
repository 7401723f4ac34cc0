import numpy as np
import pytest
import tensorflow as tf

from tfgenre.config import SPLITS
from tfgenre.errors import UserError
from tfgenre.records import manifest, pipeline, sources
from tfgenre.training.config import PipelineConfig

CONFIG = PipelineConfig(batch_size=4, shuffle_buffer=8)


@pytest.fixture(scope="module")
def contents(records_dir):
    return manifest.read(records_dir)


def one_pass(dataset) -> list[bytes]:
    """The images of a pass, in its order."""
    return [image.tobytes() for images, _ in dataset for image in images.numpy()]


def test_training_reads_everything_once_a_pass(records_dir, contents):
    records = sources.source(records_dir, contents, "train")
    dataset = pipeline.training_dataset(records, CONFIG, reshuffle=True)
    in_order = [
        image.tobytes()
        for batch in pipeline.evaluation_dataset(records, 5)
        for image in batch["image"].numpy()
    ]
    first, second = one_pass(dataset), one_pass(dataset)
    assert sorted(first) == sorted(second) == sorted(in_order)
    assert first != second
    assert len(first) == records.num_slices == contents.splits["train"].num_slices


def test_the_same_seed_gives_the_same_order(records_dir, contents):
    records = sources.source(records_dir, contents, "train")
    datasets = [pipeline.training_dataset(records, CONFIG) for _ in range(2)]
    passes = [one_pass(dataset) for dataset in (*datasets, datasets[0])]
    assert passes[0] == passes[1] == passes[2]
    other = PipelineConfig(batch_size=4, shuffle_buffer=8, seed=1)
    assert one_pass(pipeline.training_dataset(records, other)) != passes[0]


def test_batches_are_uint8_and_their_number_is_known(records_dir, contents):
    records = sources.source(records_dir, contents, "train")
    dataset = pipeline.training_dataset(records, CONFIG)
    image, label = dataset.element_spec
    assert image.dtype == tf.uint8
    assert image.shape.as_list() == [None, 128, 128, 1]
    assert label.dtype == tf.int64
    assert dataset.cardinality().numpy() == len(list(dataset)) == records.num_batches(4)


def test_evaluation_reads_in_order(records_dir, contents):
    records = sources.source(records_dir, contents, "test")
    keys = [k for batch in pipeline.evaluation_dataset(records, 3) for k in batch["key"].numpy()]
    assert len(keys) == contents.splits["test"].num_slices
    again = [k for batch in pipeline.evaluation_dataset(records, 2) for k in batch["key"].numpy()]
    assert keys == again


@pytest.mark.parametrize("cap", [5, 8])
def test_slices_per_genre(records_dir, contents, cap):
    found = []
    for split in SPLITS:
        try:
            records = sources.source(records_dir, contents, split, slices_per_genre=cap)
        except UserError:
            continue
        labels = [batch["label"].numpy() for batch in pipeline.evaluation_dataset(records, 4)]
        found.append(np.concatenate(labels))
        assert len(found[-1]) == records.num_slices
        assert sorted(
            label for _, batch in pipeline.training_dataset(records, CONFIG) for label in batch
        ) == sorted(found[-1])
    assert np.bincount(np.concatenate(found)).tolist() == [cap, cap]


def test_a_shard_that_is_missing_or_cut_is_named(records_dir, contents, tmp_path):
    with pytest.raises(UserError, match=r"folder-train\.tfrecord-0000.* is missing or damaged"):
        sources.source(tmp_path, contents, "train")
    for path in records_dir.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes()[: 2 * 16493])
    with pytest.raises(UserError, match=r"folder-train\.tfrecord-0000.* is missing or damaged"):
        sources.source(tmp_path, contents, "train")


def test_a_shard_with_a_flipped_bit_is_named(records_dir, contents, tmp_path):
    for path in records_dir.iterdir():
        content = bytearray(path.read_bytes())
        if "train.tfrecord-00001" in path.name:
            content[20_000] ^= 1
        (tmp_path / path.name).write_bytes(content)
    records = sources.source(tmp_path, contents, "train")
    with (
        pytest.raises(UserError, match=r"train\.tfrecord-00001-of-00002 is missing or damaged"),
        sources.naming_damage(tmp_path, contents),
    ):
        list(pipeline.training_dataset(records, CONFIG))


def test_three_lines_are_enough(records_dir):
    import tfgenre

    for split, contents in manifest.read(records_dir).splits.items():
        batches = list(tfgenre.load_dataset(records_dir, split, batch_size=4))
        assert sum(len(label) for _, label in batches) == contents.num_slices
        assert batches[0][0].shape[1:] == (128, 128, 1)
    with pytest.raises(UserError, match="--split must be one of"):
        tfgenre.load_dataset(records_dir, "dev")
    assert not hasattr(tfgenre, "nothing")
