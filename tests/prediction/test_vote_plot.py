"""The plot of a song."""

import numpy as np
import pytest
from PIL import Image

from tests.prediction.fakes import probabilities_of
from tfgenre.config import RenderConfig
from tfgenre.prediction import vote_plot
from tfgenre.prediction.config import VoteConfig
from tfgenre.prediction.votes import SongProbabilities, decide


@pytest.mark.parametrize("indices", [[0, 1, 2], [3, 9, 5000]])
@pytest.mark.parametrize("render", [RenderConfig(), RenderConfig(spectrogram="mel")], ids=str)
def test_a_song_is_plotted(tmp_path, indices, render):
    song = probabilities_of(0.7, 0.4, 0.9)
    song = SongProbabilities(song.probabilities, np.array(indices), song.pictures)
    path = tmp_path / "new" / "a.mp3.png"
    prediction = decide("x/$a_$^{.mp3", song, genres=("_$N", "$T$x_$"), config=VoteConfig())
    figure = vote_plot.draw(song, genres=("_$N", "$T$x_$"), render=render)
    vote_plot.write(figure, prediction, path)
    with Image.open(path) as picture:
        assert picture.size == (1100, 550)
    assert [file.name for file in path.parent.iterdir()] == ["a.mp3.png"]
