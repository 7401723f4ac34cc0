"""The table of the tracks beside the records."""

import pytest

from tfgenre.errors import UserError
from tfgenre.records import tracks


def test_artists_are_read_back(records_dir):
    artists = tracks.read_artists(records_dir)
    assert len(artists) == 12
    assert set(artists.values()) == {""}
    with pytest.raises(UserError, match=r"tracks.csv is missing or damaged"):
        tracks.read_artists(records_dir / "nowhere")
