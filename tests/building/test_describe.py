"""A collection described before it is rendered, and after."""

from dataclasses import replace

from tests import songs
from tests.builds import load
from tfgenre.building import build, describe
from tfgenre.building.local import LocalRunner
from tfgenre.building.plan import make_plan
from tfgenre.config import BuildConfig
from tfgenre.datasets import duplicates


def test_a_collection_is_described(tmp_path):
    data_dir = songs.write_collection(tmp_path / "data", songs_per_genre=10)
    (data_dir / "Noise" / "copy.wav").write_bytes((data_dir / "Noise" / "1.wav").read_bytes())
    catalogue = load("folder", data_dir)
    catalogue = duplicates.drop(catalogue, duplicates.find(catalogue))
    config = BuildConfig(dataset="folder")
    found = describe.describe(catalogue, config, built=None)
    assert found.method == "track"
    assert found.everything.tracks == 20
    assert found.everything.slices == 40
    tracks = {split: rows["Noise"].tracks for split, rows in found.splits.items()}
    assert tracks == {"train": 6, "validation": 3, "test": 1}
    lines = [line.split() for line in describe.text(found).splitlines()]
    assert lines[0] == ["tracks", "artists", "hours", "slices", "GB"]
    assert lines[3] == ["all", "genres", "20", "0", "0.0", "40", "0.00"]
    assert lines[9] == ["all", "genres", "12", "24", "6", "12", "2", "4"]
    assert ["Noise/copy.wav", "(of", "Noise/1.wav)"] in lines


def test_what_the_errata_name_is_told(collection):
    catalogue = load("folder", collection)
    tracks = (replace(catalogue.tracks[0], known_bad=True), *catalogue.tracks[1:])
    catalogue = replace(catalogue, tracks=tracks)
    found = describe.describe(catalogue, BuildConfig(dataset="folder"), built=None)
    assert any("1 songs are known to be bad" in note for note in found.notes)


def test_the_page_has_what_the_terminal_has(tmp_path):
    data_dir = songs.write_collection(tmp_path / "data", songs_per_genre=3)
    (data_dir / "Noise" / "<b>.wav").write_bytes(b"")
    catalogue = load("folder", data_dir)
    config = BuildConfig(dataset="folder")
    built = build.build(make_plan(catalogue, config), tmp_path / "records", runner=LocalRunner(1))
    found = describe.describe(catalogue, config, built=built)
    page = tmp_path / "deep" / "page.html"
    describe.write_page(page, found, title="folder: <data>")
    text = page.read_text()
    assert "folder: &lt;data&gt;" in text
    assert "<td>all genres</td>" in text
    assert "Records built" in text
    assert "built:" in describe.text(found)


def test_records_of_a_song_that_changed_since(tmp_path):
    data_dir = songs.write_collection(tmp_path / "data", songs_per_genre=3, seconds=3.0)
    config = BuildConfig(dataset="folder")
    plan = make_plan(load("folder", data_dir), config)
    built = build.build(plan, tmp_path / "records", runner=LocalRunner(1))
    songs.write(data_dir / "Noise" / "0.wav", songs.noise(4.0))
    found = describe.describe(load("folder", data_dir), config, built=built)
    sentence = "the records there were built from other songs: 1 changed (such as Noise/0.wav)"
    assert sentence in found.notes
