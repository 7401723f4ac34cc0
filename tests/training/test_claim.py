"""The folder of a run, when the run starts over or another one runs in it."""

import pytest

from tfgenre.errors import UserError
from tfgenre.training.claim import discard, locked
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
