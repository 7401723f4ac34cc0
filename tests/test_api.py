"""The front door: from a folder of songs to a prediction, without a program."""

import importlib
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import tfgenre
from tests import songs
from tests.runs import untrained_run
from tfgenre.errors import UserError
from tfgenre.options import config_of
from tfgenre.training.claim import claim
from tfgenre.training.config import TrainConfig
from tfgenre.training.run_dir import RunDir


def test_from_a_folder_of_songs_to_a_prediction(collection, tmp_path):
    found = tfgenre.load_collection(collection)
    records = tfgenre.build(found, tmp_path / "records", num_shards=2)
    run = tfgenre.train(
        records,
        tmp_path / "run",
        epochs=2,
        min_steps=0,
        batch_size=4,
        model="spectral",
        cache="memory",
        vote="mean",
    )
    scores = tfgenre.evaluate(run)
    predictions = list(tfgenre.predict(run, collection / "Tones", min_confidence=0.1))
    hard = [song.confidence for song in tfgenre.predict(run, collection / "Tones", vote="hard")]
    exported = tfgenre.export_model(run, tmp_path / "export", formats=["tflite"])
    batches = tfgenre.load_dataset(records, "test", batch_size=4)

    assert records.genres == found.genres == ("Noise", "Tones")
    assert run.read_result()["epochs"] == 2
    assert 0 <= scores["track_accuracy_vote"] <= 1
    assert run.report("test").exists()
    assert [prediction.path for prediction in predictions] == [
        str(collection / "Tones" / f"{number}.wav") for number in range(6)
    ]
    assert all(prediction.best_guess in records.genres for prediction in predictions)
    assert scores["vote"] == "mean"
    assert scores["track_accuracy"] == scores["track_accuracy_mean"]
    assert {song["predicted"] for song in scores["tracks"]} <= set(records.genres)
    for prediction, confidence in zip(predictions, hard, strict=True):
        assert prediction.probabilities is not None
        assert prediction.confidence == max(prediction.probabilities.values())
        assert prediction.votes is not None
        assert confidence == max(prediction.votes.values()) / sum(prediction.votes.values())
    assert exported["tflite"].loss is not None
    assert sum(len(label) for _, label in batches) == scores["num_slices"]
    assert tfgenre.Records.open(tmp_path / "records") == records


def test_a_long_song_is_predicted_by_ten_slices(records_dir, tmp_path):
    run = untrained_run(tmp_path / "run", records_dir)
    song = songs.write(tmp_path / "long.wav", songs.noise(60.0))

    def num_slices(**options: Any) -> int:
        (prediction,) = tfgenre.predict(run, song, **options)
        assert prediction.votes is not None
        return sum(prediction.votes.values())

    assert num_slices() == 10
    assert num_slices(max_slices_per_track=4) == 4
    assert num_slices(max_slices_per_track=0) == num_slices(plot_dir=tmp_path / "plots") == 23


def test_names_are_listed_and_lazy():
    assert dir(tfgenre) == sorted(tfgenre.__all__)
    assert tfgenre.UserError is UserError
    assert not hasattr(tfgenre, "nothing")
    code = """
import sys, tfgenre
for name in set(tfgenre.__all__) - {"load_dataset"}:
    getattr(tfgenre, name)
assert "tensorflow" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda d: tfgenre.load_collection(d / "none"), "No such folder"),
        (
            lambda d: tfgenre.load_collection(d, "fma_tiny"),
            "--dataset must be one of .* 'fma_tiny'",
        ),
        (lambda d: tfgenre.load_collection(d, colour="red"), "Unknown option 'colour'"),
        (lambda d: tfgenre.train(d, d / "run"), "No records in"),
        (lambda d: tfgenre.evaluate(d), "No trained network in"),
        (lambda d: tfgenre.predict(d, d), "No trained network in"),
        (lambda d: tfgenre.export_model(d, formats=["gif"]), "--format must be one of .* 'gif'"),
    ],
)
def test_mistakes_are_one_sentence_at_once(tmp_path, call, sentence):
    with pytest.raises(UserError, match=sentence):
        call(tmp_path)


def test_each_program_calls_its_function():
    for name in ("train", "evaluate", "predict", "export"):
        program = importlib.import_module(f"tfgenre.programs.{name}")
        assert program.api.__name__ == "tfgenre.api"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"epochs": "ten"}, "epochs must be an integer, got 'ten'"),
        ({"epochs": True}, "epochs must be an integer, got True"),
        ({"learning_rate": "fast"}, "learning_rate must be a number"),
        ({"deterministic": 1}, "deterministic must be True or False"),
        ({"model": None}, "model must be text"),
        ({"config": TrainConfig(), "epochs": 1}, "config or options by name, not both, got epochs"),
    ],
)
def test_options_of_the_wrong_kind(records, tmp_path, options, sentence):
    with pytest.raises(UserError, match=sentence):
        tfgenre.train(records, tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


def test_lists_are_welcome_where_several_are_asked_for(collection):
    catalogue = tfgenre.load_collection(str(collection), genres=["Tones", "Noise"])
    assert catalogue.genres == ("Tones", "Noise")
    with pytest.raises(UserError, match="genres must be a sequence, got 'Tones'"):
        tfgenre.load_collection(collection, genres="Tones")


@pytest.mark.parametrize(
    "options", [{"dataset": "jamendo"}, {"genres": ["Tones", "Noise"]}, {"drop_duplicates": False}]
)
def test_a_build_does_not_change_which_songs_there_are(collection, tmp_path, options):
    found = tfgenre.load_collection(collection)
    with pytest.raises(UserError, match="must be that with which the collection was loaded"):
        tfgenre.build(found, tmp_path / "records", **options)


def test_numbers_of_other_libraries_and_paths_are_welcome(collection, tmp_path):
    found = tfgenre.load_collection(collection)
    options: dict[str, Any] = {"pixels_per_second": np.int64(50), "split_ratios": [60, 30, 10]}
    records = tfgenre.build(found, tmp_path / "records", **options)
    assert records.manifest.config["split"]["split_ratios"] == [60.0, 30.0, 10.0]
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"--records_dir=.*file is not a folder"):
        tfgenre.build(found, tmp_path / "file")
    with pytest.raises(UserError, match=r"--run_dir=.*file is not a folder"):
        tfgenre.train(records, tmp_path / "file")
    with pytest.raises(UserError, match="--run_dir=memory://run: must be on a disk"):
        tfgenre.train(records, "memory://run")
    with pytest.raises(UserError, match="--batch_size must be at least 1, got 0"):
        tfgenre.load_dataset(records, batch_size=0)


def test_one_run_whether_a_number_is_an_integer_or_not(records, tmp_path):
    for rate in (0, 0.0):
        config = config_of(TrainConfig, None, {"dropout_rate": rate})
        assert not claim(RunDir(tmp_path), config, records)


def test_a_table_in_the_home_folder_or_a_remote_place(collection, monkeypatch):
    monkeypatch.setenv("HOME", str(collection.parent))
    rows = "".join(f"{genre}/{n}.wav,{genre}\n" for genre in ("Noise", "Tones") for n in range(6))
    (collection / "tracks.csv").write_text("path,genre\n" + rows)
    for table in (f"~/{collection.name}/tracks.csv", f"file://{collection}/tracks.csv"):
        assert len(tfgenre.load_collection(dataset="csv", tracks_csv=table).tracks) == 12
    (collection / "tracks.csv").unlink()
