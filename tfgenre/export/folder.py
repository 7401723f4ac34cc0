"""Checks before an export: its folder, its formats, and the records to measure losses on."""

import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path

from tfgenre import storage
from tfgenre.config import EXPORT_FORMATS, TFLITE_FORMATS, check_choice
from tfgenre.errors import UserError
from tfgenre.records.folder import Records
from tfgenre.training.run_dir import RunDir

EXPORT_REPORT = "export.json"


def check_export_dir(folder: Path, *, overwrite: bool) -> None:
    """Raises UserError if the folder holds other files, or an export that may not be replaced."""
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / EXPORT_REPORT).exists():
        raise UserError(f"--export_dir={folder} holds other files: give a new or empty folder.")
    if not overwrite:
        raise UserError(
            f"{folder} already holds an export: give --overwrite to replace it, or another "
            "--export_dir."
        )


def check_formats(formats: Sequence[str]) -> tuple[str, ...]:
    """The formats without duplicates.

    Raises:
        UserError: if a format is unknown, needs a package that is not installed, or none is given.
    """
    for name in formats or [""]:
        check_choice("format", name, EXPORT_FORMATS)
    if "onnx" in formats and importlib.util.find_spec("tf2onnx") is None:
        raise UserError("--format=onnx needs tf2onnx: pip install 'tfgenre[onnx]'.")
    return tuple(dict.fromkeys(formats))


def find_records(
    run_dir: RunDir, records_dir: str | os.PathLike[str] | None, *, formats: Sequence[str]
) -> Records | None:
    """The records to measure the loss of TensorFlow Lite on; None if there are none, or no need.

    Args:
        run_dir: the run; its own records are the default.
        records_dir: the records, None for the default.
        formats: the formats of the export.

    Raises:
        UserError: if there are none, and tflite_int8 needs them.
    """
    if set(formats).isdisjoint(TFLITE_FORMATS):
        return None
    folder = storage.to_path(records_dir or run_dir.read_records_dir())
    is_needed = "tflite_int8" in formats
    return Records.open(folder) if is_needed or Records.exist(folder) else None
