"""Generates records of random slices, to try training without a collection."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from tfgenre.config import SPLITS, BuildConfig, to_json
from tfgenre.datasets.track import Track
from tfgenre.records import sampling
from tfgenre.records.example import Example, encode, record_bytes
from tfgenre.records.folder import Records
from tfgenre.records.manifest import Manifest, SplitContents
from tfgenre.records.sampling import sampling_key
from tfgenre.records.shards import shard_name, write_shard
from tfgenre.spectrogram.slices import SLICE_SIZE

_SIX_GENRES = ("Electronic", "Folk", "Hip-Hop", "Instrumental", "Pop", "Rock")
_GENRES = {"fma_small": tuple(sorted((*_SIX_GENRES, "Experimental", "International")))}
_SLICES_PER_TRACK = 2
_LONGEST_TRACK_ID = 64  # in bytes
ArtistOf = Callable[[str], str]


def _unknown(track_id: str) -> str:
    return ""


def write_records(
    records_dir: Path,
    config: BuildConfig,
    *,
    tracks_per_genre: int = 2,
    num_shards: int = 1,
    artist_of: ArtistOf = _unknown,
) -> Records:
    """Writes records like a build of that config, but of noise with a bright band per genre.

    Args:
        records_dir: the folder to write to.
        config: the dataset and its genres; if it has none, those of the seed's experiments.
        tracks_per_genre: in each shard of each split, with two slices each.
        num_shards: of each split whose share is not 0.
        artist_of: a song's id to its artist.
    """
    genres = config.genres or _GENRES.get(config.dataset, _SIX_GENRES)
    split_by = config.split.split_by or "track"
    config = replace(config, genres=genres, split=replace(config.split, split_by=split_by))
    records_dir.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(config.split.split_seed)
    seed = config.split.split_seed

    def shards_of(split: str) -> Iterator[list[Example]]:
        for index in range(num_shards if config.split.shares[split] else 0):
            yield _examples(rng, genres, f"{split}-{index}", tracks_per_genre, seed)

    shards = {split: shards_of(split) for split in SPLITS}
    return write_examples(records_dir, config, shards, num_shards=num_shards, artist_of=artist_of)


def write_examples(
    records_dir: Path,
    config: BuildConfig,
    shards: Mapping[str, Iterable[Iterable[Example]]],
    *,
    num_shards: int,
    artist_of: ArtistOf = _unknown,
) -> Records:
    """Writes examples as the records of a build.

    Args:
        records_dir: the folder to write to.
        config: with genres and split method resolved.
        shards: for each split, the examples of each shard, in any order; they are sorted by key.
        num_shards: the total in the shards' names.
        artist_of: a song's id to its artist.
    """
    size = record_bytes(_LONGEST_TRACK_ID)
    splits, rows = {}, []
    songs: dict[str, tuple[int, Track, str]] = {}  # by id: its row, itself and its split
    for number, split in enumerate(SPLITS):
        written, slices = [], Counter[int]()
        tracks: set[tuple[str, int]] = set()
        for index, unordered in enumerate(shards[split]):
            examples = sorted(unordered, key=lambda example: example.key)
            for key, label, track_id in ((e.key, e.label, e.track_id) for e in examples):
                song = Track(track_id, track_id, config.genres[label], artist_of(track_id))
                row, *_ = songs.setdefault(track_id, (len(songs), song, split))
                rows.append((key, label, index, number, row))
            slices.update(example.label for example in examples)
            tracks.update((example.track_id, example.label) for example in examples)
            name = shard_name(config.dataset, split, index, num_shards)
            encoded = (encode(**example._asdict(), size=size) for example in examples)
            written.append(write_shard(records_dir / name, encoded))
        counts = (Counter(label for _, label in tracks), slices)
        by_genre = [{g: count[label] for label, g in enumerate(config.genres)} for count in counts]
        splits[split] = SplitContents(tuple(written), *by_genre)
    config = replace(config, num_shards=num_shards)
    manifest = Manifest(to_json(config), "", config.genres, splits, ())
    all_rows = np.array(rows, sampling.INDEX_DTYPE)
    split_tracks = ((song, split) for _, song, split in songs.values())
    return Records.finish(records_dir, manifest, index=all_rows, split_tracks=split_tracks)


def _examples(
    rng: np.random.Generator, genres: tuple[str, ...], name: str, tracks_per_genre: int, seed: int
) -> list[Example]:
    """The slices of a shard."""
    examples = []
    for label in range(len(genres)):
        for track in range(tracks_per_genre):
            track_id = f"{name}-{genres[label]}-{track}"
            for index in range(_SLICES_PER_TRACK):
                image = rng.integers(4, 120, (SLICE_SIZE, SLICE_SIZE), np.uint8)
                height = SLICE_SIZE // len(genres)
                image[label * height : (label + 1) * height] += 120
                key = sampling_key(seed, track_id, index)
                examples.append(Example(image.tobytes(), label, track_id, index, key))
    return examples
