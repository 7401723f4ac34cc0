"""Experiments side by side: the seed's results in flag files, and the table of outcomes."""

import csv

import pytest

from tests.commands import ROOT
from tfgenre.errors import UserError
from tfgenre.evaluation import experiments
from tfgenre.evaluation.experiments import Outcome

# The seed's table: percent of slices, hours, percent of its memory.
SEED = {
    "exp01": (0.33, None, None),
    "exp07": (0.51, None, 0.68),
    "exp17": (0.61, 1, 0.58),
    "exp20": (0.61, 7.2, 0.58),
}


@pytest.mark.parametrize("name", SEED)
def test_the_seeds_results(name):
    found = experiments.seeds_result(ROOT / "flags" / f"{name}.cfg")
    assert (found.seed_accuracy, found.seed_hours, found.seed_ram) == SEED[name]


def test_every_experiment_states_the_seeds_accuracy():
    files = experiments.find_flag_files([str(ROOT / "flags" / "exp*.cfg")])
    assert len(files) == 20
    assert all(experiments.seeds_result(file).seed_accuracy for file in files)


def test_a_file_without_a_result_of_the_seed():
    assert experiments.seeds_result(ROOT / "flags" / "demo.cfg") == Outcome("demo")


@pytest.mark.parametrize(
    ("patterns", "sentence"),
    [
        (["flags/none*.cfg"], r"--flagfiles=flags/none\*.cfg matches no file"),
        ([], "--flagfiles is not given"),
        (["a/x.cfg", "b/x.cfg"], "share a name"),
    ],
)
def test_flag_files_that_cannot_be_used(patterns, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.cfg").touch()
    with pytest.raises(UserError, match=sentence):
        experiments.find_flag_files(patterns)


def test_a_failed_experiment_has_its_row(tmp_path):
    outcomes = [
        Outcome("exp01", seed_accuracy=0.33, slice_accuracy=0.415, hours=0.25, peak_memory_mb=2000),
        Outcome("exp02", seed_accuracy=0.41, failed="tfgenre_train ended with status 2"),
    ]
    experiments.write(outcomes, tmp_path, note="A note.")
    page = (tmp_path / "experiments.md").read_text()
    assert "| exp01 | 33 % | 42 % | | | | 15.0 min | | | 2,000 MB | |" in page
    assert "| exp02 | 41 % | | | | | | | | | tfgenre_train ended with status 2 |" in page
    with (tmp_path / "experiments.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["slice_accuracy"] for row in rows] == ["0.415", ""]
    assert "exp02" in (tmp_path / "experiments.svg").read_text()
