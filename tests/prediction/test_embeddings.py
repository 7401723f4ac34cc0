"""Embeddings of songs, in a file that grows."""

from pathlib import Path

import keras
import numpy as np
import pytest

from tfgenre.errors import UserError
from tfgenre.prediction.embeddings import Embeddings, with_embeddings
from tfgenre.prediction.rows import State

STATE = State(10, 20)


def opened(path: Path, *, size: int = 3, run: str = "run", goes_on: bool = True) -> Embeddings:
    return Embeddings(path, size=size, run=run, goes_on=goes_on)


def embedding(number: int) -> np.ndarray:
    return np.arange(3, dtype=np.float32) + number


def written(path: Path, num_songs: int = 5, *, goes_on: bool = True) -> None:
    with opened(path, goes_on=goes_on) as file:
        for number in range(num_songs):
            file.add(f"ü,{number}.mp3", STATE, embedding(number))


def paths_of(path: Path) -> list[str]:
    header, *rows = path.with_suffix(".paths.csv").read_text().splitlines()
    assert header == "path,size_bytes,modified_ns,run"
    return rows


def test_a_network_gives_what_its_last_layer_takes():
    image = keras.Input((4, 4, 1))
    features = keras.layers.Flatten()(image)
    model = keras.Model(image, keras.layers.Dense(2, activation="softmax")(features))
    images = np.random.default_rng(0).random((5, 4, 4, 1), np.float32)
    both = np.asarray(with_embeddings(model).predict_on_batch(images))
    np.testing.assert_allclose(both[:, :2], model.predict_on_batch(images), rtol=1e-6)
    np.testing.assert_array_equal(both[:, 2:], images.reshape(5, 16))


def test_several_networks_have_no_embeddings():
    image = keras.Input((4,))
    outputs = [keras.layers.Dense(2)(image) for _ in range(2)]
    with pytest.raises(UserError, match="give --run_dir one run"):
        with_embeddings(keras.Model(image, keras.layers.Average()(outputs)))


def test_a_file_grows(tmp_path):
    path = tmp_path / "new" / "songs.npy"
    written(path, 3)
    with opened(path) as file:
        assert file.knows("ü,1.mp3", STATE)
        assert not file.knows("ü,1.mp3", State(10, 21))
        assert not file.knows("ü,3.mp3", STATE)
        file.add("ü,1.mp3", State(10, 21), embedding(7))
    found = np.load(path)
    assert (found.dtype, found.shape) == (np.float32, (4, 3))
    assert len(paths_of(path)) == 4
    with opened(path) as file:
        file.tidy()
    np.testing.assert_array_equal(np.load(path), [embedding(number) for number in (0, 2, 7)])
    assert [row.split(".mp3")[0] for row in paths_of(path)] == ['"ü,0', '"ü,2', '"ü,1']


def test_a_killed_program_goes_on(tmp_path):
    path = tmp_path / "songs.npy"
    written(path)
    table, numbers = path.with_suffix(".paths.csv"), path.read_bytes()
    text = table.read_bytes()
    for cut in range(1, 60):
        path.write_bytes(numbers[: len(numbers) - cut])
        table.write_bytes(text)
        check_goes_on(path)
        path.write_bytes(numbers)
        table.write_bytes(text[: len(text) - cut])
        check_goes_on(path)


def check_goes_on(path: Path) -> None:
    with opened(path) as file:
        known = [number for number in range(5) if file.knows(f"ü,{number}.mp3", STATE)]
        assert known == list(range(len(known)))
        for number in range(len(known), 5):
            file.add(f"ü,{number}.mp3", STATE, embedding(number))
    np.testing.assert_array_equal(np.load(path), [embedding(number) for number in range(5)])
    assert len(paths_of(path)) == 5


def test_a_file_begins_anew(tmp_path):
    path = tmp_path / "songs.npy"
    written(path)
    written(path, 2, goes_on=False)
    assert np.load(path).shape == (2, 3)
    assert len(paths_of(path)) == 2


@pytest.mark.parametrize("options", [{"size": 4}, {"run": "another"}])
def test_others_are_refused_and_left_as_they_are(tmp_path, options):
    path = tmp_path / "songs.npy"
    written(path)
    before = path.read_bytes()
    with pytest.raises(UserError, match=r"holds others .* name another file"):
        opened(path, **options)
    assert path.read_bytes() == before


@pytest.mark.parametrize("goes_on", [True, False])
def test_files_of_other_programs_are_left_as_they_are(tmp_path, goes_on):
    path, table = tmp_path / "songs.npy", tmp_path / "songs.paths.csv"
    np.save(path, np.zeros((5, 3), np.float32))
    before = path.read_bytes()
    with pytest.raises(UserError, match=r"songs.paths.csv is not beside it"):
        opened(path, goes_on=goes_on)
    table.write_text("path\na.mp3\n")
    with pytest.raises(UserError, match=r"songs.paths.csv beside it is another table"):
        opened(path, goes_on=goes_on)
    assert path.read_bytes() == before
    assert table.read_text() == "path\na.mp3\n"


def test_a_program_that_was_killed_at_once_goes_on(tmp_path):
    path = tmp_path / "songs.npy"
    written(path, 0)
    path.with_suffix(".paths.csv").write_bytes(b"")
    written(path, 2)
    assert np.load(path).shape == (2, 3)
