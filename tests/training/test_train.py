"""Training: stopped or not, on one device or several, the metrics are the same."""

import contextlib
import math
import os
import random
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tests.runs import untrained_run
from tfgenre.config import BuildConfig, SplitConfig
from tfgenre.errors import UserError
from tfgenre.records import synthetic
from tfgenre.records.folder import Records
from tfgenre.training import callbacks, hardware, process_state, progress, train
from tfgenre.training.callbacks import NotFiniteError, check_loss
from tfgenre.training.config import (
    AugmentConfig,
    HardwareConfig,
    ModelConfig,
    OptimizerConfig,
    PipelineConfig,
    TrainConfig,
)
from tfgenre.training.data import find_training_data
from tfgenre.training.progress import read_rows
from tfgenre.training.run_dir import RunDir

CONFIG = TrainConfig(
    epochs=2,
    min_steps=0,
    label_smoothing=0.1,
    optimizer=OptimizerConfig(
        optimizer="rmsprop", learning_rate=0.0001, learning_rate_schedule="constant"
    ),
    pipeline=PipelineConfig(
        batch_size=8, sampling="slice", augment=AugmentConfig(time_mask=10, mixup_alpha=0.2)
    ),
    hardware=HardwareConfig(precision="float32", deterministic=True),
)
BEST = replace(
    CONFIG,
    optimizer=OptimizerConfig(
        optimizer="adamw", weight_decay=0.02, learning_rate_schedule="cosine"
    ),
    model=ModelConfig(model="spectral", dropout_rate=0.5),
    pipeline=PipelineConfig(batch_size=8, sampling="slice"),
)


class Stop(Exception):
    pass


def run(
    records_dir, folder, config=CONFIG, *, epochs_at_most=99, fails=False
) -> tuple[list[str], list[Any]]:
    """Trains; returns the printed lines and the metrics of each epoch."""
    lines: list[str] = []

    def say(line: str) -> None:
        if fails:
            raise RuntimeError("of the test")
        lines.append(line)
        if line.startswith(f"epoch {epochs_at_most}/"):
            raise Stop

    folder.mkdir(exist_ok=True)
    run_dir = RunDir(folder)
    with contextlib.suppress(Stop):
        train.train(Records.open(records_dir), run_dir, config, say=say, ceiling_s=0.05)
    rows = [tuple(row.values())[:-2] for row in read_rows(run_dir.metrics)]
    return lines, rows


@pytest.fixture(scope="module")
def uninterrupted(records_dir, tmp_path_factory):
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


def test_a_stopped_run_resumes_with_the_same_metrics(records_dir, uninterrupted, tmp_path):
    _, rows = run(records_dir, tmp_path, epochs_at_most=1)
    assert rows == uninterrupted[:1]
    lines, rows = run(records_dir, tmp_path)
    assert lines[0] == "note: the run was stopped; it resumes after epoch 1"
    assert rows == uninterrupted


def test_a_stopped_run_of_the_spectral_network_resumes_with_the_same_metrics(records_dir, tmp_path):
    """With its moving means and variances, its schedule and its random draws."""
    _, uninterrupted = run(records_dir, tmp_path / "uninterrupted", BEST)
    run(records_dir, tmp_path / "run", BEST, epochs_at_most=1)
    lines, rows = run(records_dir, tmp_path / "run", BEST)
    assert lines[0] == "note: the run was stopped; it resumes after epoch 1"
    assert rows == uninterrupted


class Killed(Exception):
    pass


