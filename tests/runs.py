"""Folders of runs for tests."""

from pathlib import Path

import keras

from tfgenre import manifest
from tfgenre.model import build_model
from tfgenre.run_dir import RunDir
from tfgenre.train_config import ModelConfig


def untrained_run(path: Path, records_dir: Path, *, dtype: str = "float32") -> RunDir:
    """A run whose best network is a new one, of two genres."""
    found = RunDir(path)
    flags = {"run_dir": str(path), "records_dir": str(records_dir)}
    found.claim(flags, manifest.read(records_dir))
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(dtype)
    network = build_model(ModelConfig(initializer="he_uniform"), num_genres=2)
    keras.config.set_dtype_policy("float32")
    network.save(found.best_model)
    return found
