"""An exported network tells the same genres, without tfgenre, from samples and from slices."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
import soundfile
import soxr
import tensorflow as tf

from tests import songs
from tests.commands import run
from tests.runs import untrained_run
from tfgenre.config import EXPORT_FORMATS, RenderConfig
from tfgenre.datasets import demo
from tfgenre.errors import UserError
from tfgenre.export import conversions, export, graph_audio, saved_model
from tfgenre.export.folder import check_export_dir
from tfgenre.export.graph_resample import resample
from tfgenre.export.graph_spectrogram import draw_slices
from tfgenre.files import atomic_folder
from tfgenre.prediction.votes import vote, winner
from tfgenre.records import manifest, pipeline
from tfgenre.records.folder import Records
from tfgenre.spectrogram import native, slices
from tfgenre.spectrogram.render import render
from tfgenre.training import process_state
from tfgenre.training.claim import discard
from tfgenre.training.config import ModelConfig
from tfgenre.training.model import build_model
from tfgenre.training.run_dir import RunDir

SAMPLES = tf.TensorSpec((None,), tf.float32)
RATE = tf.TensorSpec((), tf.int32)
CONFIGS = (
    RenderConfig(),
    RenderConfig(pixels_per_second=100, tail="overlap"),
    RenderConfig(pixels_per_second=23, sample_rate_hz=22050),
    RenderConfig(sample_rate_hz=0, tail="overlap"),
    RenderConfig(sample_rate_hz=0, pixels_per_second=333, tail="overlap", max_slices_per_track=3),
)


def drawer(config: RenderConfig) -> tf.types.experimental.PolymorphicFunction:
    return tf.function(
        lambda samples, rate_hz: draw_slices(samples, sample_rate_hz=rate_hz, config=config),
        input_signature=(SAMPLES, RATE),
    )


def drawn_by_numpy(samples: np.ndarray, rate_hz: int, config: RenderConfig) -> np.ndarray:
    columns = native.columns([samples], rate_hz=rate_hz, pixels_per_second=config.pixels_per_second)
    cut = slices.cut(columns, tail=config.tail)
    return np.stack([image for _, image in slices.spread(cut, config.max_slices_per_track)])


def signals(num_samples: int) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(num_samples)
    time = np.arange(num_samples)
    yield rng.normal(0, 0.2, num_samples)
    yield rng.normal(0, 1e-5, num_samples)
    yield 0.5 * np.sin(0.05 * time)
    yield 3 * np.sin(1e-5 * time**2)
    yield np.exp(-time / 2000) * rng.uniform(-1, 1, num_samples)


def assert_same_pictures(ours: tf.Tensor, theirs: np.ndarray) -> None:
    assert ours.shape == (*theirs.shape, 1)
    assert np.mean(ours.numpy()[..., 0] != theirs) <= 1e-5


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_the_graph_draws_the_same_picture(config):
    draw = drawer(config)
    rates_hz = (config.sample_rate_hz,) if config.sample_rate_hz else (8000, 22050, 44100, 96000)
    for rate_hz in rates_hz:
        for columns in (129, 256.3, 1700.6):
            for samples in signals(int(columns / config.pixels_per_second * rate_hz)):
                samples = samples.astype(np.float32)
                ours = draw(samples, rate_hz)
                assert_same_pictures(ours, drawn_by_numpy(samples, rate_hz, config))


def test_at_every_length():
    config = RenderConfig(sample_rate_hz=8000, tail="overlap")
    draw = drawer(config)
    noise = songs.noise(6.0, rate_hz=8000).astype(np.float32)
    for length in [*range(20_400, 21_000, 13), *range(40_800, 41_300, 17)]:
        columns = drawn_by_numpy_columns(noise[:length])
        if columns >= slices.SLICE_SIZE:
            ours = draw(noise[:length], 8000)
            assert_same_pictures(ours, drawn_by_numpy(noise[:length], 8000, config))
        else:
            with pytest.raises(tf.errors.InvalidArgumentError, match=rf"it has\] \[{columns}\]"):
                draw(noise[:length], 8000)


def drawn_by_numpy_columns(samples: np.ndarray) -> int:
    return native.spectrogram([samples], rate_hz=8000, pixels_per_second=50).shape[1]


@pytest.mark.parametrize("pixels_per_second", [25, 50, 100])
def test_on_the_demos_songs(pixels_per_second):
    config = RenderConfig(pixels_per_second=pixels_per_second)
    draw = drawer(config)
    for song in demo.SONGS[::25]:
        samples = demo.render(song, seed=0).mean(axis=1)
        assert_same_pictures(draw(samples, 44100), drawn_by_numpy(samples, 44100, config))


NOISE = songs.noise(4.0, rate_hz=44100)


@pytest.mark.parametrize(
    ("samples", "rate_hz", "config_rate_hz", "sentence"),
    [
        (NOISE, 48000, 44100, r"resample the song to 44100 Hz first. It is\] \[48000\]"),
        (NOISE, 0, 0, r"between 1000 and 768000. It is\] \[0\]"),
        (NOISE[:44100], 44100, 44100, r"too short: a slice takes 128 columns .* it has\] \[50\]"),
        (NOISE[:0], 44100, 0, r"too short: .* it has\] \[0\]"),
        (0 * NOISE, 44100, 0, "silent"),
        (np.append(NOISE, np.nan), 44100, 0, "finite"),
    ],
)
def test_songs_that_cannot_be_used(samples, rate_hz, config_rate_hz, sentence):
    draw = drawer(RenderConfig(sample_rate_hz=config_rate_hz))
    with pytest.raises(tf.errors.InvalidArgumentError, match=sentence):
        draw(samples.astype(np.float32), rate_hz)


@pytest.fixture(scope="module")
def run_dir(records_dir, tmp_path_factory) -> RunDir:
    """The folder of a run that was not trained, but in bfloat16."""
    path = tmp_path_factory.mktemp("runs") / "run"
    return untrained_run(path, records_dir, dtype="mixed_bfloat16")


@pytest.fixture(scope="module")
def network(run_dir) -> keras.Model:
    return export.float32(run_dir.load_best_model(num_genres=2))


@pytest.fixture(scope="module")
def exported(run_dir) -> Path:
    """What the program leaves for most formats."""
    formats = "saved_model,keras,tflite_float16,tflite_int8"
    done = run("export", f"--run_dir={run_dir.path}", f"--format={formats}")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == f"saved_model: {run_dir.export / 'saved_model'} (138 MB)"
    assert "(34 MB), slice accuracy 0." in lines[3]
    return run_dir.export


def test_what_an_export_holds(exported, run_dir, records_dir):
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
judged = loaded.signatures["from_slices"](image=images)["probabilities"]
found = {name: value.numpy().tolist() for name, value in found.items() if name != "genre"} | {
    "genre": found["genre"].numpy().decode(), "from_slices": judged.numpy().tolist()
}
print(json.dumps(found))
"""


