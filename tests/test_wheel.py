"""A wheel, installed in an environment without the checkout, has all that the programs need."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.commands import ROOT

_HERE = Path(sys.executable).parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    tracked = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True)
    for name in filter(None, tracked.split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, source]
    subprocess.run(command, check=True)
    return next(folder.glob("tfgenre-*.whl"))


def test_it_has_every_module_and_template(wheel):
    packed = set(zipfile.ZipFile(wheel).namelist())
    for path in (ROOT / "tfgenre").rglob("*.*"):
        name = str(path.relative_to(ROOT)).replace("tfgenre/beetsplug", "beetsplug")
        if "__pycache__" not in name:
            assert name in packed, name


def test_the_demos_commands_run(wheel, collection, tmp_path):
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    site = next(environment.glob("lib/python*/site-packages"))
    zipfile.ZipFile(wheel).extractall(site)
    # Its dependencies are those of the environment that runs the tests, but not tfgenre itself.
    (site / "dependencies.pth").write_text(str(_site_packages()))
    python = str(environment / "bin" / "python")

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [python, *arguments], capture_output=True, text=True, cwd=tmp_path, check=True
        )
        return done.stdout

    where = run("-c", "import tfgenre; print(tfgenre.__file__)")
    assert Path(where.strip()).is_relative_to(site)
    assert "tfgenre_make_records" in run("-m", "tfgenre")
    program = "import sys; from tfgenre.programs import {0}; sys.argv[0] = 'tfgenre_{0}'; {0}.run()"
    run("-c", program.format("make_records"), "--dataset=folder", f"--data_dir={collection}")
    run("-c", program.format("train"), "--dataset=folder", "--epochs=1", "--min_steps=0")
    assert "track accuracy" in run("-c", program.format("evaluate"), "--run_dir=runs/folder-50px")
    song = str(next(collection.rglob("*.wav")))
    assert song in run("-c", program.format("predict"), "--run_dir=runs/folder-50px", song)


def _site_packages() -> Path:
    import numpy

    return Path(numpy.__file__).parents[1]
