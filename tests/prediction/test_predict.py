"""Songs are predicted as a stream, in order, while they are rendered."""

import threading

import numpy as np
import pytest

from tests import songs
from tests.prediction.fakes import Network
from tfgenre.config import RenderConfig
from tfgenre.errors import SkipTrack
from tfgenre.prediction.predict import predict_slices
from tfgenre.prediction.votes import SongProbabilities
from tfgenre.spectrogram.render import Slices, render
from tfgenre.spectrogram.workers import RenderWorker


class Broken:
    def predict_on_batch(self, images):
        raise MemoryError("no room")


def test_an_error_of_the_network_is_raised(tmp_path):
    song = str(songs.write(tmp_path / "a.wav", songs.noise(6.0)))
    found = predict_slices(Broken(), [song] * 3, config=RenderConfig(), batch_size=4, num_workers=1)
    with pytest.raises(MemoryError, match="no room"):
        list(found)


def test_songs_come_in_order_as_if_predicted_one_by_one(collection, tmp_path):
    (tmp_path / "broken.mp3").write_text("<html>")
    long = songs.write(tmp_path / "long.wav", songs.noise(200.0))
    paths = sorted(map(str, collection.rglob("*.wav")))
    paths[5:5] = [str(tmp_path / "broken.mp3"), str(long)]
    network = Network()
    found = predict_slices(
        network, paths, config=RenderConfig(), batch_size=16, num_workers=2, keep_pictures=True
    )
    for path, song in zip(paths, found, strict=True):
        if "broken" in path:
            assert isinstance(song, SkipTrack)
            continue
        assert isinstance(song, SongProbabilities)
        alone = render(path, RenderConfig())
        expected = Network().predict_on_batch(alone.images[..., np.newaxis])
        np.testing.assert_allclose(song.probabilities, expected, rtol=1e-6)
        np.testing.assert_array_equal(song.indices, alone.indices)
        assert song.pictures is not None
        assert song.pictures.shape == (len(expected), 128, 32)
    assert max(network.sizes) <= 16


def test_closing_early_ends_threads(collection):
    before = threading.active_count()
    paths = sorted(map(str, collection.rglob("*.wav"))) * 20
    found = predict_slices(
        Network(step_s=0.05), paths, config=RenderConfig(), batch_size=4, num_workers=2
    )
    assert isinstance(next(found), SongProbabilities)
    found.close()
    assert threading.active_count() == before


def test_pieces_of_a_song_arrive_while_it_is_rendered(tmp_path):
    path = str(songs.write(tmp_path / "long.wav", songs.noise(400.0)))
    worker, sizes = RenderWorker(RenderConfig()), []
    assert worker.map_pieces(path, lambda piece: sizes.append(len(piece.images))) == [None] * 3
    assert sizes == [64, 64, 28]
    whole = worker(path)
    assert isinstance(whole, Slices)
    assert len(whole.images) == 156
    worker.close()
