"""The order of the house: who may import whom, and what stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tfgenre"

# A module imports only from those that stand above it (docs/architecture.md).
ORDER = [
    "errors",
    "storage",
    "files",
    "pages",
    "config",
    "train_config",
    "predict_config",
    "archive_index",
    "archives",
    "mpeg_frames",
    "mpeg",
    "streams",
    "libsndfile",
    "ffmpeg",
    "decoders",
    "audio",
    "spectrogram",
    "sox",
    "slices",
    "render",
    "workers",
    "datasets.track",
    "datasets.tags",
    "datasets.folder",
    "tagging",
    "tag_log",
    "prediction",
    "datasets.downloads",
    "datasets.tables",
    "datasets.table",
    "datasets.fma_tables",
    "datasets.fma",
    "datasets.jamendo",
    "datasets.synth",
    "datasets.demo",
    "datasets.duplicates",
    "datasets",
    "splits",
    "shard_files",
    "records",
    "sampling",
    "manifest",
    "tfds_metadata",
    "track_table",
    "cards",
    "plan",
    "unit",
    "local",
    "cluster",
    "build",
    "describe",
    "verify",
    "contact_sheet",
    "synthetic",
    "resplit",
    "run_dir",
    "progress",
    "augment",
    "sources",
    "pipeline",
    "multiworker",
    "training_data",
    "input_clock",
    "process_state",
    "hardware",
    "model",
    "optimizer",
    "callbacks",
    "checkpoints",
    "board",
    "run_summary",
    "train",
    "report_plots",
    "scoring",
    "evaluate",
    "judge",
    "predict",
    "vote_plot",
    "wrong_songs",
    "graph_audio",
    "graph_resample",
    "graph_spectrogram",
    "saved_model",
    "conversions",
    "export",
    "report",
    "experiments",
    "leaks",
    "training_flags",
    "predict_flags",
    "flags",
    "settings",
    "folders",
    "programs",
    "programs.launch",
    "programs.make_records",
    "programs.describe",
    "programs.verify_records",
    "programs.inspect_records",
    "programs.train",
    "programs.evaluate",
    "programs.predict",
    "programs.experiments",
    "programs.leak_report",
    "programs.export",
]
USE_TENSORFLOW = {
    "augment",
    "sources",
    "pipeline",
    "multiworker",
    "training_data",
    "input_clock",
    "process_state",
    "hardware",
    "model",
    "optimizer",
    "callbacks",
    "checkpoints",
    "board",
    "run_summary",
    "train",
    "scoring",
    "evaluate",
    "judge",
    "predict",
    "vote_plot",
    "wrong_songs",
    "report_plots",
    "graph_audio",
    "graph_resample",
    "graph_spectrogram",
    "saved_model",
    "conversions",
    "export",
    "report",
    "experiments",
    "leaks",
}
MODULES = sorted(PACKAGE.rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tfgenre"):
            base = (node.module or "").removeprefix("tfgenre").removeprefix(".")
            names = {f"{base}.{alias.name}".removeprefix(".") for alias in node.names}
            found |= {name if name in ORDER else base for name in names}
    return found - {""}


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_go_one_way(path):
    name = module_name(path)
    if name == "":
        assert not imports_of(path)
        return
    above = ORDER[: ORDER.index(name)]
    assert imports_of(path) <= set(above)


def test_light_modules_do_not_import_tensorflow():
    light = [f"tfgenre.{name}" for name in ORDER if name not in USE_TENSORFLOW]
    code = f"""
import importlib, sys
for name in {light}:
    importlib.import_module(name)
heavy = {{"tensorflow", "keras", "sklearn", "matplotlib"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_flags_are_defined_in_one_place():
    defining = {path.name for path in MODULES if "DEFINE_" in path.read_text()}
    assert defining == {"flags.py", "predict_flags.py", "training_flags.py"}


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_modules_are_short(path):
    assert len(path.read_text().splitlines()) <= 250
