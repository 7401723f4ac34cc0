"""The folder of a run, when the run starts over."""

from tfgenre.training.claim import discard
from tfgenre.training.run_dir import RunDir


def test_a_run_that_starts_over_loses_its_export(tmp_path):
    run_dir = RunDir(tmp_path / "run")
    run_dir.export.mkdir(parents=True)
    discard(run_dir)
    assert not run_dir.export.exists()
