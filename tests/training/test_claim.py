"""The folder of a run, when the run starts over or another one runs in it."""

import pytest

from tfgenre.config import BuildConfig
from tfgenre.errors import UserError
from tfgenre.records import synthetic
from tfgenre.training.claim import claim, discard, locked
from tfgenre.training.config import PipelineConfig, TrainConfig
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


def test_a_run_of_a_version_without_an_option_is_at_its_default(tmp_path):
    config = BuildConfig(dataset="folder", genres=("Folk", "Pop"))
    records = synthetic.write_records(tmp_path / "records", config)
    run_dir = RunDir(tmp_path / "run")
    run_dir.path.mkdir()
    claim(run_dir, TrainConfig(), records)
    flags = run_dir.flags.read_text()
    run_dir.flags.write_text(flags.replace("--sampling=slice\n", ""))
    assert run_dir.flags.read_text() != flags
    claim(run_dir, TrainConfig(), records)
    by_artist = TrainConfig(pipeline=PipelineConfig(sampling="artist"))
    with pytest.raises(UserError, match=r"--sampling \(slice there, artist asked for\)"):
        claim(run_dir, by_artist, records)
