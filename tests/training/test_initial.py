"""Training that starts from an earlier run's network."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.training.test_train import CONFIG as BASE
from tfgenre import api
from tfgenre.config import BuildConfig, RenderConfig, SplitConfig
from tfgenre.errors import UserError
from tfgenre.records import pipeline, synthetic
from tfgenre.records.folder import Records
from tfgenre.training.config import ModelConfig, PipelineConfig, TrainConfig
from tfgenre.training.initial import initial_network, without_last_layer
from tfgenre.training.run_dir import RunDir

CONFIG = replace(
    BASE,
    model=ModelConfig(model="spectral_small", dropout_rate=0.5),
    pipeline=PipelineConfig(batch_size=8),
)


def records_of(folder: Path, *genres: str, spectrogram: str = "sox") -> Records:
    config = BuildConfig(
        dataset="folder", genres=genres, render=RenderConfig(spectrogram=spectrogram)
    )
    return synthetic.write_records(folder, config, tracks_per_genre=4)


def starting_from(run: Path, *, freeze: str = "auto") -> TrainConfig:
    return replace(CONFIG, model=replace(CONFIG.model, init_from=str(run), freeze=freeze))


@pytest.fixture(scope="module")
def three(tmp_path_factory) -> Records:
    return records_of(tmp_path_factory.mktemp("three"), "Folk", "Jazz", "Pop")


@pytest.fixture(scope="module")
def two(tmp_path_factory) -> Records:
    return records_of(tmp_path_factory.mktemp("two"), "Folk", "Rock")


@pytest.fixture(scope="module")
def earlier(three, tmp_path_factory) -> Path:
    """A run of three genres."""
    folder = tmp_path_factory.mktemp("runs") / "earlier"
    return api.train(three.path, folder, config=CONFIG).path


def weights(model: keras.Model, *, of_last: bool) -> list[np.ndarray]:
    layers = model.layers[-1:] if of_last else model.layers[:-1]
    return [weight for layer in layers for weight in layer.get_weights()]


def are_equal(some: list[np.ndarray], others: list[np.ndarray]) -> bool:
    return all(np.array_equal(one, other) for one, other in zip(some, others, strict=True))


def test_the_last_layer_is_new_where_the_genres_differ(earlier, three, two):
    trained = RunDir(earlier).load_best_model(num_genres=3)
    same = initial_network(starting_from(earlier).model, three)
    assert are_equal(same.get_weights(), trained.get_weights())
    other = initial_network(starting_from(earlier).model, two)
    assert other.output.shape == (None, 2)
    assert are_equal(weights(other, of_last=False), weights(trained, of_last=False))


@pytest.mark.parametrize("freeze", ["none", "base"])
def test_a_run_that_starts_from_another(earlier, two, tmp_path, freeze):
    lines: list[str] = []
    config = starting_from(earlier, freeze=freeze)
    run = api.train(two.path, tmp_path / "run", config=config, say=lines.append)
    origin = "the run earlier, trained on 12 songs of 3 genres (--dataset=folder)"
    assert lines[0].endswith(origin)
    result = run.read_result()
    assert (result["pretrained"], result["frozen"]) == (origin, freeze == "base")
    trained = RunDir(earlier).load_best_model(num_genres=3)
    network = run.load_best_model(num_genres=2)
    is_same = are_equal(weights(network, of_last=False), weights(trained, of_last=False))
    assert is_same == (freeze == "base")
    assert result["weights"] == network.count_params()
    assert api.train(two.path, run, config=config).path == run.path  # finished, so left as it is
    third = api.train(two.path, tmp_path / "third", config=starting_from(run.path))
    assert third.read_result()["pretrained"].endswith(f", which started from {origin}")


@pytest.mark.parametrize("name", ["despois", "spectral"])
def test_features_are_what_the_last_layer_takes(two, name):
    network = initial_network(ModelConfig(model=name), two)
    ((images, _),) = pipeline.validation_dataset(two.source("test"), 100)
    features = without_last_layer(network).predict(images, verbose=0)
    expected = network.predict(images, verbose=0)
    np.testing.assert_allclose(network.layers[-1](features), expected, atol=1e-6)


def test_a_stopped_run_resumes_without_the_earlier_one(earlier, two, tmp_path):
    config = starting_from(earlier)
    whole = api.train(two.path, tmp_path / "whole", config=config)

    def stop(line: str) -> None:
        if line.startswith("epoch 1/"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        api.train(two.path, tmp_path / "run", config=config, say=stop)
    resumed = api.train(two.path, tmp_path / "run", config=config)
    assert resumed.read_result()["best"]["train_loss"] == whole.read_result()["best"]["train_loss"]


def test_what_does_not_fit_is_refused_and_nothing_is_lost(earlier, three, two, tmp_path):
    mel = records_of(tmp_path / "mel", "Folk", "Rock", spectrogram="mel")
    split = SplitConfig(split_seed=3)
    build = BuildConfig(dataset="folder", genres=("Folk", "Jazz", "Pop"), split=split)
    resplit = synthetic.write_records(tmp_path / "split", build, tracks_per_genre=4)
    assert resplit.manifest.collection_sha256 == three.manifest.collection_sha256
    other = replace(CONFIG.model, init_from=str(earlier), model="spectral")
    before = {path: path.read_bytes() for path in earlier.glob("*.*")}
    cases = [
        (two, starting_from(tmp_path), tmp_path / "run", "must be the folder of a finished run"),
        (two, starting_from(earlier), earlier, "must be another folder than --run_dir"),
        (mel, starting_from(earlier), tmp_path / "run", "needs records of --spectrogram=sox"),
        (resplit, starting_from(earlier), tmp_path / "run", "was trained on these songs"),
        (two, replace(CONFIG, model=other), tmp_path / "run", "--model must be spectral_small"),
    ]
    for records, config, run_dir, sentence in cases:
        with pytest.raises(UserError, match=sentence):
            api.train(records.path, run_dir, config=config, overwrite=True)
        assert not (tmp_path / "run" / "flags.cfg").exists()
    assert {path: path.read_bytes() for path in earlier.glob("*.*")} == before


def test_freeze_needs_a_network_that_was_trained():
    with pytest.raises(UserError, match=r"--freeze=base needs .* musicnn, got 'spectral_small'"):
        ModelConfig(freeze="base")
