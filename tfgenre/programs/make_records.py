"""Renders a music collection and writes sharded TFRecords of its 128x128 spectrogram slices.

make_records --dataset=folder --data_dir=~/Music
"""

import sys
import time

from tqdm import tqdm

from tfgenre import build, datasets, manifest, settings
from tfgenre.flags import BUILD, FLAGS
from tfgenre.plan import make_plan
from tfgenre.programs.launch import launch


def main(arguments: list[str]) -> None:
    """Builds the records that the flags describe."""
    config = settings.build_config(FLAGS)
    num_workers = settings.num_workers(FLAGS)
    records_dir = settings.records_dir(FLAGS)
    catalogue = datasets.load(config.dataset, settings.data_dir(FLAGS), genres=config.genres)
    plan = make_plan(catalogue, config)
    if FLAGS.overwrite:
        build.discard(records_dir)
    method = plan.config.split.split_by
    print(f"{plan.num_tracks:,} songs, {len(plan.config.genres)} genres, split by {method}")
    if method == "slice":
        print(f"note: {manifest.LEAKS}")
    if method == "artist" and (unknown := plan.num_tracks - catalogue.num_artists_known):
        print(f"note: {unknown:,} songs have no artist tag; each is split by itself")
    if build.is_built(plan, records_dir):
        print(f"{records_dir} is complete already")
        built = manifest.read(records_dir)
    else:
        started = time.monotonic()
        # disable=None: a bar on a terminal only
        with tqdm(total=plan.num_tracks, unit="song", desc="rendering", disable=None) as bar:
            built = build.build(plan, records_dir, num_workers=num_workers, on_track=bar.update)
        seconds = time.monotonic() - started
        print(f"rendered in {seconds:,.1f} s, {plan.num_tracks / seconds:,.1f} songs a second")
    print(manifest.summary(built))
    print(f"records: {records_dir}")


def run() -> None:
    """The installed program."""
    launch(main, doc=sys.modules[__name__].__doc__ or "", flag_names=BUILD)
