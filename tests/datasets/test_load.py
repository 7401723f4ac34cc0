"""`datasets.load`, whatever the collection."""

import shutil
from pathlib import Path

import pytest

from tests.builds import config_of, load
from tfgenre import datasets
from tfgenre.datasets.track import Skipped
from tfgenre.errors import UserError


def test_genres_are_chosen_in_the_order_given(collection):
    catalogue = load("folder", collection, genres=("Tones", "Noise"))
    assert catalogue.genres == ("Tones", "Noise")
    assert len(catalogue.tracks) == 12


@pytest.mark.parametrize(
    ("genres", "sentence"),
    [
        (("Tones", "Polka"), r"'Polka'; the genres are: Noise \(6\), Tones \(6\)"),
        (("Tones",), "at least two genres, got Tones"),
    ],
)
def test_unknown_or_too_few_genres(collection, genres, sentence):
    with pytest.raises(UserError, match=sentence):
        load("folder", collection, genres=genres)


@pytest.mark.parametrize("dataset", ["folder", "fma_small", "jamendo"])
def test_a_missing_collection(dataset, tmp_path):
    with pytest.raises(UserError, match="No such folder"):
        load(dataset, tmp_path / "none")
    with pytest.raises(UserError, match=r"under|missing"):
        load(dataset, tmp_path)


@pytest.mark.parametrize("dataset", datasets.DATASETS)
def test_every_collection_has_its_interface(dataset):
    collection = datasets._COLLECTIONS[dataset]
    assert isinstance(collection.LICENCE, str)
    assert collection.LICENCE == datasets.licence(dataset) != ""
    assert collection.default_dir(config_of(dataset, tracks_csv="music/tracks.csv"))
    assert callable(collection.load)


@pytest.fixture
def with_a_copy(collection, tmp_path) -> Path:
    """Thirteen songs, the last of Noise a copy of the first."""
    folder = Path(shutil.copytree(collection, tmp_path / "songs"))
    shutil.copy(folder / "Noise" / "0.wav", folder / "Noise" / "copy.wav")
    return folder


def test_copies_are_skipped(with_a_copy):
    catalogue = load("folder", with_a_copy, drop_duplicates=True)
    assert len(catalogue.tracks) == 12
    assert catalogue.skipped == (Skipped("Noise/copy.wav", "duplicate", "of Noise/0.wav"),)
    assert catalogue.notes == ()


def test_copies_are_kept_with_a_note(with_a_copy):
    catalogue = load("folder", with_a_copy, drop_duplicates=False)
    assert len(catalogue.tracks) == 13
    assert catalogue.skipped == ()
    assert catalogue.notes == ("1 of 13 songs are copies, possibly across splits",)
