"""The folder of a run, when the run starts over or another one runs in it."""

import pytest

from tfgenre.config import BuildConfig
from tfgenre.errors import UserError
from tfgenre.records import synthetic
from tfgenre.training.claim import claim, discard, locked
from tfgenre.training.config import OptimizerConfig, PipelineConfig, TrainConfig
from tfgenre.training.run_dir import RunDir


def test_a_run_that_starts_over_loses_its_export(tmp_path):
    run_dir = RunDir(tmp_path / "run")
    run_dir.export.mkdir(parents=True)
    discard(run_dir)
    assert not run_dir.export.exists()


def test_a_folder_has_one_training_at_a_time(tmp_path, monkeypatch):
    run_dir = RunDir(tmp_path / "run")
    with locked(run_dir):
        with pytest.raises(UserError, match="Another training is running in"), locked(run_dir):
            pass
        monkeypatch.setenv("KERAS_DISTRIBUTION_PROCESS_ID", "1")
        with locked(run_dir):  # another worker of the same training
            pass
    monkeypatch.delenv("KERAS_DISTRIBUTION_PROCESS_ID")
    with locked(run_dir):
        pass


def test_a_run_of_a_version_without_an_option_did_as_that_version(tmp_path):
    config = BuildConfig(dataset="folder", genres=("Folk", "Pop"))
    records = synthetic.write_records(tmp_path / "records", config)
    run_dir = RunDir(tmp_path / "run")
    run_dir.path.mkdir()
    by_slice = TrainConfig(pipeline=PipelineConfig(sampling="slice"))
    claim(run_dir, by_slice, records)
    flags = run_dir.flags.read_text()
    run_dir.flags.write_text(flags.replace("--sampling=slice\n", "").replace("--freeze=auto\n", ""))
    assert len(run_dir.flags.read_text()) < len(flags) - 20
    claim(run_dir, by_slice, records)
    with pytest.raises(UserError, match=r"--sampling \(slice there, artist asked for\)"):
        claim(run_dir, TrainConfig(), records)


def test_weight_decay_is_not_compared_where_there_is_none(tmp_path):
    config = BuildConfig(dataset="folder", genres=("Folk", "Pop"))
    records = synthetic.write_records(tmp_path / "records", config)
    run_dir = RunDir(tmp_path / "run")
    rmsprop = TrainConfig(optimizer=OptimizerConfig(optimizer="rmsprop"))
    claim(run_dir, rmsprop, records)
    flags = run_dir.flags.read_text()
    run_dir.flags.write_text(flags.replace("--weight_decay=0.02", "--weight_decay=0.004"))
    claim(run_dir, rmsprop, records)
