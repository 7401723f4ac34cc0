"""Genres and songs with any name a file system allows, from the collection to the report."""

import csv
import io
import json
import warnings
from pathlib import Path
from typing import Any

import pytest

import tfgenre
from tests import songs
from tfgenre.prediction.result import lines

GENRES = ("Caf\udce9", "R|$o$ck", "\u6447\u6eda")  # bytes that are not UTF-8; Chinese
NAMES = ('a\n,"\t\r\x1b.wav', "Bj\udcf6rk.wav", *(f"{number}.wav" for number in range(4)))


@pytest.fixture(scope="module")
def collection(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("songs")
    for place, genre in enumerate(GENRES):
        (folder / genre).mkdir()
        for number, name in enumerate(NAMES):
            samples = songs.noise(3.0, seed=number) * songs.tone(3.0, hz=900 * place + 1)
            songs.write(folder / "a.wav", samples).rename(folder / genre / name)
    return folder


@pytest.fixture(scope="module")
def trained(collection, tmp_path_factory) -> tuple[tfgenre.Records, Path, list[str]]:
    """The records, the run's folder, and what training said."""
    folder, said = tmp_path_factory.mktemp("run"), list[str]()
    records = tfgenre.build(tfgenre.load_collection(collection), folder / "records")
    options: dict[str, Any] = {
        "model": "spectral",
        "epochs": 1,
        "min_steps": 0,
        "batch_size": 8,
        "slices_per_genre": 100,
    }
    run_dir = tfgenre.train(records, folder / "run", say=said.append, **options)
    return records, run_dir.path, said


def test_a_run_is_evaluated(trained, capfd):
    records, run_dir, said = trained
    assert records.genres == GENRES
    assert r"Caf\xe9 (6), R|$o$ck (6), 摇滚 (6)" in "\n".join(said)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        found = tfgenre.evaluate(run_dir)
    assert json.loads((run_dir / "evaluation-test.json").read_text())["genres"] == list(GENRES)
    assert {track["genre"] for track in found["tracks"]} <= set(GENRES)
    page = (run_dir / "report.html").read_text("utf-8")
    card = (run_dir / "model_card.md").read_text("utf-8")
    assert r"<td>Caf\xe9</td>" in page
    assert r"| R\|$o$ck |" in card
    assert capfd.readouterr().err.count("\n") <= 1  # that no font has Chinese characters


def test_songs_are_predicted(trained, collection, tmp_path):
    records, run_dir, _ = trained
    found = list(tfgenre.predict(run_dir, collection, plot_dir=tmp_path))
    paths = {str(collection / genre / name) for genre in GENRES for name in NAMES}
    assert {song.path for song in found} == paths
    table = list(lines(found, output_format="table", genres=records.genres))
    assert [len(line.encode().splitlines()) for line in table] == [1] * len(paths)
    text = "\n".join(lines(found, output_format="csv", genres=records.genres))
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert header[6:9] == [r"Caf\xe9", *GENRES[1:]]
    escaped = (path.replace("\udce9", r"\xe9").replace("\udcf6", r"\xf6") for path in paths)
    assert {row[0] for row in rows} == set(escaped)
    assert {len(row) for row in rows} == {len(header)}
    as_json = json.loads("\n".join(lines(found, output_format="json", genres=records.genres)))
    assert {song["path"] for song in as_json} == paths
    assert len([path for path in tmp_path.rglob("*.png") if path.is_file()]) == len(paths)
