"""Folders of runs for tests."""

from pathlib import Path

from tfgenre.records import manifest
from tfgenre.training import process_state
from tfgenre.training.config import ModelConfig
from tfgenre.training.model import build_model
from tfgenre.training.run_dir import RunDir


def untrained_run(path: Path, records_dir: Path, *, dtype: str = "float32") -> RunDir:
    """A run whose best network is a new one, of two genres."""
    found = RunDir(path)
    flags = {"run_dir": str(path), "records_dir": str(records_dir)}
    found.claim(flags, manifest.read(records_dir))
    with process_state.seeded(0), process_state.dtype_policy(dtype):
        network = build_model(ModelConfig(initializer="he_uniform"), num_genres=2)
    network.save(found.best_model)
    return found
