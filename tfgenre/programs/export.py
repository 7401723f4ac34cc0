"""Writes a trained network for use without tfgenre.

tfgenre_export --run_dir=runs/demo --format=saved_model,tflite_int8
"""

import importlib.util
import sys

from tfgenre import config
from tfgenre.errors import UserError
from tfgenre.export.folder import check_export_dir
from tfgenre.flags import configs, folders
from tfgenre.flags.definitions import EXPORT, FLAGS
from tfgenre.programs.launch import launch, quiet_tensorflow
from tfgenre.records import manifest
from tfgenre.training.run_dir import RunDir


def main(arguments: list[str]) -> None:
    """Exports the run that the flags name."""
    formats = _formats()
    run_dir = RunDir(folders.run_dir(FLAGS))
    run_dir.read_manifest()
    folder = folders.export_dir(FLAGS)
    check_export_dir(folder, overwrite=FLAGS.overwrite)
    given = FLAGS if FLAGS.records_dir else configs.read_flags(run_dir.flags)
    records_dir = folders.records_dir(given)
    with quiet_tensorflow():
        from tfgenre.export import export

        found = export.export(run_dir, folder, formats=formats, records_dir=records_dir)
    for name, exported in found.items():
        print(exported.line(name, folder))
    if not (records_dir / manifest.NAME).exists() and set(formats) & set(config.TFLITE_FORMATS):
        print(f"note: no records in {records_dir}, so it is not known what TensorFlow Lite loses")


def _formats() -> tuple[str, ...]:
    """What to write, each once.

    Raises:
        UserError: if a format is unknown or lacks what writes it.
    """
    for name in FLAGS.format or [""]:
        config.check_choice("format", name, config.EXPORT_FORMATS)
    if "onnx" in FLAGS.format and importlib.util.find_spec("tf2onnx") is None:
        raise UserError("--format=onnx needs tf2onnx: pip install 'tfgenre[onnx]'.")
    return tuple(dict.fromkeys(FLAGS.format))


def run() -> None:
    """The installed program."""
    launch(main, doc=sys.modules[__name__].__doc__ or "", flag_names=EXPORT)
