"""Training: whatever stops it, and however its slices are read, the figures are the same."""

import contextlib
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tfgenre.errors import UserError
from tfgenre.records.folder import Records
from tfgenre.training import hardware, process_state, train
from tfgenre.training.config import (
    AugmentConfig,
    HardwareConfig,
    ModelConfig,
    OptimizerConfig,
    PipelineConfig,
    TrainConfig,
)
from tfgenre.training.data import find_training_data
from tfgenre.training.multiworker import Worker
from tfgenre.training.progress import read_rows
from tfgenre.training.run_dir import RunDir

CONFIG = TrainConfig(
    epochs=2,
    label_smoothing=0.1,
    optimizer=OptimizerConfig(learning_rate=0.0001),
    pipeline=PipelineConfig(batch_size=8, augment=AugmentConfig(time_mask=10, mixup_alpha=0.2)),
    hardware=HardwareConfig(precision="float32", deterministic=True),
)
BEST = replace(
    CONFIG,
    optimizer=OptimizerConfig(
        optimizer="adamw", weight_decay=0.02, learning_rate_schedule="cosine"
    ),
    model=ModelConfig(model="spectral", dropout_rate=0.5),
    pipeline=PipelineConfig(batch_size=8, augment=AugmentConfig(mixup_alpha=0.3)),
)


class Stop(Exception):
    pass


def run(
    records_dir, folder, config=CONFIG, *, epochs_at_most=99, fails=False
) -> tuple[list[str], list[Any]]:
    """Trains; returns what was said and the figures of each epoch."""
    said: list[str] = []

    def say(line: str) -> None:
        if fails:
            raise RuntimeError("of the test")
        said.append(line)
        if line.startswith(f"epoch {epochs_at_most}/"):
            raise Stop

    folder.mkdir(exist_ok=True)
    run_dir = RunDir(folder)
    with contextlib.suppress(Stop):
        train.train(Records.open(records_dir), run_dir, config, say=say, ceiling_s=0.05)
    rows = [tuple(row.values())[:-2] for row in read_rows(run_dir.metrics)]
    return said, rows


