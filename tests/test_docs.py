"""Pages that are made from the code are up to date; the notebook runs."""

import json
from pathlib import Path

import pytest

from tests.commands import ROOT
from tfgenre.datasets import demo
from tfgenre.flags.page import page


def test_the_page_of_flags_is_up_to_date():
    assert (ROOT / "docs" / "flags.md").read_text() == page(), (
        "make it again: python -m tfgenre.flags.page > docs/flags.md"
    )


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 130


def test_the_notebook_runs(tmp_path, monkeypatch, capsys):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo, "SONGS", demo.SONGS[::3])  # a third of the time
    notebook = json.loads((ROOT / "examples" / "tour.ipynb").read_text())
    names: dict[str, object] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    printed = capsys.readouterr().out
    assert "20 songs: " in printed
    assert "of 6 songs" in printed
    assert Path("demo/run/report.html").exists()


def test_the_notebook_shows_its_results():
    notebook = json.loads((ROOT / "examples" / "tour.ipynb").read_text())
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] for cell in code[1:])
    types = {name for cell in code for output in cell["outputs"] for name in output.get("data", ())}
    assert "image/png" in types
