"""Renders a music collection and writes sharded TFRecords of its 128x128 spectrogram slices.

make_records --dataset=folder --data_dir=~/Music
"""

import sys
import time
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from tfgenre import datasets
from tfgenre.building import build
from tfgenre.building.build import Runner
from tfgenre.building.plan import Plan, make_plan
from tfgenre.config import BuildConfig
from tfgenre.datasets import Catalogue, duplicates
from tfgenre.flags import configs, folders
from tfgenre.flags.definitions import BUILD, FLAGS
from tfgenre.programs.launch import launch
from tfgenre.records import manifest
from tfgenre.records.manifest import Manifest


def main(arguments: list[str]) -> None:
    """Builds the records that the flags describe."""
    config = configs.build_config(FLAGS)
    runner = configs.runner(FLAGS)
    records_dir = folders.records_dir(FLAGS)
    shard_mb = configs.shard_mb(FLAGS)
    catalogue = load_catalogue(config, folders.data_dir(FLAGS))
    plan = make_plan(catalogue, config, shard_mb=shard_mb)
    for line in _opening(plan, catalogue):
        print(line)
    if (records_dir / manifest.NAME).exists() and not FLAGS.overwrite:
        built = build.build(plan, records_dir, runner=runner)
        print(f"{records_dir} is complete already")
    else:
        built = build_with_bar(plan, records_dir, runner)
    print(manifest.summary(built))
    print(f"records: {records_dir}")


def load_catalogue(config: BuildConfig, data_dir: Path) -> Catalogue:
    """Reads the collection, and leaves out copies of songs if they are not wanted."""
    catalogue = datasets.load(
        config.dataset, data_dir, genres=config.genres, config=config.collection
    )
    with tqdm(total=len(catalogue.tracks), unit="song", desc="comparing", disable=None) as bar:
        copies = duplicates.find(catalogue, on_track=bar.update)
    catalogue = duplicates.drop_absent(catalogue)
    if config.collection.drop_duplicates:
        return duplicates.drop(catalogue, copies)
    if copies:
        note = f"{len(copies):,} songs are copies of others, maybe across splits"
        catalogue = replace(catalogue, notes=(*catalogue.notes, note))
    return catalogue


def _opening(plan: Plan, catalogue: Catalogue) -> list[str]:
    """What is about to be built, and what the user should know of it."""
    method = plan.config.split.split_by
    lines = [f"{plan.num_tracks:,} songs, {len(plan.config.genres)} genres, split by {method}"]
    if method == "slice":
        lines.append(f"note: {manifest.LEAKS}")
    if method == "artist" and (unknown := plan.num_tracks - catalogue.num_artists_known):
        lines.append(f"note: {unknown:,} songs have no artist tag; each is split by itself")
    return lines + [f"note: {note}" for note in (*catalogue.notes, *plan.deviations)]


def build_with_bar(
    plan: Plan, records_dir: Path, runner: Runner, *, done: str = "rendered"
) -> Manifest:
    """Builds, under a progress bar if there is a terminal, and says how long it took.

    Args:
        plan: what.
        records_dir: where.
        runner: by whom.
        done: what is done with songs.
    """
    started = time.monotonic()
    now: list[int] = []
    with tqdm(total=plan.num_tracks, unit="song", desc=done, disable=None) as bar:

        def on_found(count: int) -> None:
            bar.initial = bar.n = count  # no part of the bar's songs a second

        def on_track(count: int) -> None:
            now.append(count)
            bar.update(count)

        built = build.build(
            plan,
            records_dir,
            runner=runner,
            on_track=on_track,
            on_found=on_found,
            overwrite=FLAGS.overwrite,
        )
    seconds = time.monotonic() - started
    if now:
        print(f"{sum(now):,} songs {done} in {seconds:,.1f} s, {sum(now) / seconds:,.1f} a second")
    if sum(now) < plan.num_tracks:
        print(f"{plan.num_tracks - sum(now):,} songs were {done} before")
    return built


def run() -> None:
    """The installed program."""
    launch(main, doc=sys.modules[__name__].__doc__ or "", flag_names=BUILD)
