"""Checks before an export: its folder and its formats."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from tfgenre.config import EXPORT_FORMATS, check_choice
from tfgenre.errors import UserError

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
