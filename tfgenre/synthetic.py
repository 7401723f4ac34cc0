"""Records of made-up slices, to try training without a collection."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from tfgenre import manifest, records, sampling, track_table
from tfgenre.config import SPLITS, BuildConfig, to_json
from tfgenre.manifest import Manifest, SplitContents
from tfgenre.slices import SLICE_SIZE, sampling_key

_SIX_GENRES = ("Electronic", "Folk", "Hip-Hop", "Instrumental", "Pop", "Rock")
_GENRES = {"fma_small": tuple(sorted((*_SIX_GENRES, "Experimental", "International")))}
_SLICES_A_TRACK = 2


def write_records(
    records_dir: Path, config: BuildConfig, *, tracks_a_genre: int = 2, num_shards: int = 1
) -> Manifest:
    """Writes records as a build of that config would, but of noise with a bright band a genre.

    Args:
        records_dir: where to.
        config: the dataset and the genres; if it names none, those of the seed's experiments.
        tracks_a_genre: in each shard of each split, of two slices each.
        num_shards: of each split.
    """
    genres = config.genres or _GENRES.get(config.dataset, _SIX_GENRES)
    split_by = config.split.split_by or "track"
    config = replace(config, genres=genres, split=replace(config.split, split_by=split_by))
    records_dir.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(config.split.split_seed)
    splits, rows = {}, []
    for number, split in enumerate(SPLITS):
        shards = []
        for index in range(num_shards):
            examples = _examples(
                rng, genres, f"{split}-{index}", tracks_a_genre, config.split.split_seed
            )
            rows += [(example.key, example.label, index, number) for example in examples]
            name = records.shard_name(config.dataset, split, index, num_shards)
            encoded = (records.encode(**example._asdict()) for example in examples)
            shards.append(records.write_shard(records_dir / name, encoded))
        tracks = dict.fromkeys(genres, num_shards * tracks_a_genre)
        slices = {genre: count * _SLICES_A_TRACK for genre, count in tracks.items()}
        splits[split] = SplitContents(tuple(shards), tracks, slices)
    sampling.write_index(records_dir / sampling.NAME, np.array(rows, sampling.ROW))
    track_table.write(records_dir, ())
    contents = Manifest(to_json(config), "", genres, splits, ())
    manifest.write(contents, records_dir)
    return contents


def _examples(
    rng: np.random.Generator, genres: tuple[str, ...], name: str, tracks_a_genre: int, seed: int
) -> list[records.Example]:
    """The slices of a shard, in the order of their keys."""
    found = []
    for label in range(len(genres)):
        for track in range(tracks_a_genre):
            track_id = f"{name}-{genres[label]}-{track}"
            for index in range(_SLICES_A_TRACK):
                image = rng.integers(4, 120, (SLICE_SIZE, SLICE_SIZE), np.uint8)
                height = SLICE_SIZE // len(genres)
                image[label * height : (label + 1) * height] += 120
                key = sampling_key(seed, track_id, index)
                found.append(records.Example(image.tobytes(), label, track_id, index, key))
    return sorted(found, key=lambda example: example.key)
