"""Sound files are found by name."""

import pytest

from tfgenre.audio.search import find_songs
from tfgenre.errors import UserError


def test_songs_among_the_paths_and_below_them(collection, tmp_path):
    odd = tmp_path / "song.xyz"
    odd.touch()
    found = find_songs([str(collection / "Tones"), str(odd)])
    assert found == [str(collection / "Tones" / f"{n}.wav") for n in range(6)] + [str(odd)]
    with pytest.raises(UserError, match="No such file or folder"):
        find_songs([str(tmp_path / "none")])
    with pytest.raises(UserError, match="No songs"):
        find_songs([])
