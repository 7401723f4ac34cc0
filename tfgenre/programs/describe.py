"""Says what a collection holds, how it would be split and what it would take, and writes a page.

describe --dataset=jamendo --data_dir=/data/jamendo
"""

import sys

from tfgenre.building import describe
from tfgenre.flags import configs, folders
from tfgenre.flags.definitions import DESCRIBE, FLAGS
from tfgenre.programs.launch import launch
from tfgenre.programs.make_records import load_catalogue
from tfgenre.records import manifest


def main(arguments: list[str]) -> None:
    """Describes the collection that the flags name."""
    config = configs.build_config(FLAGS)
    catalogue = load_catalogue(config, folders.data_dir(FLAGS))
    records_dir = folders.records_dir(FLAGS)
    is_built = (records_dir / manifest.NAME).exists()
    built = manifest.read(records_dir) if is_built else None
    found = describe.describe(catalogue, config, built=built)
    print(describe.text(found))
    page = folders.output_file("html", FLAGS.html or f"runs/describe-{config.dataset}.html")
    describe.write_page(page, found, title=f"{config.dataset}: {catalogue.data_dir}")
    print(f"page: {page}")


def run() -> None:
    """The installed program."""
    launch(main, doc=sys.modules[__name__].__doc__ or "", flag_names=DESCRIBE)
