"""The baseline: what it hears in a slice, and what it learns."""

import numpy as np

from tfgenre.config import BuildConfig
from tfgenre.evaluation import baseline
from tfgenre.records import synthetic
from tfgenre.records.pipeline import evaluation_dataset


def test_statistics_of_rows():
    images = np.zeros((2, 3, 5), np.uint8)
    images[0, 0], images[0, 1] = 7, (0, 10, 0, 10, 0)
    found = baseline.statistics(images)
    assert found.shape == (2, 9)
    np.testing.assert_allclose(found[0, :3], (7, 4, 0))
    np.testing.assert_allclose(found[0, 3:6], (0, 24**0.5, 0), rtol=1e-6)
    np.testing.assert_allclose(found[0, 6:], (0, 10, 0))
    assert not found[1].any()


def test_it_learns_what_is_easy(tmp_path):
    """Made-up records have a bright band for each genre."""
    config = BuildConfig(dataset="folder", genres=("Folk", "Pop", "Rock"))
    records = synthetic.write_records(tmp_path, config, tracks_per_genre=4)
    found = baseline.predict(records, "test")
    truth = {
        track_id: label
        for batch in evaluation_dataset(records.source("test"), 8)
        for track_id, label in zip(
            batch["track_id"].numpy(), batch["label"].numpy().tolist(), strict=True
        )
    }
    assert found == truth
    assert len(found) == 12


def test_songs_of_one_genre_teach_it_nothing(tmp_path):
    records = synthetic.write_records(tmp_path, BuildConfig(dataset="folder", genres=("Folk",)))
    assert baseline.predict(records, "test") == {}
