"""What a run reads: caches, class weights, batches that devices share."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from tfgenre.config import BuildConfig, SplitConfig
from tfgenre.errors import UserError
from tfgenre.records import synthetic
from tfgenre.records.folder import Records
from tfgenre.training.config import (
    NOT_AUGMENTED,
    AugmentConfig,
    OptimizerConfig,
    PipelineConfig,
    TrainConfig,
)
from tfgenre.training.data import find_training_data
from tfgenre.training.multiworker import Worker

CONFIG = TrainConfig(
    epochs=2,
    min_steps=0,
    label_smoothing=0.1,
    pipeline=PipelineConfig(
        batch_size=8, sampling="slice", augment=AugmentConfig(time_mask=10, mixup_alpha=0.2)
    ),
)


@pytest.mark.parametrize("cache", ["memory", "disk"])
def test_caches_hold_the_same_slices(records_dir, tmp_path, cache):
    records = Records.open(records_dir)
    images = []
    for kind in ("none", cache):
        config = replace(
            CONFIG,
            pipeline=PipelineConfig(
                batch_size=4, sampling="slice", augment=NOT_AUGMENTED, cache=kind
            ),
        )
        data = find_training_data(records, config, cache_dir=tmp_path / "cache")
        first, again = (
            [image.tobytes() for batch, _ in data.epoch(epoch, config) for image in batch.numpy()]
            for epoch in (0, 1)
        )
        assert first != again
        assert sorted(first) == sorted(again)
        images.append(sorted(first))
    assert images[0] == images[1]


def test_balanced_weights(records_dir, tmp_path):
    records = Records.open(records_dir)
    config = replace(CONFIG, class_weights="balanced")
    data = find_training_data(records, config, cache_dir=tmp_path)
    counts = list(records.manifest.splits["train"].slices.values())
    assert data.class_weight is not None
    weighed = [data.class_weight[label] * count for label, count in enumerate(counts)]
    np.testing.assert_allclose(weighed, sum(counts) / 2)


def test_a_batch_that_devices_cannot_share(records_dir):
    config = replace(CONFIG, pipeline=PipelineConfig(batch_size=1000))
    records = Records.open(records_dir)
    two = Worker(num_devices=2)
    with pytest.raises(UserError, match="--batch_size=1000 is too large: a worker has only"):
        find_training_data(records, config, cache_dir=records_dir, worker=two)


def test_a_copy_on_disk_is_for_one_worker(records_dir, tmp_path):
    config = replace(CONFIG, pipeline=PipelineConfig(batch_size=8, cache="disk"))
    with pytest.raises(UserError, match="--cache=disk needs a single worker, got 2"):
        find_training_data(
            Records.open(records_dir), config, cache_dir=tmp_path, worker=Worker(0, 2, 2)
        )


@pytest.mark.parametrize("cache", ["none", "memory", "disk"])
def test_artists_are_balanced_with_any_cache(tmp_path, cache):
    records = synthetic.write_records(
        tmp_path / "records",
        BuildConfig(dataset="folder", genres=("Folk", "Pop")),
        tracks_per_genre=20,
        artist_of=lambda name: "one" if "Folk" in name else "",
    )
    settings = PipelineConfig(batch_size=4, cache=cache, sampling="artist")
    config = replace(CONFIG, label_smoothing=0.0, class_weights="balanced", pipeline=settings)
    data = find_training_data(records, config, cache_dir=tmp_path / "cache")
    epochs = [
        Counter(
            image.tobytes()
            for (batch, _), _ in data.epoch(epoch, config)
            for image in batch.numpy()
        )
        for epoch in (0, 0, 1)
    ]
    assert epochs[0] == epochs[1] != epochs[2]
    assert [epoch.total() for epoch in epochs] == [data.num_slices] * 3
    assert max(epochs[0].values()) > 1
    assert data.class_weight is not None
    np.testing.assert_allclose(data.class_weight[0] / data.class_weight[1], 20**0.5)


def test_validation_may_be_empty(tmp_path):
    split = SplitConfig(split_ratios=(90, 0, 10))
    records = synthetic.write_records(
        tmp_path, BuildConfig(dataset="folder", genres=("Folk", "Pop"), split=split)
    )
    data = find_training_data(records, CONFIG, cache_dir=tmp_path)
    assert data.validation is None
    assert data.validation_batches is None
    for config in (
        TrainConfig(
            early_stop_patience=2, optimizer=OptimizerConfig(learning_rate_schedule="constant")
        ),
        TrainConfig(optimizer=OptimizerConfig(learning_rate_schedule="plateau")),
    ):
        with pytest.raises(UserError, match="needs validation slices, got none"):
            find_training_data(records, config, cache_dir=tmp_path)