@pytest.fixture(scope="module")
def undisturbed(records_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    _, rows = run(records_dir, folder)
    assert {path.name for path in folder.iterdir()} == {
        "augmented.png",
        "best.keras",
        "last.keras",
        "metrics.csv",
        "result.json",
        "tensorboard",
    }
    return rows


def test_a_stopped_run_goes_on_as_it_would_have(records_dir, undisturbed, tmp_path):
    said, rows = run(records_dir, tmp_path, epochs_at_most=1)
    assert rows == undisturbed[:1]
    said, rows = run(records_dir, tmp_path)
    assert said[0] == "note: the run was stopped; it goes on after epoch 1"
    assert rows == undisturbed


def test_a_stopped_run_of_the_network_over_time_goes_on(records_dir, tmp_path):
    """With its moving means and variances, its schedule and its draws."""
    _, undisturbed = run(records_dir, tmp_path / "undisturbed", BEST)
    run(records_dir, tmp_path / "run", BEST, epochs_at_most=1)
    said, rows = run(records_dir, tmp_path / "run", BEST)
    assert said[0] == "note: the run was stopped; it goes on after epoch 1"
    assert rows == undisturbed


def test_a_run_whose_checkpoint_is_damaged_begins_anew(records_dir, undisturbed, tmp_path):
    run(records_dir, tmp_path, epochs_at_most=1)
    (tmp_path / "epoch-0001.keras").write_bytes(b"damaged")
    said, rows = run(records_dir, tmp_path)
    assert said[0].startswith("note: the run begins anew")
    assert rows == undisturbed


def test_partitions_are_trained_one_after_the_other(records_dir, tmp_path):
    config = replace(CONFIG, epochs=1, partitions=3, keep_checkpoints=True)
    data = find_training_data(Records.open(records_dir), config, cache_dir=tmp_path / "cache")
    parts = [part.num_slices for part in data.training]
    assert sum(parts) == Records.open(records_dir).manifest.splits["train"].num_slices
    assert max(parts) - min(parts) <= 2
    _, rows = run(records_dir, tmp_path, config)
    assert len(rows) == 3
    assert len(list(tmp_path.glob("epoch-000?.keras"))) == 3


@pytest.mark.parametrize("cache", ["memory", "disk"])
def test_caches_hold_the_same_slices(records_dir, tmp_path, cache):
    records = Records.open(records_dir)
    images = []
    for kind in ("none", cache):
        config = replace(CONFIG, pipeline=PipelineConfig(batch_size=4, cache=kind))
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


def test_a_loss_that_is_no_number_ends_the_run(records_dir, tmp_path):
    config = replace(CONFIG, optimizer=OptimizerConfig(optimizer="sgd", learning_rate=1e30))
    with pytest.raises(UserError, match=r"The loss became nan .* lower --learning_rate"):
        run(records_dir, tmp_path, config)
    assert not (tmp_path / "result.json").exists()


@pytest.mark.parametrize("asked_by", ["the run before", "the user"])
def test_one_process_trains_with_and_without_determinism(records_dir, tmp_path, asked_by):
    """As in a notebook: neither a run nor the user's own setting breaks the run that follows."""
    quick = replace(CONFIG, epochs=1, hardware=HardwareConfig(precision="float32"))
    with contextlib.ExitStack() as stack:
        if asked_by == "the user":
            stack.enter_context(process_state.op_determinism())
        else:
            run(records_dir, tmp_path / "deterministic", replace(CONFIG, epochs=1))
        _, rows = run(records_dir, tmp_path / "run", quick)
    assert len(rows) == 1


def test_a_run_that_fails_leaves_the_process_as_it_was(records_dir, tmp_path):
    random.seed(7)
    expected = random.Random(7).random()
    hardware = HardwareConfig(precision="mixed_bfloat16", deterministic=True)
    failing = replace(CONFIG, hardware=hardware, pipeline=PipelineConfig(batch_size=8, seed=5))
    with pytest.raises(RuntimeError, match="of the test"):
        run(records_dir, tmp_path, failing, fails=True)
    assert random.random() == expected
    assert not process_state.has_op_determinism()


def test_a_gpu_that_is_not_there(records_dir, tmp_path):
    if hardware.gpus():
        pytest.skip("there is one")
    config = replace(CONFIG, hardware=HardwareConfig(device="gpu"))
    with pytest.raises(UserError, match=r"--device=gpu: \w+ sees no GPU"):
        run(records_dir, tmp_path, config)


def test_mirrored_on_the_devices_there_are(records_dir, tmp_path):
    mirrored = HardwareConfig(strategy="mirrored", precision="float32", deterministic=True)
    config = replace(CONFIG, hardware=mirrored)
    _, rows = run(records_dir, tmp_path, config, epochs_at_most=1)
    said, again = run(records_dir, tmp_path, config)
    assert said[0] == "note: the run was stopped; it goes on after epoch 1"
    assert again[:1] == rows


@pytest.mark.parametrize("name", ["CONFIG", "BEST"])
def test_mirrored_on_two_devices(records_dir, tmp_path, name):
    """Each takes half of a batch; what cannot be halved is left out of an epoch."""
    code = f"""
import tensorflow as tf
(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from pathlib import Path
from tests.training.test_train import {name}, HardwareConfig, replace, run
config = replace({name}, hardware=HardwareConfig(strategy="mirrored", precision="float32"))
folders = Path({str(records_dir)!r}), Path({str(tmp_path)!r})
for number in (1, 2):  # the second time it goes on
    print(run(*folders, config, epochs_at_most=number))
"""
    environment = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, text=True
    )
    assert "it goes on after epoch 1" in done.stdout, done.stderr
    assert len(read_rows(tmp_path / "metrics.csv")) == 2


def test_a_batch_that_devices_cannot_share(records_dir):
    config = replace(CONFIG, pipeline=PipelineConfig(batch_size=1000))
    records = Records.open(records_dir)
    two = Worker(num_devices=2)
    with pytest.raises(UserError, match="--batch_size=1000 is too large: a worker has but"):
        find_training_data(records, config, cache_dir=records_dir, worker=two)
