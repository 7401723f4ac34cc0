"""Tracks and slices are assigned to splits."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.builds import config_of
from tfgenre.config import SPLITS, SplitConfig
from tfgenre.datasets import splits
from tfgenre.datasets.track import Catalogue, Track
from tfgenre.errors import UserError
from tfgenre.hashing import stable_hash

CONFIG = SplitConfig()


def tracks_of(sizes: list[int], genre: str = "Rock") -> list[Track]:
    """One artist per size, with that many songs."""
    return [
        Track(id=f"{genre}{artist}-{song}", path="", genre=genre, artist=f"{genre} {artist}")
        for artist, size in enumerate(sizes)
        for song in range(size)
    ]


def counts(tracks, method="artist", config=CONFIG) -> dict[str, tuple[int, ...]]:
    """Genre -> tracks in train, validation and test."""
    split_of = splits.assign(tracks, method=method, config=config)
    found = Counter((track.genre, split_of[track.id]) for track in tracks)
    return {
        genre: tuple(found[genre, split] for split in SPLITS)
        for genre in sorted({track.genre for track in tracks})
    }


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([2, 2, 2, 1, 1, 1, 1], (6, 3, 1)),
        ([1] * 10, (6, 3, 1)),
        ([1] * 100, (60, 30, 10)),
        ([30, 20, 10, 10, 10, 10, 10], (60, 30, 10)),
        ([1, 1, 1], (1, 1, 1)),
        ([50, 1, 1], (50, 1, 1)),
        ([5, 1], (5, 1, 0)),
        ([7], (7, 0, 0)),
    ],
)
def test_one_genre_by_artist(sizes, expected):
    assert counts(tracks_of(sizes)) == {"Rock": expected}


def test_each_genre_keeps_to_the_ratios():
    tracks = [t for genre in "ABCDEF" for t in tracks_of([2, 2, 2, 1, 1, 1, 1], genre)]
    assert counts(tracks) == dict.fromkeys("ABCDEF", (6, 3, 1))
    test_heavy = SplitConfig(split_ratios=(60, 10, 30))
    assert counts(tracks, config=test_heavy) == dict.fromkeys("ABCDEF", (6, 1, 3))


def test_a_split_may_be_left_out():
    without = SplitConfig(split_ratios=(90, 0, 10))
    tracks = [t for genre in "AB" for t in tracks_of([2, 2, 2, 1, 1, 1, 1], genre)]
    assert counts(tracks, config=without) == dict.fromkeys("AB", (9, 0, 1))
    of_slices = [splits.split_of_slice("a", index, config=without) for index in range(1000)]
    assert set(of_slices) == {"train", "test"}


@pytest.mark.parametrize(
    ("method", "ratios", "expected"),
    [
        ("artist", (60, 30, 10), SPLITS),
        ("artist", (90, 0, 10), ("train", "test")),
        ("official", (60, 30, 10), ("train", "test")),
    ],
)
def test_which_splits_must_have_songs(method, ratios, expected):
    assert SplitConfig(split_by=method, split_ratios=ratios).not_empty == expected


@pytest.mark.parametrize("ratios", [(0, 50, 50), (50, 50, 0), (50, -1, 50), (1, 1)])
def test_ratios_that_leave_nothing_to_train_or_test_on(ratios):
    with pytest.raises(UserError, match="--split_ratios must be three positive numbers"):
        SplitConfig(split_ratios=ratios)


def test_an_artist_of_two_genres_is_in_one_split():
    tracks = [
        Track(id=str(i), path="", genre="AB"[i % 2], artist=f"artist {i // 4}") for i in range(80)
    ]
    split_of = splits.assign(tracks, method="artist", config=CONFIG)
    artists = {(track.artist, split_of[track.id]) for track in tracks}
    assert len(artists) == 20
    assert counts(tracks) == {"A": (24, 12, 4), "B": (24, 12, 4)}


def test_songs_without_artist_are_assigned_on_their_own():
    tracks = [Track(id=str(i), path="", genre="A") for i in range(10)]
    assert counts(tracks) == {"A": (6, 3, 1)}


def test_the_order_has_no_effect_but_the_seed_has():
    tracks = tracks_of([1] * 40)
    assert splits.assign(tracks, method="track", config=CONFIG) == splits.assign(
        reversed(tracks), method="track", config=CONFIG
    )
    other = splits.assign(tracks, method="track", config=SplitConfig(split_seed=1))
    assert other != splits.assign(tracks, method="track", config=CONFIG)


def test_official_split():
    tracks = [Track(id="1", path="", genre="A", split="test")]
    assert splits.assign(tracks, method="official", config=CONFIG) == {"1": "test"}


def test_slices_are_split_by_share():
    found = Counter(splits.split_of_slice("track", i, config=CONFIG) for i in range(10_000))
    assert [round(found[split] / 10_000, 1) for split in SPLITS] == [0.6, 0.3, 0.1]


@pytest.mark.parametrize(
    ("track", "asked", "expected"),
    [
        (Track("1", "", "A", artist="x"), None, "artist"),
        (Track("1", "", "A"), None, "track"),
        (Track("1", "", "A", artist="x"), "slice", "slice"),
        (Track("1", "", "A", split="test"), "official", "official"),
    ],
)
def test_the_method_depends_on_the_collection(track, asked, expected):
    catalogue = Catalogue(
        config=config_of("folder"), data_dir=Path(), tracks=(track,), genres=("A",)
    )
    assert splits.resolve(SplitConfig(split_by=asked), catalogue) == expected


@pytest.mark.parametrize("asked", ["artist", "official"])
def test_a_method_that_the_collection_does_not_allow(asked):
    catalogue = Catalogue(
        config=config_of("folder"), data_dir=Path(), tracks=(Track("1", "", "A"),), genres=("A",)
    )
    with pytest.raises(UserError, match=f"--split_by={asked}"):
        splits.resolve(SplitConfig(split_by=asked), catalogue)


def test_jamendo_by_artist_is_within_one_point_per_genre(shared_data, monkeypatch):
    from tfgenre.datasets import jamendo

    monkeypatch.setattr(jamendo._SongFiles, "find", lambda self, name: name)
    catalogue = jamendo.load(shared_data / "jamendo", config_of("jamendo"))
    assert len(catalogue.tracks) == 36_504
    for found in counts(catalogue.tracks).values():
        shares = [count / sum(found) for count in found]
        assert shares == pytest.approx([0.6, 0.3, 0.1], abs=0.01)


def test_deviations_from_the_ratios_are_reported():
    tracks = tracks_of([8, 1, 1])
    split_of = splits.assign(tracks, method="artist", config=CONFIG)
    assert splits.deviations(tracks, split_of, method="artist", config=CONFIG) == [
        "Rock: 80.0 / 10.0 / 10.0 % of its 10 songs are in train, validation and test, "
        "not 60.0 / 30.0 / 10.0 %: an artist's songs stay together, and one artist has 8"
    ]


def test_spellings_of_an_artist_are_in_one_split():
    spellings = ["Björk", "BJÖRK", "Bjo\u0308rk", "björk ", "Björk\u00a0"]
    tracks = [
        Track(str(n), "", "A", artist=f"{name} {n % 8}") for n, name in enumerate(spellings * 8)
    ]
    split_of = splits.assign(tracks, method="artist", config=CONFIG)
    assert len({(track.artist_key, split_of[track.id]) for track in tracks}) == 8
    assert counts(tracks) != counts(tracks, method="track")


def test_artists_are_ordered_by_their_own_spelling():
    """So that a collection whose artists have one spelling each is split as it was before."""
    tracks = tracks_of([1] * 40)
    order = sorted(tracks, key=lambda t: stable_hash(CONFIG.split_seed, f"artist\0{t.artist}"))
    in_capitals = [replace(track, artist=track.artist.upper()) for track in order]
    split_of = splits.assign(tracks, method="artist", config=CONFIG)
    first = [split_of[track.id] for track in order]
    assert first[:3] == ["train", "validation", "train"]
    assert splits.assign(in_capitals, method="artist", config=CONFIG) != split_of


def test_a_note_when_no_artist_is_known():
    tracks = [Track(id=str(i), path="", genre="A") for i in range(10)]
    split_of = splits.assign(tracks, method="track", config=CONFIG)
    (note,) = splits.notes(tracks, split_of, method="track", config=CONFIG)
    assert note.startswith("none of the 10 songs has a known artist")
    tracks[0] = replace(tracks[0], artist="Them")
    assert not splits.notes(tracks, split_of, method="track", config=CONFIG)
    (note,) = splits.notes(tracks, split_of, method="artist", config=CONFIG)
    assert note == "9 songs have no artist; each is assigned on its own"


@pytest.mark.parametrize("method", ["artist", "track"])
def test_every_track_is_in_one_fold(method):
    tracks = tracks_of([3] * 20)
    tested = []
    for fold in range(4):
        config = SplitConfig(split_by=method, folds=4, fold=fold)
        split_of = splits.assign(tracks, method=method, config=config)
        tested += [name for name, split in split_of.items() if split == "test"]
        assert set(split_of.values()) == {"train", "test"}
        assert abs(sum(split == "test" for split in split_of.values()) - 15) <= 3
    assert sorted(tested) == sorted(each.id for each in tracks)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"folds": 1}, "--folds must be 2 to 100, got 1"),
        ({"folds": 5, "fold": 5}, "--fold must be between 0 and 4, got 5"),
        ({"fold": 1}, "--fold must be between 0 and 0, got 1"),
        ({"folds": 5, "split_by": "slice"}, "--folds needs --split_by=artist or track"),
    ],
)
def test_folds_that_cannot_be(options, sentence):
    with pytest.raises(UserError, match=sentence):
        SplitConfig(**options)
