"""A model card: what a trained network can and cannot do (Mitchell et al. 2018).

Its front matter is that of Hugging Face's cards.
"""

from pathlib import Path
from typing import Any

from tfgenre import pages
from tfgenre.evaluation import intervals
from tfgenre.files import write_atomically
from tfgenre.records.data_card import facts
from tfgenre.records.manifest import Manifest


def write(path: Path, *, manifest: Manifest, result: dict[str, Any], found: dict[str, Any]) -> None:
    """Writes a model card.

    Args:
        path: the file to write.
        manifest: of the records that the network was trained on.
        result: the contents of result.json.
        found: the metrics of `evaluate.score` on the test split.
    """
    card = pages.render(
        "model_card.md",
        **facts(manifest),
        result=result,
        found=found,
        with_interval=intervals.with_interval,
    )
    write_atomically(path, card.encode())
