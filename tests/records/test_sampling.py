"""Slices are selected by key."""

import numpy as np
import pytest

from tfgenre.config import SPLITS
from tfgenre.errors import UserError
from tfgenre.records import sampling


@pytest.fixture
def rows() -> np.ndarray:
    """1000 slices of three genres in three splits of four shards, sorted by key within a shard."""
    rng = np.random.default_rng(0)
    rows = np.zeros(1000, sampling.INDEX_DTYPE)
    rows["key"] = rng.choice(10**9, 1000, replace=False)
    rows["label"] = rng.choice(3, 1000, p=[0.7, 0.2, 0.1])
    rows["shard"], rows["split"] = rng.integers(0, 4, 1000), rng.integers(0, 3, 1000)
    return np.sort(rows, order=["shard", "split", "key"])


@pytest.mark.parametrize("count", [1, 50, 99])
def test_the_first_slices_of_each_genre_by_key(rows, count):
    keep = sampling.genre_mask(rows, count)
    available = np.bincount(rows["label"])
    np.testing.assert_array_equal(np.bincount(rows["label"][keep]), np.minimum(available, count))
    for label in range(3):
        of_genre = rows["label"] == label
        assert rows["key"][keep & of_genre].max() < rows["key"][~keep & of_genre].min()


def test_a_smaller_sample_is_a_subset_of_a_larger_one(rows):
    assert (sampling.genre_mask(rows, 40) <= sampling.genre_mask(rows, 60)).all()


def test_shard_masks_cover_the_selected_slices(rows):
    keep = sampling.genre_mask(rows, 50)
    masks = [
        sampling.shard_masks(rows, split, sampling.split_mask(rows, split, slices_per_genre=50))
        for split in SPLITS
    ]
    assert sum(mask.sum() for found in masks for mask in found.values()) == keep.sum()
    for found in masks:
        assert all(mask[-1] for mask in found.values())


def test_a_limit_per_genre_within_a_split(rows):
    limits = [30, 7, 10_000]
    everything = sampling.split_mask(rows, "train")
    keep = sampling.split_mask(rows, "train", at_most=limits)
    assert (keep <= everything).all()
    available = np.bincount(rows["label"][everything])
    np.testing.assert_array_equal(np.bincount(rows["label"][keep]), np.minimum(available, limits))


def test_index_round_trip(rows, tmp_path):
    sampling.write_index(tmp_path / "index.npy", rows)
    np.testing.assert_array_equal(sampling.read_index(tmp_path / "index.npy"), rows)
    (tmp_path / "index.npy").write_bytes(b"nonsense")
    with pytest.raises(UserError, match="missing or damaged"):
        sampling.read_index(tmp_path / "index.npy")
