"""Settings of prediction that are refused."""

import pytest

from tfgenre.errors import UserError
from tfgenre.prediction.config import TagConfig, VoteConfig


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


def test_a_confidence_out_of_range():
    with pytest.raises(UserError, match=r"between 0 and 1, got 1\.5"):
        VoteConfig(min_confidence=1.5)
