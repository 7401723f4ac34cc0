"""Errors name the command that the reader has."""

import sys

import pytest

from tests.commands import run
from tfgenre.errors import program


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("tools/leak_report", "tools/make_records"),
        ("/checkout/tools/leak_report", "tools/make_records"),
        ("/venv/bin/tfgenre_train", "tfgenre_make_records"),
        ("notebook.py", "tfgenre_make_records"),
        ("-c", "tfgenre_make_records"),
    ],
)
def test_the_family_of_commands_that_was_typed(monkeypatch, typed, named):
    monkeypatch.setattr(sys, "argv", [typed])
    assert program("make_records") == named


def test_programs_name_their_own_family(tmp_path):
    records_dir = f"--records_dir={tmp_path}"
    assert "build them with tools/make_records" in run("verify_records", records_dir).stderr
    assert "build them with tfgenre_make_records" in run("tfgenre_train", records_dir).stderr
