"""An exported network predicts the same without tfgenre, from samples and from slices."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import soundfile
import tensorflow as tf

from tests import songs
from tests.commands import run
from tests.runs import untrained_run
from tfgenre.config import EXPORT_FORMATS, RenderConfig
from tfgenre.errors import UserError
from tfgenre.export import conversions, export
from tfgenre.export.folder import check_export_dir
from tfgenre.export.saved_model import GenreClassifier
from tfgenre.prediction.votes import vote, winner
from tfgenre.records import manifest, pipeline
from tfgenre.records.folder import Records
from tfgenre.spectrogram.render import render
from tfgenre.training.averaged import open_runs
from tfgenre.training.run_dir import RunDir


@pytest.fixture(scope="module")
def run_dir(records_dir, tmp_path_factory) -> RunDir:
    """The folder of a run whose network is in bfloat16 and was not trained."""
    path = tmp_path_factory.mktemp("runs") / "run"
    return untrained_run(path, records_dir, dtype="mixed_bfloat16")


@pytest.fixture(scope="module")
def network(run_dir) -> keras.Model:
    return export.float32(run_dir.load_best_model(num_genres=2))


@pytest.fixture(scope="module")
def exported(run_dir) -> Path:
    """What the program writes for most formats."""
    formats = "saved_model,keras,tflite_float16,tflite_int8"
    done = run("export", f"--run_dir={run_dir.path}", f"--format={formats}")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == f"saved_model: {run_dir.export / 'saved_model'} (1.8 MB)"
    assert "(0.2 MB), slice accuracy 0." in lines[3]
    return run_dir.export


def test_the_contents_of_an_export(exported, run_dir, records_dir):
    names = {path.name for path in exported.iterdir()}
    assert names == {
        "saved_model",
        "best.keras",
        "network-float16.tflite",
        "network-int8.tflite",
        "export.json",
    }
    assert (exported / "best.keras").read_bytes() == run_dir.best_model.read_bytes()
    assert (exported / "saved_model/assets/labels.txt").read_text() == "Noise\nTones\n"
    config = json.loads((exported / "saved_model/assets/config.json").read_text())
    assert config == manifest.read(records_dir).config
    found = json.loads((exported / "export.json").read_text())
    assert found["genres"] == ["Noise", "Tones"]
    loss = found["formats"]["tflite_float16"]["loss"]
    assert loss["num_slices"] == manifest.read(records_dir).splits["test"].num_slices
    assert loss["agreement"] >= 0.75
    assert [path.name for path in run_dir.path.glob(".*")] == []


LOADING = """
import json, sys
sys.modules["tfgenre"] = None
import numpy as np, tensorflow as tf
loaded = tf.saved_model.load(sys.argv[1])
samples = tf.constant(np.load(sys.argv[2]))
found = loaded.signatures["serving_default"](samples=samples, sample_rate_hz=tf.constant(44100))
images = tf.constant(np.load(sys.argv[3]))
predicted = loaded.signatures["from_slices"](image=images)["probabilities"]
found = {name: value.numpy().tolist() for name, value in found.items() if name != "genre"} | {
    "genre": found["genre"].numpy().decode(), "from_slices": predicted.numpy().tolist()
}
print(json.dumps(found))
"""


def test_it_loads_without_tfgenre_and_predicts_the_same(exported, network, tmp_path):
    samples = songs.tone(100.0, hz=1000, rate_hz=44100) + songs.noise(100.0, rate_hz=44100)
    song = songs.write(tmp_path / "song.wav", samples, rate_hz=44100)
    images = render(str(song), RenderConfig()).images[..., np.newaxis]
    np.save(tmp_path / "samples.npy", soundfile.read(song, dtype="float32")[0])
    np.save(tmp_path / "images.npy", images)
    files = [exported / "saved_model", tmp_path / "samples.npy", tmp_path / "images.npy"]
    command = [sys.executable, "-I", "-c", LOADING, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    expected = network.predict(images, verbose=0)
    assert len(expected) == 39  # more than the graph predicts at once
    np.testing.assert_allclose(found["probabilities"], expected, atol=1e-4)
    np.testing.assert_allclose(found["from_slices"], expected, atol=1e-4)
    np.testing.assert_allclose(found["mean"], expected.mean(axis=0), atol=1e-4)
    probabilities = np.array(found["probabilities"])
    assert found["votes"] == vote(probabilities).tolist()
    assert found["genre_index"] == winner(vote(probabilities), probabilities.mean(axis=0))
    assert found["genre"] == ("Noise", "Tones")[found["genre_index"]]


@pytest.mark.parametrize(("rule", "genre"), [("hard", b"Noise"), ("mean", b"Tones")])
def test_it_decides_as_the_run_does(network, records_dir, tmp_path, rule, genre):
    manifest = Records.open(records_dir).manifest
    classifier = GenreClassifier(network, trained_on=manifest, vote=rule, assets=tmp_path)
    probabilities = tf.constant([[0.6, 0.4], [0.6, 0.4], [0.1, 0.9]])
    assert classifier._decide(probabilities)["genre"] == genre


@pytest.mark.parametrize(("name", "tolerance"), [("float16", 0.01), ("int8", 0.1)])
def test_tflite_predicts_nearly_the_same(exported, network, records_dir, name, tolerance):
    """On slices like those that calibrated the converter."""
    source = Records.open(records_dir).source("validation")
    ((images, _),) = pipeline.validation_dataset(source, 100).as_numpy_iterator()
    found = conversions.run_tflite((exported / f"network-{name}.tflite").read_bytes(), images)
    np.testing.assert_allclose(found, network.predict(images, verbose=0), atol=tolerance)


def test_rebuilding_in_float32_keeps_the_weights(run_dir, network):
    best = run_dir.load_best_model(num_genres=2)
    assert {layer.dtype_policy.name for layer in network.layers} == {"float32"}
    for ours, theirs in zip(network.get_weights(), best.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_an_export_is_replaced_only_with_overwrite(exported, run_dir):
    done = run("export", f"--run_dir={run_dir.path}")
    assert (done.returncode, "give --overwrite to replace it" in done.stderr) == (2, True)
    check_export_dir(exported, overwrite=True)


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (("--format=saved_model,coreml",), f"must be one of {', '.join(EXPORT_FORMATS)}, got"),
        (("--format=",), "--format must be one of"),
        (("--format=tflite_int8", "--records_dir=/nowhere"), "No records in /nowhere"),
    ],
)
def test_mistakes(run_dir, tmp_path, flags, sentence):
    done = run("export", f"--run_dir={run_dir.path}", f"--export_dir={tmp_path / 'e'}", *flags)
    assert (done.returncode, sentence in done.stderr) == (2, True), done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())


TENSORFLOW_IO = """
import warnings
warnings.warn("unable to load libtensorflow_io_plugins.so")
class core_ops:
    def __getattr__(self, name):
        raise NotImplementedError("unable to open file: libtensorflow_io.so")
