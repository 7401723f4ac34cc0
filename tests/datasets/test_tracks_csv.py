"""A collection listed in a table."""

import zipfile
from dataclasses import replace

import pytest

from tests import songs
from tests.builds import config_of
from tfgenre.config import SplitConfig
from tfgenre.datasets import tracks_csv
from tfgenre.datasets.track import Track
from tfgenre.errors import UserError


def test_a_table_of_songs(tmp_path):
    for name in ("a.wav", "b.wav", "deep/c.wav"):
        songs.write(tmp_path / name, songs.tone(0.5))
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.write(tmp_path / "a.wav", "d.wav")
    table = tmp_path / "tracks.csv"
    table.write_text(
        "\ufeffGenre,path,split,artist\n"
        f'"Old-Time / Historic",a.wav,train,Them\nRock,{tmp_path}/deep/c.wav,Test,\n\n'
        "Rock,more.zip/d.wav,,\nRock,../b.wav,,\nRock,/etc/passwd,,\nRock,gone.wav\n,b.wav,,\n"
    )
    catalogue = tracks_csv.load(tmp_path, config_of("csv", tracks_csv=str(table)))
    assert catalogue.tracks == (
        Track("a.wav", "a.wav", "Old-Time / Historic", "Them", "train"),
        Track("deep/c.wav", "deep/c.wav", "Rock", "", "test"),
        Track("more.zip/d.wav", "more.zip/d.wav", "Rock"),
    )
    assert [(skip.path, skip.reason) for skip in catalogue.skipped] == [
        ("../b.wav", "outside"),
        ("/etc/passwd", "outside"),
        ("gone.wav", "missing"),
        ("b.wav", "no_genre"),
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read"),
        (b"", "must have one path and one genre column, got ''"),
        (b"file,label\n", "got 'file,label'"),
        (b"path,genre,split\na.wav,Rock,dev\n", "row 2: split must be one of .* got 'dev'"),
        (b"path,genre\n\xff\xfe,Rock\n", "cannot be read"),
        (b"path,genre,genre\na.wav,Rock,Jazz\n", "must have one path and one genre column"),
        (b'path,genre\n"a.wav,Rock\nb.wav,Rock\n', r"cannot be read \(after row 1\)"),
        (b"path,genre\ngone.wav,Rock\n", "lists no songs that are below"),
    ],
)
def test_invalid_tables(tmp_path, content, sentence):
    if content is not None:
        (tmp_path / "tracks.csv").write_bytes(content)
    with pytest.raises(UserError, match=sentence):
        tracks_csv.load(tmp_path, config_of("csv", tracks_csv=str(tmp_path / "tracks.csv")))
    with pytest.raises(UserError, match="needs --tracks_csv"):
        tracks_csv.load(tmp_path, config_of("csv"))


@pytest.mark.parametrize(("split_by", "num_notes"), [(None, 1), ("track", 1), ("official", 0)])
def test_a_split_column_that_is_not_used_is_noted(tmp_path, split_by, num_notes):
    table = tmp_path / "tracks.csv"
    table.write_text('path,genre,split\na.wav,"Rock\nPop",train\nb.wav,"Folk, World",\n')
    for name in ("a.wav", "b.wav"):
        songs.write(tmp_path / name, songs.tone(0.5))
    config = config_of("csv", tracks_csv=str(table))
    config = replace(config, split=SplitConfig(split_by=split_by))
    catalogue = tracks_csv.load(tmp_path, config)
    assert catalogue.genres == ("Folk, World", "Rock Pop")
    assert len(catalogue.notes) == num_notes
    assert all("column split, which has a value for 1 songs" in note for note in catalogue.notes)


def test_the_songs_of_a_table_are_all_missing(tmp_path):
    table = tmp_path / "tracks.csv"
    table.write_text("path,genre\na.wav,Rock\nb.wav,\n../c.wav,Rock\nd.wav,Rock\n")
    sentence = r"Skipped: 2 missing, 1 no_genre, 1 outside, of 4 songs\."
    with pytest.raises(UserError, match=sentence):
        tracks_csv.load(tmp_path, config_of("csv", tracks_csv=str(table)))