def test_it_loads_without_tfgenre_and_says_the_same(exported, network, tmp_path):
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
    assert len(expected) == 39  # more than the graph judges at once
    np.testing.assert_allclose(found["probabilities"], expected, atol=1e-4)
    np.testing.assert_allclose(found["from_slices"], expected, atol=1e-4)
    np.testing.assert_allclose(found["mean"], expected.mean(axis=0), atol=1e-4)
    probabilities = np.array(found["probabilities"])
    assert found["votes"] == vote(probabilities).tolist()
    assert found["genre_index"] == winner(vote(probabilities), probabilities.mean(axis=0))
    assert found["genre"] == ("Noise", "Tones")[found["genre_index"]]


@pytest.mark.parametrize(("name", "tolerance"), [("float16", 0.01), ("int8", 0.1)])
def test_tflite_says_nearly_the_same(exported, network, records_dir, name, tolerance):
    """On slices such as those that showed the converter how large numbers get."""
    source = Records.open(records_dir).source("validation")
    ((images, _),) = pipeline.validation_dataset(source, 100).as_numpy_iterator()
    found = conversions.run_tflite((exported / f"network-{name}.tflite").read_bytes(), images)
    np.testing.assert_allclose(found, network.predict(images, verbose=0), atol=tolerance)


def test_rebuilding_in_float32_keeps_the_weights(run_dir, network):
    best = run_dir.load_best_model(num_genres=2)
    assert {layer.dtype_policy.name for layer in network.layers} == {"float32"}
    for ours, theirs in zip(network.get_weights(), best.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.fixture(scope="module")
def network_over_time(records_dir) -> keras.Model:
    """Trained a little in bfloat16, so that its moving means and variances are not the first."""
    with process_state.seeded(0), process_state.dtype_policy("mixed_bfloat16"):
        model = build_model(ModelConfig(model="spectral"), num_genres=2)
    model.compile(optimizer="adamw", loss="sparse_categorical_crossentropy")
    source = Records.open(records_dir).source("train")
    model.fit(pipeline.validation_dataset(source, 4), epochs=20, verbose=0)
    return model


@pytest.mark.parametrize(
    ("name", "tolerance"), [("tflite", 1e-5), ("tflite_float16", 0.01), ("tflite_int8", 0.15)]
)
def test_the_network_over_time_in_tflite(network_over_time, records_dir, tmp_path, name, tolerance):
    records = Records.open(records_dir)
    network = export.float32(network_over_time)
    saved_model.save(network, tmp_path, trained_on=records.manifest)
    batches = pipeline.validation_dataset(records.source("test"), 100)
    ((images, _),) = batches.as_numpy_iterator()
    ours = network.predict(images, verbose=0)
    np.testing.assert_allclose(ours, network_over_time.predict(images, verbose=0), atol=0.05)
    loaded = tf.saved_model.load(tmp_path)
    np.testing.assert_allclose(loaded.from_slices(images)["probabilities"], ours, atol=1e-5)
    content = conversions.to_tflite(tmp_path, name, examples=images)
    np.testing.assert_allclose(conversions.run_tflite(content, images), ours, atol=tolerance)


def test_onnx_says_the_same(network_over_time, tmp_path):
    """Of the seed's network tf2onnx takes a minute and 7 GB to say the same."""
    pytest.importorskip("tf2onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    network = export.float32(network_over_time)
    conversions.to_onnx(network, tmp_path / "network.onnx")
    images = np.random.default_rng(0).integers(4, 255, (3, 128, 128, 1), np.uint8)
    session = onnxruntime.InferenceSession(tmp_path / "network.onnx")
    (found,) = session.run(["probabilities"], {"image": images})
    np.testing.assert_allclose(found, network.predict(images, verbose=0), atol=1e-5)


def test_an_export_is_not_replaced_unasked(exported, run_dir):
    done = run("export", f"--run_dir={run_dir.path}")
    assert (done.returncode, "give --overwrite to replace it" in done.stderr) == (2, True)
    check_export_dir(exported, overwrite=True)


def test_a_folder_with_other_files_is_never_replaced(tmp_path):
    (tmp_path / "thesis.txt").write_text("")
    with pytest.raises(UserError, match="holds other files"):
        check_export_dir(tmp_path, overwrite=True)


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
    """As with TensorFlow from 2.18 on."""
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


def test_without_tensorflow_io(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_io", None)
    with pytest.raises(UserError, match="without tensorflow-io: pip install"):
        graph_audio.check_tensorflow_io()


@pytest.mark.parametrize("rate_hz", [8000, 22050, 32000, 48000, 96000])
def test_the_graph_resamples_nearly_as_libsoxr(rate_hz):
    """Lengths agree; pixels differ where the low-passes' slopes do, near the highest frequency."""
    samples = songs.noise(5.01, rate_hz=rate_hz).astype(np.float32)
    resampling = tf.function(lambda samples: resample(samples, rate_hz=rate_hz, to_rate_hz=44100))
    ours = resampling(samples).numpy()
    theirs = soxr.resample(samples.astype(np.float64), rate_hz, 44100, quality="VHQ")
    assert (ours.dtype, ours.shape) == (np.float32, theirs.shape)
    pictures = [drawn_by_numpy(song, 44100, RenderConfig()).astype(int) for song in (ours, theirs)]
    assert np.mean(pictures[0] != pictures[1]) < 0.04


def test_keras_on_jax_cannot_export(run_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    done = run("export", f"--run_dir={run_dir.path}", f"--export_dir={tmp_path / 'e'}")
    assert (done.returncode, "KERAS_BACKEND=jax cannot export" in done.stderr) == (2, True)


def test_a_run_that_starts_over_loses_its_export(tmp_path):
    run_dir = RunDir(tmp_path / "run")
    run_dir.export.mkdir(parents=True)
    discard(run_dir)
    assert not run_dir.export.exists()


def test_without_records_a_loss_is_not_known(run_dir, network, tmp_path):
    target = tmp_path / "export"
    found = export.export(run_dir, target, formats=["tflite_float16"], records=None)
    assert found["tflite_float16"].loss is None
    assert {path.name for path in target.iterdir()} == {"network-float16.tflite", "export.json"}


def test_a_folder_is_whole_or_as_it_was(tmp_path):
    folder = tmp_path / "folder"
    for content in ("first", "second"):
        with atomic_folder(folder) as new:
            (new / "file").write_text(content)
    with pytest.raises(ZeroDivisionError), atomic_folder(folder) as new:
        (new / "file").write_text(str(1 // 0))
    assert (folder / "file").read_text() == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
