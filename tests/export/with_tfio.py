"""Songs' files as an exported network decodes them, with tensorflow-io.

pytest does not collect this file by itself: `make test` names it, in an environment that has
tensorflow-io and an older TensorFlow. `test_export.py` tests the error in other environments.
"""

import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import tensorflow as tf

from tests import songs
from tests.commands import run
from tests.runs import untrained_run
from tfgenre.audio.song import open_audio
from tfgenre.config import RenderConfig
from tfgenre.export.graph_audio import check_tensorflow_io, decode
from tfgenre.export.saved_model import EncodedGenreClassifier
from tfgenre.records import manifest
from tfgenre.spectrogram.render import render
from tfgenre.training.config import ModelConfig
from tfgenre.training.model import build_model

RATE_HZ = 44100
FORMATS = (
    ("mp3", "MP3", "MPEG_LAYER_III"),
    ("ogg", "OGG", "VORBIS"),
    ("flac", "FLAC", "PCM_S8"),
    ("flac", "FLAC", "PCM_16"),
    ("flac", "FLAC", "PCM_24"),
    ("wav", "WAV", "PCM_U8"),
    ("wav", "WAV", "PCM_16"),
    ("wav", "WAV", "PCM_24"),
    ("wav", "WAV", "PCM_32"),
    ("wav", "WAV", "FLOAT"),
    ("wav", "WAVEX", "PCM_24"),
    ("wav", "WAVEX", "FLOAT"),
)
TAG = b"ID3\x04\0\0\0\0\1\x48" + bytes(200)


@pytest.fixture(scope="module", autouse=True)
def loaded_ops() -> None:
    """Loads tensorflow-io's ops, which the SavedModel needs."""
    check_tensorflow_io()


def song(path: Path, sound_format: str, subtype: str, *, rate_hz: int = RATE_HZ) -> Path:
    """Six seconds of stereo; two slices."""
    left, right = songs.tone(6.0, rate_hz=rate_hz), songs.noise(6.0, rate_hz=rate_hz)
    samples = np.stack([left + right / 10, right], axis=1)
    return songs.write(path, samples, rate_hz=rate_hz, format=sound_format, subtype=subtype)


def by_tfgenre(path: Path, *, sample_rate_hz: int = 0) -> np.ndarray:
    with open_audio(str(path), sample_rate_hz=sample_rate_hz) as audio:
        return np.concatenate([block.copy() for block in audio.blocks])


@pytest.fixture(scope="module")
def decoding() -> tf.types.experimental.PolymorphicFunction:
    return tf.function(decode, input_signature=(tf.TensorSpec((), tf.string),))


@pytest.mark.parametrize(("suffix", "sound_format", "subtype"), FORMATS)
def test_samples_are_those_of_libsndfile(decoding, tmp_path, suffix, sound_format, subtype):
    path = song(tmp_path / f"song.{suffix}", sound_format, subtype, rate_hz=22050)
    samples, rate_hz = decoding(path.read_bytes())
    assert (samples.dtype, rate_hz.dtype, rate_hz) == (tf.float32, tf.int32, 22050)
    # Lossless samples differ by float32's rounding, lossy ones by the decoders'.
    tolerance = 1e-5 if suffix in ("mp3", "ogg") else 6e-8
    np.testing.assert_allclose(samples, by_tfgenre(path), rtol=0, atol=tolerance)


@pytest.mark.parametrize("rate_hz", [8000, 11025, 16000, 24000, 32000, 48000])
@pytest.mark.parametrize("suffix", ["mp3", "ogg", "flac", "wav"])
def test_sample_rates(decoding, suffix, rate_hz):
    content = io.BytesIO()
    soundfile.write(content, songs.noise(0.5, rate_hz=rate_hz), rate_hz, format=suffix.upper())
    assert decoding(content.getvalue())[1] == rate_hz


@pytest.mark.parametrize("tags", [TAG, TAG + TAG])
@pytest.mark.parametrize("suffix", ["mp3", "flac"])
def test_tags_are_skipped(decoding, tmp_path, suffix, tags):
    path = songs.write(tmp_path / f"song.{suffix}", songs.noise(1.0))
    plain = decoding(path.read_bytes())[0]
    np.testing.assert_array_equal(decoding(tags + path.read_bytes())[0], plain)


def test_the_format_chunk_may_come_late(decoding, tmp_path):
    content = songs.write(tmp_path / "song.wav", songs.noise(1.0)).read_bytes()
    late = content[:12] + b"JUNK\3\0\0\0abc\0" + content[12:]
    np.testing.assert_array_equal(decoding(late)[0], decoding(content)[0])


def test_numbers_beyond_full_scale(decoding, tmp_path):
    samples = np.array([0.5, np.nan, 3, -3, np.inf, 0])
    path = songs.write(tmp_path / "song.wav", samples, subtype="FLOAT")
    assert decoding(path.read_bytes())[0].numpy().tolist() == [0.5, 0, 1, -1, 1, 0]


