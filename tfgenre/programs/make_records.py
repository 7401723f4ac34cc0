"""Renders a music collection and writes sharded TFRecords of its 128x128 spectrogram slices.

tfgenre_make_records --dataset=folder --data_dir=~/Music
"""

import sys

from absl.flags import FLAGS

from tfgenre.building import build
from tfgenre.building.plan import make_plan
from tfgenre.flags import configs, folders
from tfgenre.flags.definitions import BUILD
from tfgenre.programs import bars
from tfgenre.programs.launch import launch
from tfgenre.records import contents
from tfgenre.records.folder import Records


def main(arguments: list[str]) -> None:
    """Builds the records that the flags describe."""
    config = configs.build_config(FLAGS)
    runner = configs.runner(FLAGS)
    records_dir = folders.records_dir(FLAGS)
    shard_mb = configs.shard_mb(FLAGS)
    catalogue = bars.load_collection(config, FLAGS)
    plan = make_plan(catalogue, config, shard_mb=shard_mb)
    method, num_genres = plan.config.split.split_by, len(plan.config.genres)
    print(f"{plan.num_tracks:,} songs, {num_genres} genres, split by {method}")
    for note in (*catalogue.notes, *plan.notes):
        print(f"note: {note}")
    if Records.exist(records_dir) and not FLAGS.overwrite:
        records = build.build(plan, records_dir, runner=runner)
        print(f"{records_dir} is complete already")
    else:
        records = bars.build_records(plan, records_dir, runner, overwrite=FLAGS.overwrite)
    print(contents.summary(records.manifest))
    print(f"records: {records_dir}")


def run() -> None:
    """The installed program."""
    launch(main, doc=sys.modules[__name__].__doc__ or "", flag_names=BUILD)
