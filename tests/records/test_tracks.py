"""The table of the tracks beside the records."""

import os

import pytest

from tfgenre.datasets.track import Track
from tfgenre.errors import UserError
from tfgenre.records import tracks


def test_artists_are_read_back(records_dir):
    artists = tracks.read_artists(records_dir)
    assert len(artists) == 12
    assert set(artists.values()) == {""}
    with pytest.raises(UserError, match=r"tracks.csv is missing or damaged"):
        tracks.read_artists(records_dir / "nowhere")


def test_names_that_are_hard_to_write(tmp_path):
    names = ['a, "b"', "a\nb", "a\rb", " a", "é\u2028", os.fsdecode(b"caf\xe9")]
    rows = [
        (Track(name, name, f"genre {name}", f"artist {name}", sound="1-2"), "") for name in names
    ]
    tracks.write(tmp_path, rows)
    found = tracks.read(tmp_path)
    assert list(found) == names
    assert [row["genre"] for row in found.values()] == [f"genre {name}" for name in names]


def test_spellings_of_an_artist_are_one(tmp_path):
    spellings = ["Björk", "BJÖRK", "Bjo\u0308rk"]
    tracks.write(tmp_path, [(Track(name, name, "A", name), "train") for name in spellings])
    assert set(tracks.read_artists(tmp_path).values()) == {"björk"}


@pytest.mark.parametrize(
    "text", ["", "track_id,genre\na,b\n", "track_id,genre,artist,split\na,b\n", 'track_id\n"a\n']
)
def test_damaged_tables(tmp_path, text):
    (tmp_path / "tracks.csv").write_text(text)
    if not text:
        assert tracks.read(tmp_path) == {}
        return
    with pytest.raises(UserError, match="missing or damaged"):
        tracks.read(tmp_path)
