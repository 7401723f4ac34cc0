"""Prints what a collection holds, how it would be split and what it would take; writes a page.

tfgenre_describe --dataset=jamendo --data_dir=/data/jamendo
"""

import sys

from absl.flags import FLAGS

from tfgenre import storage
from tfgenre.building import describe
from tfgenre.flags import configs, folders
from tfgenre.flags.definitions import DESCRIBE
from tfgenre.programs import bars
from tfgenre.programs.launch import launch
from tfgenre.records.folder import Records


def main(arguments: list[str]) -> None:
    """Describes the collection that the flags name."""
    config = configs.build_config(FLAGS)
    catalogue = bars.load_collection(config, FLAGS)
    records_dir = folders.records_dir(FLAGS)
    built = Records.open(records_dir) if Records.exist(records_dir) else None
    found = describe.describe(catalogue, config, built=built)
    print(describe.text(found))
    page = storage.to_file(FLAGS.html or f"runs/describe-{config.dataset}.html", what="html")
    describe.write_page(page, found, title=f"{config.dataset}: {catalogue.data_dir}")
    print(f"page: {page}")


def run() -> None:
    """The installed program."""
    launch(main, doc=sys.modules[__name__].__doc__ or "", flag_names=DESCRIBE)
