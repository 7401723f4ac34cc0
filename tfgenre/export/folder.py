"""The folder of an export."""

from pathlib import Path

from tfgenre.errors import UserError

EXPORT_REPORT = "export.json"


def check_export_dir(folder: Path, *, overwrite: bool) -> None:
    """Raises UserError if an export would replace another one unasked, or anything else."""
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / EXPORT_REPORT).exists():
        raise UserError(f"--export_dir={folder} holds other files: give a folder of its own.")
    if not overwrite:
        raise UserError(
            f"{folder} holds an export already: give --overwrite to replace it, or another "
            "--export_dir."
        )
