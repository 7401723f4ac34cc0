"""Records that are split again equal those of a new build."""

from dataclasses import replace

import pytest

from tests import songs
from tests.builds import load
from tfgenre.building import build
from tfgenre.building.local import LocalRunner
from tfgenre.building.plan import make_plan
from tfgenre.building.resplit import ResplitRunner
from tfgenre.config import BuildConfig, SplitConfig


@pytest.mark.parametrize("method", ["slice", "track"])
def test_splitting_again_equals_building_again(collection, tmp_path, method):
    data_dir = tmp_path / "songs"
    data_dir.symlink_to(collection)
    catalogue = load("folder", data_dir)
    config = BuildConfig(dataset="folder", num_shards=3, split=SplitConfig(split_by="track"))
    other = replace(config, split=SplitConfig(split_by=method, split_seed=1))
    first = build.build(make_plan(catalogue, config), tmp_path / "first", runner=LocalRunner(1))
    for name, runner in (
        ("rendered", LocalRunner(1)),
        ("resplit", ResplitRunner(first)),
    ):
        build.build(make_plan(catalogue, other), tmp_path / name, runner=runner)
    files = sorted(path.name for path in (tmp_path / "rendered").iterdir())
    assert files == sorted(path.name for path in (tmp_path / "resplit").iterdir())
    for name in files:
        assert (tmp_path / "resplit" / name).read_bytes() == (
            tmp_path / "rendered" / name
        ).read_bytes()


def test_a_song_that_was_skipped_is_skipped_again(tmp_path):
    data_dir = songs.write_collection(tmp_path / "songs")
    (data_dir / "Noise" / "broken.wav").write_bytes(b"no sound at all")
    plan = make_plan(load("folder", data_dir), BuildConfig(dataset="folder"))
    first = build.build(plan, tmp_path / "first", runner=LocalRunner(1))
    runner = ResplitRunner(first)
    assert build.build(plan, tmp_path / "resplit", runner=runner).manifest == first.manifest
    assert len(first.manifest.skipped) == 1