WAV = b"RIFF\0\0\0\0WAVE"
FORMAT = b"fmt \x10\0\0\0\1\0\1\0%b\0\0\0\0\2\0\x10\0"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", r"begins with\] \[\]"),
        (b"ID3", r"begins with\] \[ID3\]"),
        (TAG, r"begins with\] \[ID3"),
        (b"<!DOCTYPE html>", r"begins with\] \[<!DO\]"),
        (b"\xa5\xfb\x90d", r"begins with\] \["),
        (b"\xff\xf1\x50\x80" * 9, r"begins with\] \["),  # AAC
        (b"OggS" + bytes(24) + b"OpusHead" + bytes(99), r"begins with\] \[OggS\]"),
        (b"fLaC" + bytes(50), r"begins with\] \[fLaC\]"),
        (WAV, r"begins with\] \[RIFF\]"),
        (WAV + b"JUNK\xff\xff\xff\xff", r"begins with\] \[RIFF\]"),
        (WAV + b"JUNK\0\0\0\0", r"begins with\] \[RIFF\]"),
        (WAV + FORMAT % bytes(4), r"between 1000 and 768000 Hz. It is\] \[0\]"),
        (WAV + FORMAT % b"\xff\xff\xff\xff", r"Hz. It is\] \[4294967295\]"),
    ],
)
def test_files_that_cannot_be_used(decoding, content, sentence):
    with pytest.raises(tf.errors.InvalidArgumentError, match=sentence):
        decoding(content)


@pytest.mark.parametrize("size", [5, 11, 13, 20, 29, 44, 60, 100])
@pytest.mark.parametrize("suffix", ["mp3", "ogg", "flac", "wav"])
def test_truncated_headers(decoding, tmp_path, suffix, size):
    content = songs.write(tmp_path / f"song.{suffix}", songs.noise(1.0)).read_bytes()
    with pytest.raises((tf.errors.InvalidArgumentError, tf.errors.OutOfRangeError)):
        decoding(content[:size])


@pytest.fixture(scope="module")
def exported(records_dir, tmp_path_factory) -> Path:
    run_dir = untrained_run(tmp_path_factory.mktemp("runs") / "run", records_dir)
    done = run("export", f"--run_dir={run_dir.path}", "--format=saved_model_tfio")
    path = run_dir.export / "saved_model_tfio"
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"saved_model_tfio: {path} (3.1 MB)\n"
    return path


@pytest.fixture(scope="module")
def model(exported) -> tf.Module:
    return tf.saved_model.load(exported)


@pytest.mark.parametrize(("suffix", "sound_format", "subtype"), FORMATS[:4] + FORMATS[6:7])
def test_a_file_is_predicted_like_its_samples(model, tmp_path, suffix, sound_format, subtype):
    path = song(tmp_path / f"song.{suffix}", sound_format, subtype)
    expected = model.from_pcm(by_tfgenre(path).astype(np.float32), RATE_HZ)
    assert_same(model.from_bytes(path.read_bytes()), expected)


@pytest.mark.parametrize("rate_hz", [22050, 48000, 96000])
def test_songs_of_other_rates_are_converted(model, tmp_path, rate_hz):
    path = song(tmp_path / "song.wav", "WAV", "PCM_16", rate_hz=rate_hz)
    resampled = by_tfgenre(path, sample_rate_hz=RATE_HZ)
    expected = model.from_pcm(resampled.astype(np.float32), RATE_HZ)
    assert_same(model.from_bytes(path.read_bytes()), expected)


def test_songs_keep_their_rates_if_the_config_says_so(records_dir, tmp_path):
    contents = manifest.read(records_dir)
    trained_on = replace(contents, config={"render": {"sample_rate_hz": 0}})
    network = build_model(
        ModelConfig(initializer="he_uniform"), num_genres=2, render=RenderConfig()
    )
    classifier = EncodedGenreClassifier(
        network, trained_on=trained_on, vote="hard", assets=tmp_path
    )
    path = song(tmp_path / "song.flac", "FLAC", "PCM_16", rate_hz=48000)
    expected = classifier.from_pcm(by_tfgenre(path).astype(np.float32), 48000)
    assert_same(classifier.from_bytes(path.read_bytes()), expected)


def assert_same(found, expected) -> None:
    """The same genre, and probabilities as close as decoders allow: some pixels differ by a step.

    They were within 5e-5 when this was written, and within 3e-4 for resampled songs.
    """
    assert found.keys() == expected.keys()
    assert found["probabilities"].shape == (2, 2)
    for name in ("genre", "genre_index", "votes"):
        np.testing.assert_array_equal(found[name], expected[name])
    for name in ("mean", "probabilities"):
        np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=1e-3)


def test_real_songs(model, shared_data):
    for path in sorted((shared_data / "songs").glob("Electronic/*"))[:4]:
        images = render(str(path), RenderConfig()).images[..., np.newaxis]
        found = model.from_bytes(path.read_bytes())["probabilities"]
        expected = model.from_slices(images)["probabilities"]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3)


def test_a_song_that_is_too_short(model, tmp_path):
    content = songs.write(tmp_path / "song.mp3", songs.noise(1.0)).read_bytes()
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"too short: .* it has\] \[50\]"):
        model.from_bytes(content)


LOADING = """
import sys
sys.modules["tfgenre"] = None
import tensorflow as tf
from tensorflow_io.python.ops import core_ops
core_ops.io_audio_decode_mp3
model = tf.saved_model.load(sys.argv[1])
found = model.signatures["from_bytes"](encoded=tf.io.read_file(sys.argv[2]))
print(found["genre"].numpy().decode(), found["votes"].numpy().tolist())
"""


def test_it_loads_without_tfgenre(exported, model, tmp_path):
    path = song(tmp_path / "song.mp3", "MP3", "MPEG_LAYER_III")
    expected = model.from_bytes(path.read_bytes())
    command = [sys.executable, "-I", "-c", LOADING, str(exported), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    votes = expected["votes"].numpy().tolist()
    assert done.stdout == f"{expected['genre'].numpy().decode()} {votes}\n"