core_ops = core_ops()
"""


def test_tensorflow_io_that_does_not_load(run_dir, tmp_path, monkeypatch):
    """As with TensorFlow 2.18 and later."""
    package = tmp_path / "path/tensorflow_io/python/ops/__init__.py"
    package.parent.mkdir(parents=True)
    package.write_text(TENSORFLOW_IO)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "path"), prepend=os.pathsep)
    arguments = (f"--run_dir={run_dir.path}", f"--export_dir={tmp_path / 'e'}")
    done = run("export", *arguments, "--format=saved_model_tfio")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    sentence = (
        "--format=saved_model_tfio needs tensorflow-io 0.37.1 with TensorFlow 2.16 or 2.17, this "
        f"is TensorFlow {tf.__version__} with tensorflow-io: pip install 'tfgenre[tfio]'"
    )
    assert sentence in done.stderr
    assert not (tmp_path / "e").exists()


def test_keras_on_jax_cannot_export(run_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    done = run("export", f"--run_dir={run_dir.path}", f"--export_dir={tmp_path / 'e'}")
    assert (done.returncode, "KERAS_BACKEND=jax cannot export" in done.stderr) == (2, True)


def test_without_records_losses_are_not_measured(run_dir, network, tmp_path):
    target = tmp_path / "export"
    found = export.export(run_dir, target, formats=["tflite_float16"], records=None)
    assert found["tflite_float16"].loss is None
    assert {path.name for path in target.iterdir()} == {"network-float16.tflite", "export.json"}


def test_test_songs_of_one_run_are_not_those_of_another(run_dir, records, records_dir, tmp_path):
    """Several runs as one: what is a test song for the first may be a training song elsewhere."""
    other = untrained_run(tmp_path / "other", records_dir)
    trained_on = manifest.read(other.path)
    config = {**trained_on.config, "split": {**trained_on.config["split"], "split_seed": 5}}
    manifest.write(replace(trained_on, config=config), other.path)
    both = open_runs([run_dir, other])
    with pytest.raises(UserError, match="splits the same songs differently"):
        export.export(both, tmp_path / "e", formats=["tflite_float16"], records=records)


def test_a_conversion_that_predicts_nan_is_refused(run_dir, records, tmp_path, monkeypatch):
    """As float16 does with a weight above 65504."""
    monkeypatch.setattr(
        conversions, "run_tflite", lambda content, images: np.full((len(images), 2), np.nan)
    )
    target = tmp_path / "export"
    with pytest.raises(UserError, match=r"--format=tflite_float16 does not suit this network"):
        export.export(run_dir, target, formats=["tflite_float16"], records=records)
    assert not target.exists()
