"""The leak report: records split anew are those of a build; differences have intervals."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tests import songs
from tests.builds import load
from tests.commands import run
from tfgenre.building import build
from tfgenre.building.local import LocalRunner
from tfgenre.building.plan import make_plan
from tfgenre.building.resplit import ResplitRunner
from tfgenre.config import BuildConfig, SplitConfig
from tfgenre.errors import UserError
from tfgenre.evaluation import leaks
from tfgenre.records import tracks


@pytest.mark.parametrize("method", ["slice", "track"])
def test_split_anew_or_built_anew_is_the_same(collection, tmp_path, method):
    data_dir = tmp_path / "songs"
    data_dir.symlink_to(collection)
    catalogue = load("folder", data_dir)
    config = BuildConfig(dataset="folder", num_shards=3, split=SplitConfig(split_by="track"))
    other = replace(config, split=SplitConfig(split_by=method, split_seed=1))
    first = build.build(make_plan(catalogue, config), tmp_path / "first", runner=LocalRunner(1))
    for name, runner in (
        ("rendered", LocalRunner(1)),
        ("anew", ResplitRunner(first)),
    ):
        build.build(make_plan(catalogue, other), tmp_path / name, runner=runner)
    files = sorted(path.name for path in (tmp_path / "rendered").iterdir())
    assert files == sorted(path.name for path in (tmp_path / "anew").iterdir())
    for name in files:
        assert (tmp_path / "anew" / name).read_bytes() == (
            tmp_path / "rendered" / name
        ).read_bytes()


def test_a_song_that_was_skipped_is_skipped_again(tmp_path):
    data_dir = songs.write_collection(tmp_path / "songs")
    (data_dir / "Noise" / "broken.wav").write_bytes(b"no sound at all")
    plan = make_plan(load("folder", data_dir), BuildConfig(dataset="folder"))
    first = build.build(plan, tmp_path / "first", runner=LocalRunner(1))
    runner = ResplitRunner(first)
    assert build.build(plan, tmp_path / "anew", runner=runner).manifest == first.manifest
    assert len(first.manifest.skipped) == 1


def test_artists_are_read_back(records_dir):
    artists = tracks.read_artists(records_dir)
    assert len(artists) == 12
    assert set(artists.values()) == {""}
    with pytest.raises(UserError, match=r"tracks.csv is missing or damaged"):
        tracks.read_artists(records_dir / "nowhere")


def test_the_difference_of_two_estimates():
    assert leaks.difference((0.7, 0.7, 0.7), (0.5, 0.5, 0.5)) == pytest.approx((0.2, 0.2, 0.2))
    value, low, high = leaks.difference((0.7, 0.6, 0.8), (0.5, 0.4, 0.6))
    assert (value, low, high) == pytest.approx((0.2, 0.2 - 0.02**0.5, 0.2 + 0.02**0.5))
    rng = np.random.default_rng(0)
    drawn = rng.normal(0.7, 0.1 / 1.96, 10**5) - rng.normal(0.5, 0.1 / 1.96, 10**5)
    np.testing.assert_allclose((low, high), np.percentile(drawn, (2.5, 97.5)), atol=0.005)


def test_the_program(collection, tmp_path):
    """Without artists: two ways to split; a second time, nothing is trained again."""
    command = (
        "leak_report",
        "--dataset=folder",
        f"--data_dir={collection}",
        f"--output_dir={tmp_path}",
        "--model=spectral",
        "--epochs=1",
        "--batch_size=8",
        "--num_shards=2",
    )
    done = run(*command)
    assert done.returncode == 0, done.stderr
    assert "no song's artist is known" in done.stdout
    assert "slice less track" in done.stdout
    report = json.loads((tmp_path / "leaks.json").read_text())
    assert list(report["claims"]) == ["slice", "track"]
    trained = [
        json.loads((tmp_path / "runs" / method / "result.json").read_text())["train_slices"]
        for method in ("slice", "track")
    ]
    assert trained[0] == trained[1] == report["train_slices"]
    page = (tmp_path / "leaks.html").read_text()
    assert 'src="http' not in page
    assert "cannot be told from chance" in page or "that much is" in page
    again = run(*command)
    assert again.returncode == 0
    assert "epoch" not in again.stdout
    refused = run(*command, "--split_by=track")
    assert refused.returncode == 2
    assert "--split_by is leak_report's own to choose" in refused.stderr
