"""One layer on top of a network that stays as it is."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tests.training.test_train import CONFIG as FROM_SCRATCH
from tests.training.test_train import run
from tfgenre.config import BuildConfig, RenderConfig
from tfgenre.errors import UserError
from tfgenre.records import pipeline, synthetic
from tfgenre.records.folder import Records
from tfgenre.training import frozen, musicnn
from tfgenre.training.config import ModelConfig, PipelineConfig, TrainConfig
from tfgenre.training.multiworker import Worker
from tfgenre.training.run_dir import RunDir

RENDER = RenderConfig(spectrogram="musicnn", sample_rate_hz=16000, pixels_per_second=62)
CONFIG = replace(
    FROM_SCRATCH,
    epochs=3,
    model=ModelConfig(model="musicnn", dropout_rate=0.5),
    pipeline=PipelineConfig(batch_size=8),
)


@pytest.fixture(scope="module")
def ear_records(tmp_path_factory) -> Records:
    config = BuildConfig(dataset="folder", genres=("Folk", "Pop"), render=RENDER)
    return synthetic.write_records(tmp_path_factory.mktemp("records"), config, tracks_per_genre=4)


@pytest.fixture(scope="module")
def whole(ear_records, tmp_path_factory) -> tuple[Path, list[Any]]:
    """A finished run, and its metrics."""
    folder = tmp_path_factory.mktemp("run")
    return folder, run(ear_records.path, folder, CONFIG)[1]


def test_the_runs_network_is_both_in_one(ear_records, whole):
    folder, rows = whole
    assert len(rows) == 3
    network = RunDir(folder).load_best_model(num_genres=2)
    ((images, _),) = pipeline.validation_dataset(ear_records.source("test"), 100)
    features = musicnn.features()
    head = keras.saving.load_model(folder / "last.keras")
    expected = head.predict(features.predict(images, verbose=0), verbose=0)
    found = network.predict(images, verbose=0)
    assert found.dtype == np.float32
    if RunDir(folder).read_result()["best"]["epoch"] == 3:
        np.testing.assert_allclose(found, expected, atol=1e-5)
    kept = network.get_layer("features_normal").get_weights()
    for ours, theirs in zip(kept, features.get_layer("features_normal").get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_result_names_its_origin(whole):
    result = RunDir(whole[0]).read_result()
    assert "MSD_musicnn" in result["pretrained"]
    assert result["weights"] > 700_000


def test_a_stopped_run_resumes_with_the_same_metrics(ear_records, whole, tmp_path):
    run(ear_records.path, tmp_path / "run", CONFIG, epochs_at_most=1)
    lines, rows = run(ear_records.path, tmp_path / "run", CONFIG)
    assert any("resumes after epoch 1" in line for line in lines)
    assert rows == whole[1]


def test_records_of_another_spectrogram_are_refused(records):
    with pytest.raises(UserError, match="needs records of --spectrogram=musicnn, got sox"):
        frozen.base_of(CONFIG, records, Worker())


def test_several_devices_are_refused(ear_records):
    with pytest.raises(UserError, match="on one device, got 2: give --strategy=one"):
        frozen.base_of(CONFIG, ear_records, Worker(0, 1, 2))


def test_a_cache_is_refused():
    with pytest.raises(UserError, match="--cache must be none"):
        TrainConfig(model=ModelConfig(model="musicnn"), pipeline=PipelineConfig(cache="disk"))


def test_slices_are_augmented_only_if_they_are_read_in_every_epoch():
    assert TrainConfig().augment.is_on
    assert not TrainConfig(model=ModelConfig(model="musicnn")).augment.is_on
