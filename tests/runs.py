"""Folders of runs for tests."""

from pathlib import Path

import keras

from tfgenre.config import RenderConfig
from tfgenre.records import manifest
from tfgenre.records.folder import Records
from tfgenre.training import process_state
from tfgenre.training.claim import claim
from tfgenre.training.config import ModelConfig, TrainConfig
from tfgenre.training.model import build_model
from tfgenre.training.run_dir import RunDir


def tiny_run(path: Path, records_dir: Path, *, vote: str = "hard") -> RunDir:
    """A run with a tiny, untrained network of two genres."""
    run_dir = RunDir(path)
    run_dir.path.mkdir(exist_ok=True)
    manifest.write(manifest.read(records_dir), run_dir.path)
    run_dir.flags.write_text(f"--vote={vote}\n")
    image = keras.Input((128, 128, 1), dtype="uint8")
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(image))
    model = keras.Model(image, keras.layers.Dense(2, activation="softmax")(pooled))
    model.save(run_dir.best_model)
    return run_dir


def untrained_run(path: Path, records_dir: Path, *, dtype: str = "float32") -> RunDir:
    """A run whose best network is a new one, of two genres."""
    run_dir = RunDir(path)
    claim(run_dir, TrainConfig(), Records.open(records_dir))
    with process_state.seeded(0), process_state.dtype_policy(dtype):
        network = build_model(
            ModelConfig(initializer="he_uniform"), num_genres=2, render=RenderConfig()
        )
    network.save(run_dir.best_model)
    return run_dir
