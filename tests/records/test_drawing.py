"""How often slices are drawn if artists are balanced."""

import numpy as np
import pytest

from tfgenre.config import BuildConfig
from tfgenre.errors import UserError
from tfgenre.records import drawing, pipeline, readers, sampling, synthetic, verify
from tfgenre.records.folder import Records


def old_index(records: Records) -> None:
    """Replaces the index by one of an earlier version."""
    rows = records.index()
    fields = [("key", "<i8"), ("label", "<i4"), ("shard", "<i4"), ("split", "<i1")]
    old = np.zeros(len(rows), fields)
    for name, _ in fields:
        old[name] = rows[name]
    sampling.write_index(records.path / sampling.NAME, old)


@pytest.fixture
def with_artists(tmp_path) -> Records:
    """Five songs of each of two genres per shard; the first four are of one artist."""
    return synthetic.write_records(
        tmp_path / "with_artists",
        BuildConfig(dataset="folder", genres=("Folk", "Pop")),
        tracks_per_genre=5,
        num_shards=3,
        artist_of=lambda name: "" if name.endswith("-4") else name.split("-")[2],
    )


@pytest.mark.parametrize(
    ("weights", "start", "expected"),
    [
        ([], 0.5, []),
        ([2.0], 0.99, [1]),
        ([1, 1, 1, 1], 0.5, [1, 1, 1, 1]),
        ([3, 1], 0.0, [1, 1]),
        ([3, 1], 0.5, [2, 0]),
        ([1, 1, 6, 1, 1], 0.0, [0, 1, 3, 0, 1]),
    ],
)
def test_copies(weights, start, expected):
    assert drawing.copies(np.array(weights, float), start).tolist() == expected


@pytest.mark.parametrize("start", [0.0, 0.3, np.nextafter(1, 0)])
def test_copies_are_the_share_rounded_up_or_down(start):
    rng = np.random.default_rng(0)
    for size in (1, 2, 37, 400):
        weights = 1 / np.sqrt(rng.integers(1, 50, size))
        found = drawing.copies(weights, start)
        assert found.sum() == size
        assert found.min() >= 0
        assert (np.abs(found - weights / weights.sum() * size) < 1 + 1e-9).all()


def test_copies_are_the_share_on_average():
    weights = np.array([1, 0.5, 0.25, 3])
    found = [drawing.copies(weights, start) for start in (np.arange(1000) + 0.5) / 1000]
    np.testing.assert_allclose(np.mean(found, 0), weights / weights.sum() * 4, atol=2e-3)


def test_artist_weights_count_selected_songs_and_each_unknown_artist_alone():
    tracks = np.array([0, 0, 1, 2, 3, 4, 5, 5])
    keep = np.array([1, 1, 1, 1, 1, 1, 0, 0], bool)
    weights = drawing.artist_weights(tracks, keep, ["a", "a", "b", "", "", "a"])
    np.testing.assert_allclose(weights, [0.5**0.5, 0.5**0.5, 0.5**0.5, 1, 1, 1, 0, 0])


def drawn(source, seed: int) -> tuple[list[bytes], list[bytes]]:
    """The images that a seed should give, and those that are read; sorted."""
    batches = pipeline.evaluation_dataset(source, 100)
    images = np.concatenate([batch["image"].numpy() for batch in batches])
    expected = images[np.searchsorted(source.numbers, source.drawn(seed))]
    read = pipeline.training_dataset(source, batch_size=7, seed=seed)
    found = [image.tobytes() for batch, _ in read for image in batch.numpy()]
    return sorted(image.tobytes() for image in expected), sorted(found)


@pytest.mark.parametrize("options", [{}, {"slices_per_genre": 40}, {"at_most": [9, 20]}])
def test_shards_are_read_as_drawn(with_artists, options):
    weights = with_artists.artist_weights("train", **options)
    source = with_artists.source("train", **options, weights=weights)
    parts = [source, source.partition(1, 2), *(source.strided(i, 2) for i in range(2))]
    for part in parts:
        expected, found = drawn(part, seed=3)
        assert found == expected
        assert len(found) == part.num_slices
    assert (np.diff(source.drawn(3)) == 0).any()
    assert (source.drawn(3) == source.drawn(3)).all()
    assert (source.drawn(3) != source.drawn(4)).any()


def test_one_reading_in_memory_is_as_drawn(with_artists):
    weights = with_artists.artist_weights("train")
    source = with_artists.source("train", weights=weights)
    reader = readers.InMemory(source)
    read = pipeline.training_chunks(source, reader, batch_size=7, seed=3)
    found = [image.tobytes() for _, images, _ in read for image in images.numpy()]
    assert sorted(found) == drawn(source, seed=3)[0]


def test_weights_are_those_of_the_songs_in_the_table(with_artists):
    weights = with_artists.artist_weights("train")
    unknown = [name.endswith(b"-4") for name in with_artists.artists()]
    rows = with_artists.index()
    train = rows["split"] == 0
    expected = np.where(np.array(unknown)[rows["track"][train]], 1, 12**-0.5)
    np.testing.assert_allclose(weights[train], expected)
    assert not weights[~train].any()


def test_an_index_of_before_is_read_but_not_for_artists(with_artists):
    before = with_artists.count_slices("train")
    old_index(with_artists)
    assert with_artists.count_slices("train").tolist() == before.tolist()
    assert with_artists.source("train", slices_per_genre=10).num_slices
    assert verify.verify(with_artists, num_workers=1) == []
    with pytest.raises(UserError, match=r"needs an index with the song .* build the records again"):
        with_artists.artist_weights("train")


def test_songs_without_artists_have_no_weights(records):
    assert records.artist_weights("train") is None


def test_a_wrong_song_in_the_index_is_reported(with_artists):
    rows = with_artists.index()
    rows["track"][0] += 1
    sampling.write_index(with_artists.path / sampling.NAME, rows)
    (problem,) = verify.verify(with_artists, num_workers=1)
    assert problem.startswith("index.npy: does not match folder-train.tfrecord-00000")