def stopped_after(batches: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Training fails after so many batches, and saves after each."""

    def on_batch(self, batch, logs=None):
        nonlocal batches
        batches -= 1
        if batches < 0:
            raise Killed

    monkeypatch.setattr(callbacks.EpochWatch, "on_train_batch_end", on_batch)


@pytest.mark.parametrize("name", ["CONFIG", "BEST"])
@pytest.mark.parametrize("batches", [1, 3])
def test_a_run_stopped_within_an_epoch_resumes_with_the_same_metrics(
    records_dir, tmp_path, monkeypatch, name, batches
):
    config = replace({"CONFIG": CONFIG, "BEST": BEST}[name], checkpoint_minutes=1e-9)
    config = replace(config, pipeline=replace(config.pipeline, batch_size=2))
    _, uninterrupted = run(records_dir, tmp_path / "uninterrupted", config)
    assert not list((tmp_path / "uninterrupted").glob("*batch*"))
    with monkeypatch.context() as patch:
        stopped_after(batches, patch)
        with pytest.raises(Killed):
            run(records_dir, tmp_path / "run", config)
    lines, rows = run(records_dir, tmp_path / "run", config)
    assert lines[0] == (f"note: the run was stopped; it resumes after {batches} batches of epoch 1")
    assert rows == uninterrupted
    weights = [
        keras.saving.load_model(tmp_path / folder / "last.keras").get_weights()
        for folder in ("run", "uninterrupted")
    ]
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="only TensorFlow does so")
def test_several_steps_a_call_are_the_same(records_dir, tmp_path, monkeypatch):
    config = replace(CONFIG, checkpoint_minutes=1e-9)
    config = replace(config, pipeline=replace(config.pipeline, batch_size=2))
    _, one_by_one = run(records_dir, tmp_path / "one", config)
    monkeypatch.setattr(hardware, "steps_per_call", lambda config: 3)
    with monkeypatch.context() as patch:
        stopped_after(1, patch)
        with pytest.raises(Killed):
            run(records_dir, tmp_path / "run", config)
    lines, rows = run(records_dir, tmp_path / "run", config)
    assert lines[0] == "note: the run was stopped; it resumes after 3 batches of epoch 1"
    assert rows == one_by_one


def test_a_damaged_checkpoint_within_an_epoch_is_passed_over(records_dir, tmp_path, monkeypatch):
    config = replace(CONFIG, checkpoint_minutes=1e-9)
    _, rows = run(records_dir, tmp_path, config, epochs_at_most=1)
    with monkeypatch.context() as patch:
        stopped_after(1, patch)
        with pytest.raises(Killed):
            run(records_dir, tmp_path, config)
    (saved,) = tmp_path.glob("epoch-0002-batch-*.keras")
    saved.write_bytes(b"damaged")
    lines, again = run(records_dir, tmp_path, config)
    assert lines[0] == "note: the run was stopped; it resumes after epoch 1"
    assert again[:1] == rows


def test_a_run_whose_checkpoint_is_damaged_starts_over(records_dir, uninterrupted, tmp_path):
    run(records_dir, tmp_path, epochs_at_most=1)
    (tmp_path / "epoch-0001.keras").write_bytes(b"damaged")
    lines, rows = run(records_dir, tmp_path)
    assert lines[0].startswith("note: the run starts over")
    assert rows == uninterrupted


def test_partitions_are_trained_in_sequence(records_dir, tmp_path):
    config = replace(CONFIG, epochs=1, partitions=3, keep_checkpoints=True)
    data = find_training_data(Records.open(records_dir), config, cache_dir=tmp_path / "cache")
    parts = [part.num_slices for part in data.training]
    assert sum(parts) == Records.open(records_dir).manifest.splits["train"].num_slices
    assert max(parts) - min(parts) <= 2
    _, rows = run(records_dir, tmp_path, config)
    assert len(rows) == 3
    assert len(list(tmp_path.glob("epoch-000?.keras"))) == 3


def test_without_validation_the_last_epoch_is_kept(tmp_path):
    split = SplitConfig(split_ratios=(90, 0, 10))
    config = BuildConfig(dataset="folder", genres=("Folk", "Pop"), split=split)
    records = synthetic.write_records(tmp_path / "records", config)
    pipeline = PipelineConfig(batch_size=8, sampling="artist")
    asked = replace(CONFIG, min_steps=3, pipeline=pipeline)
    lines, rows = run(records, tmp_path / "run", asked)
    assert ", 0 validation slices, " in lines[0]
    assert "no training song has a known artist" in lines[1]
    assert len(rows) == 3  # of one step each
    assert not any("validation" in line for line in lines[1:])
    result = RunDir(tmp_path / "run").read_result()
    assert (result["kept"], result["best"]["epoch"]) == ("last", 3)
    assert result["best"]["validation_accuracy"] is None
    assert result["best"]["slices_per_second"] > 0


def test_a_network_that_is_not_finite_ends_the_run(records_dir, tmp_path):
    """On some processors its loss is NaN, on others max-pooling drops the NaN of its weights."""
    config = replace(
        CONFIG,
        optimizer=OptimizerConfig(
            optimizer="sgd", learning_rate=1e30, learning_rate_schedule="constant"
        ),
    )
    with pytest.raises(UserError, match=r"became (nan|infinite) .* lower --learning_rate"):
        run(records_dir, tmp_path, config)
    assert not (tmp_path / "result.json").exists()


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_an_error(loss):
    check_loss(0.5, "epoch 1/2")
    with pytest.raises(NotFiniteError, match=f"The loss became {loss} in epoch 1/2"):
        check_loss(loss, "epoch 1/2")


def test_an_epoch_whose_last_step_breaks_the_network_is_not_kept(records_dir, tmp_path):
    """Its loss is finite: that of the only batch, before the step."""
    config = replace(
        CONFIG,
        model=ModelConfig(model="despois"),
        pipeline=replace(CONFIG.pipeline, batch_size=1000),
        optimizer=OptimizerConfig(
            optimizer="rmsprop", learning_rate=1e30, learning_rate_schedule="constant"
        ),
    )
    with pytest.raises(UserError, match=r"became (nan|infinite) .* lower --learning_rate"):
        run(records_dir, tmp_path, config)
    assert not list(tmp_path.glob("*.keras"))
    assert not (tmp_path / "metrics.csv").exists()


def test_a_later_epoch_that_is_not_finite_ends_the_run_early(records_dir, tmp_path, monkeypatch):
    """The epoch before it is kept, and stays kept when the command is given again."""
    monkeypatch.setattr(progress, "learning_rate", lambda rows, config: 1e30 if rows else 0.0001)
    rates = OptimizerConfig(optimizer="sgd", learning_rate_schedule="plateau")
    config = replace(CONFIG, epochs=3, optimizer=rates)
    run(records_dir, tmp_path, config, epochs_at_most=1)
    lines, rows = run(records_dir, tmp_path, config)
    assert lines[0] == "note: the run was stopped; it resumes after epoch 1"
    result = RunDir(tmp_path).read_result()
    seen = result["stopped_early"]
    # Which of the two comes first depends on the order in which the processor adds.
    assert re.fullmatch(r"(The loss|Weights) became (nan|infinite or NaN) in epoch 2/3", seen)
    assert lines[-1] == f"note: {seen}: training ends; the epochs before it are kept"
    assert len(rows) == 1
    assert (result["epochs"], result["best"]["epoch"]) == (1, 1)
    for name in ("best.keras", "last.keras"):
        weights = keras.saving.load_model(tmp_path / name).get_weights()
        assert all(np.isfinite(weight).all() for weight in weights)


def test_a_checkpoint_that_is_not_finite_is_not_resumed(records_dir, uninterrupted, tmp_path):
    run(records_dir, tmp_path, epochs_at_most=1)
    path = tmp_path / "epoch-0001.keras"
    model = keras.saving.load_model(path)
    model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
    model.save(path)
    lines, rows = run(records_dir, tmp_path)
    reason = "weights are infinite or NaN"
    assert lines[0] == f"note: the run starts over: {path} cannot be read ({reason})"
    assert rows == uninterrupted


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_a_network_that_is_not_finite_is_not_loaded(records_dir, tmp_path, value):
    run_dir = untrained_run(tmp_path / "run", records_dir)
    model = keras.saving.load_model(run_dir.best_model)
    model.set_weights([np.full_like(weight, value) for weight in model.get_weights()])
    model.save(run_dir.best_model)
    with pytest.raises(UserError, match=r"best\.keras predicts nothing, .* infinite or NaN"):
        run_dir.load_best_model(num_genres=2)


def test_predictions_that_are_not_finite_are_refused(tmp_path):
    RunDir(tmp_path).check_probabilities(np.ones((2, 2), "float32"))
    with pytest.raises(UserError, match=r"best\.keras predicts nothing"):
        RunDir(tmp_path).check_probabilities(np.array([[1, 0], [np.nan, 1]], "float32"))


@pytest.mark.parametrize("set_by", ["the previous run", "the user"])
def test_one_process_trains_with_and_without_determinism(records_dir, tmp_path, set_by):
    """As in a notebook: neither a run nor the user's own setting breaks the next run."""
    deterministic = replace(BEST, epochs=1)
    with contextlib.ExitStack() as stack:
        if set_by == "the user":
            stack.enter_context(process_state.op_determinism())
        else:
            run(records_dir, tmp_path / "deterministic", deterministic)
        other = replace(deterministic, hardware=HardwareConfig(precision="float32"))
        _, rows = run(records_dir, tmp_path / "run", other)
    assert len(rows) == 1


def test_a_run_that_fails_restores_the_process_state(records_dir, tmp_path):
    random.seed(7)
    expected = random.Random(7).random()
    hardware = HardwareConfig(precision="mixed_bfloat16", deterministic=True)
    failing = replace(BEST, hardware=hardware, pipeline=PipelineConfig(batch_size=8, seed=5))
    with pytest.raises(RuntimeError, match="of the test"):
        run(records_dir, tmp_path, failing, fails=True)
    assert random.random() == expected
    assert not process_state.has_op_determinism()


def test_a_gpu_that_does_not_exist(records_dir, tmp_path):
    if hardware.gpus():
        pytest.skip("this machine has a GPU")
    config = replace(CONFIG, hardware=HardwareConfig(device="gpu"))
    with pytest.raises(UserError, match=r"--device=gpu: \w+ sees no GPU"):
        run(records_dir, tmp_path, config)


def test_mirrored_on_all_devices(records_dir, tmp_path):
    mirrored = HardwareConfig(strategy="mirrored", precision="float32", deterministic=True)
    config = replace(CONFIG, hardware=mirrored)
    _, rows = run(records_dir, tmp_path, config, epochs_at_most=1)
    lines, again = run(records_dir, tmp_path, config)
    assert lines[0] == "note: the run was stopped; it resumes after epoch 1"
    assert again[:1] == rows


@pytest.mark.parametrize("name", ["CONFIG", "BEST"])
def test_mirrored_on_two_devices(records_dir, tmp_path, name):
    """Each takes half of a batch; a remainder that cannot be halved is left out of an epoch."""
    code = f"""
import tensorflow as tf
(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from pathlib import Path
from tests.training.test_train import {name}, HardwareConfig, replace, run
config = replace({name}, hardware=HardwareConfig(strategy="mirrored", precision="float32"))
folders = Path({str(records_dir)!r}), Path({str(tmp_path)!r})
for number in (1, 2):  # the second time it resumes
    print(run(*folders, config, epochs_at_most=number))
"""
    environment = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, text=True
    )
    assert "it resumes after epoch 1" in done.stdout, done.stderr
    assert len(read_rows(tmp_path / "metrics.csv")) == 2
