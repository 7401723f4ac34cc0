"""Settings of prediction that are refused."""

import pytest

from tfgenre.errors import UserError
from tfgenre.options import from_options
from tfgenre.prediction.config import PredictConfig, TagConfig, VoteConfig


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"dry_run": True}, "give one of them"),
        ({"overwrite_tags": True}, "give --write_tags as well"),
        ({"tags_log": "a"}, "give --write_tags as well"),
        ({"write_tags": True, "undo_tags": "a"}, "contradict"),
        ({"write_tags": True, "dry_run": True, "tags_log": "a"}, "writes nothing"),
    ],
)
def test_contradictions(options, sentence):
    with pytest.raises(UserError, match=sentence):
        TagConfig(**options)


@pytest.mark.parametrize(
    ("asked", "plotted", "expected"),
    [(None, False, 10), (None, True, 0), (0, False, 0), (3, False, 3), (3, True, 3)],
)
def test_how_many_slices_decide(asked, plotted, expected):
    config = from_options(PredictConfig, {"max_slices_per_track": asked})
    assert config.slices_per_track(plotted=plotted) == expected


@pytest.mark.parametrize(
    ("asked", "sentence"), [(-1, "at least 0, got -1"), ("3", "an integer or None, got '3'")]
)
def test_a_number_of_slices_that_is_none(asked, sentence):
    with pytest.raises(UserError, match=sentence):
        from_options(PredictConfig, {"max_slices_per_track": asked})


def test_a_confidence_out_of_range():
    with pytest.raises(UserError, match=r"between 0 and 1, got 1\.5"):
        VoteConfig(min_confidence=1.5)


def test_files_are_named_from_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    config = PredictConfig(
        results="~/a.csv",
        embeddings="~/a.npy",
        tag=TagConfig(write_tags=True, tags_log="~/a.jsonl"),
    )
    undo = TagConfig(undo_tags="~/a.jsonl").undo_tags
    assert undo == config.tag.tags_log
    found = config.results, config.embeddings, config.tag.tags_log
    assert found == tuple(f"{tmp_path}/a.{end}" for end in ("csv", "npy", "jsonl"))


def test_a_folder_for_a_file(tmp_path):
    (tmp_path / "a.npy").mkdir()
    with pytest.raises(UserError, match="--embeddings must name a file, not a folder; got"):
        PredictConfig(embeddings=str(tmp_path / "a.npy"))
