"""A model card: what a trained network can and cannot do (Mitchell et al. 2018)."""

from pathlib import Path
from typing import Any

from tfgenre import pages
from tfgenre.files import write_atomically
from tfgenre.records.data_card import facts
from tfgenre.records.manifest import Manifest


def write(path: Path, *, manifest: Manifest, result: dict[str, Any], found: dict[str, Any]) -> None:
    """Writes a model card.

    Args:
        path: the file.
        manifest: that of the records that the network was trained on.
        result: of the training, of result.json.
        found: what it scored on the test split, of `evaluate.score`.
    """
    card = pages.render(
        "model_card.md",
        **facts(manifest),
        result=result,
        found=found,
    )
    write_atomically(path, card.encode(errors="backslashreplace"))
