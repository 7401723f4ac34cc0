"""Only songs that are new or have changed are predicted; others are as in the file of results."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import songs
from tests.prediction.rows import GENRES, row_of
from tfgenre.audio import tags
from tfgenre.prediction.config import TagConfig, VoteConfig
from tfgenre.prediction.instalments import predict_new
from tfgenre.prediction.predict import Predicted
from tfgenre.prediction.result import Prediction
from tfgenre.prediction.results import Results

CONFIG = VoteConfig(vote="hard", min_confidence=0.5)


class Predictor:
    """Predicts any song as Rock; notes which."""

    def __init__(self, *, genre: str = "Rock", on_song=lambda path: None) -> None:
        self.songs: list[str] = []
        self._genre, self._on_song = genre, on_song

    def __call__(self, paths: Iterable[str]) -> Iterator[Predicted]:
        for path in paths:
            self.songs.append(Path(path).name)
            self._on_song(path)
            yield Predicted(row_of(path, genre=self._genre).prediction, None)


@pytest.fixture
def music(tmp_path) -> list[str]:
    paths = [tmp_path / "music" / f"{name}.mp3" for name in "abc"]
    for path in paths:
        songs.write(path, songs.noise(1.0, rate_hz=44100), rate_hz=44100)
    return list(map(str, paths))


def predict(
    music: list[str], path: Path, *, predictor: Predictor | None = None, run: str = "run", **tag
) -> tuple[list[str], list[Prediction], int]:
    """The songs predicted, what was yielded, and how many songs were known."""
    predictor, known = predictor or Predictor(), []
    with Results(path, genres=GENRES, config=CONFIG, run=run) as results:
        found = predict_new(
            music,
            results,
            predict=predictor,
            tag=TagConfig(**tag),
            on_known=lambda: known.append(1),
        )
        done = list(found)
        results.tidy()
    return predictor.songs, done, len(known)


def test_new_and_changed_songs_are_predicted(music, tmp_path):
    path = tmp_path / "results.csv"
    assert predict(music[:2], path)[0] == ["a.mp3", "b.mp3"]
    assert predict(music, path)[::2] == (["c.mp3"], 2)
    Path(music[0]).touch()
    assert predict(music, path)[::2] == (["a.mp3"], 2)
    assert predict(music, path)[::2] == ([], 3)
    assert predict(music, path, run="another")[::2] == (["a.mp3", "b.mp3", "c.mp3"], 0)


def test_a_song_that_is_written_while_it_is_predicted_is_predicted_again(music, tmp_path):
    def grow(path: str) -> None:
        if path == music[1]:
            with open(path, "ab") as file:
                file.write(bytes(100))

    path = tmp_path / "results.csv"
    growing = Predictor(on_song=grow)
    log = str(tmp_path / "log")
    _, done, _ = predict(music, path, predictor=growing, write_tags=True, tags_log=log)
    assert [prediction.tag_error is None for prediction in done] == [True, False, True]
    assert "while it was predicted" in str(done[1].tag_error)
    assert predict(music, path)[0] == ["b.mp3"]


def test_tags_are_written_into_songs_that_were_predicted_before(music, tmp_path):
    path, log = tmp_path / "results.jsonl", str(tmp_path / "log")
    predict(music[:2], path)
    _, dry, known = predict(music[:2], path, write_tags=True, dry_run=True)
    assert ["would be written" in str(prediction.tag) for prediction in dry] == [True, True]
    asked: dict[str, Any] = {"write_tags": True, "tags_log": log}
    predicted, done, known = predict(music, path, **asked)
    assert (predicted, known) == (["c.mp3"], 0)
    assert [Path(prediction.path).name for prediction in done] == ["c.mp3", "a.mp3", "b.mp3"]
    assert all(tags.read(Path(song)).genres == ("Rock",) for song in music)
    assert predict(music, path, **asked)[::2] == ([], 3)
    assert predict(music, path)[::2] == ([], 3)
    with Results(path, genres=GENRES, config=CONFIG, run="run") as results:
        assert [row.own_genres for row in results.rows()] == [()] * 3
        assert all("was written" in str(row.prediction.tag) for row in results.rows())


def test_unsure_songs_are_not_tagged(music, tmp_path):
    path, log = tmp_path / "results.csv", str(tmp_path / "log")
    unsure = Predictor(genre="unsure")
    _, done, _ = predict(music, path, predictor=unsure, write_tags=True, tags_log=log)
    assert [prediction.tag for prediction in done] == [None] * 3
    assert not any(tags.read(Path(song)).genres for song in music)
