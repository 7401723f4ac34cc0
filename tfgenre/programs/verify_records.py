"""Checks that records are what their manifest says: every shard, every record, every checksum.

tfgenre_verify_records --records_dir=data/records/folder-50px
"""

import sys

from absl.flags import FLAGS
from tqdm import tqdm

from tfgenre.flags import configs, folders
from tfgenre.flags.definitions import VERIFY
from tfgenre.programs.launch import launch
from tfgenre.records import verify
from tfgenre.records.folder import Records


def main(arguments: list[str]) -> int:
    """Verifies the records; the status is 1 if something is wrong."""
    records_dir = folders.records_dir(FLAGS)
    num_workers = configs.num_workers(FLAGS)
    records = Records.open(records_dir)
    splits = records.manifest.splits.values()
    num_shards = sum(len(split.shards) for split in splits)
    with tqdm(total=num_shards, unit="shard", desc="verifying", disable=None) as bar:
        problems = verify.verify(records, num_workers=num_workers, on_shard=bar.update)
    for problem in problems:
        print(problem)
    num_slices = sum(split.num_slices for split in splits)
    if not problems:
        print(f"{records_dir}: {num_shards:,} shards, {num_slices:,} slices, all as written")
    return 1 if problems else 0


def run() -> None:
    """The installed program."""
    launch(main, doc=sys.modules[__name__].__doc__ or "", flag_names=VERIFY)
