"""`datasets.load`, whatever the collection."""

import shutil
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from tests import songs
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


NFC, NFD = (unicodedata.normalize(form, "Electró") for form in ("NFC", "NFD"))


@pytest.fixture
def in_spellings(tmp_path) -> Path:
    """Genres whose folders differ in spelling only."""
    names = ["Hip-Hop", "Hip-Hop", "Hip Hop", "hip-hop", NFC, NFD, NFD, "Folk, World, & Country"]
    for number, name in enumerate(names):
        songs.write(tmp_path / name / f"{number}.wav", songs.noise(3.0, seed=number))
    return tmp_path


def test_spellings_of_a_genre_are_one_label(in_spellings):
    catalogue = load("folder", in_spellings)
    assert catalogue.genres == (NFD, "Folk, World, & Country", "Hip-Hop")
    assert Counter(track.genre for track in catalogue.tracks)["Hip-Hop"] == 4
    assert catalogue.notes == (
        f"genre {NFD!r} (3 songs) is also spelled {NFC!r} (1 songs, in another Unicode form)",
        "genre 'Hip-Hop' (4 songs) is also spelled 'Hip Hop' (1 songs), 'hip-hop' (1 songs)",
    )


def test_genres_are_chosen_in_any_spelling(in_spellings):
    catalogue = load("folder", in_spellings, genres=("HIPHOP", NFC.upper()))
    assert catalogue.genres == ("Hip-Hop", NFD)
    assert len(catalogue.tracks) == 7
    with pytest.raises(UserError, match="--genres must differ, got hip hop,Hip-Hop"):
        load("folder", in_spellings, genres=("hip hop", "Hip-Hop"))


def test_a_genre_with_commas_is_listed_in_quotes(in_spellings):
    with pytest.raises(UserError, match=r"'World'; .*\"Folk, World, & Country\" \(1\).* quotes"):
        load("folder", in_spellings, genres=("World", "Hip Hop"))


def test_genres_with_line_ends_and_blanks(tmp_path):
    for number, name in enumerate(["Rock\nPop", "Rock\r\n  Pop", "Jazz", " "]):
        songs.write(tmp_path / name / f"{number}.wav", songs.noise(3.0, seed=number))
    catalogue = load("folder", tmp_path)
    assert catalogue.genres == ("Jazz", "Rock Pop")
    assert [(skip.path, skip.reason) for skip in catalogue.skipped] == [(" /3.wav", "no_genre")]


def test_a_genre_whose_songs_are_all_copies(collection, tmp_path):
    for genre, number in [("Noise", 0), ("Tones", 1)]:
        (tmp_path / genre).mkdir()
        shutil.copy(collection / "Noise" / "0.wav", tmp_path / genre / f"{number}.wav")
    with pytest.raises(UserError, match=r"two genres, got Noise.*Skipped: 1 duplicate, of 2 songs"):
        load("folder", tmp_path)
