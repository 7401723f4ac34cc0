"""Writes a trained network for use without tfgenre.

tfgenre_export --run_dir=runs/demo --format=saved_model,tflite_int8
"""

import sys

from absl.flags import FLAGS

from tfgenre import api
from tfgenre.config import TFLITE_FORMATS
from tfgenre.flags import folders
from tfgenre.flags.definitions import EXPORT
from tfgenre.programs.launch import launch


def main(arguments: list[str]) -> None:
    """Exports the run that the flags name."""
    folder = folders.export_dir(FLAGS)
    found = api.export_model(
        folders.trained(FLAGS),
        folder,
        formats=FLAGS.format,
        records_dir=folders.records_dir(FLAGS) if FLAGS.records_dir else None,
        overwrite=FLAGS.overwrite,
    )
    for name, exported in found.items():
        print(exported.line(name, folder))
    if any(name in TFLITE_FORMATS and exported.loss is None for name, exported in found.items()):
        print("note: there are no records to test on, so what TensorFlow Lite loses is not known")


def run() -> None:
    """The installed program."""
    launch(main, doc=sys.modules[__name__].__doc__ or "", flag_names=EXPORT)
