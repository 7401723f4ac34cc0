"""The data card: describes a folder of records to people.

After "Datasheets for Datasets" (Gebru et al. 2018).
"""

from collections import Counter
from pathlib import Path
from typing import Any

from tfgenre import datasets, pages
from tfgenre.datasets.splits import SLICE_SPLIT_WARNING
from tfgenre.files import write_atomically
from tfgenre.records.manifest import Manifest

NAME = "data_card.md"


def write(manifest: Manifest, records_dir: Path) -> None:
    """Writes the data card beside the manifest."""
    card = pages.render(
        "data_card.md",
        **facts(manifest),
        reasons=Counter(skip.reason for skip in manifest.skipped).most_common(),
    )
    write_atomically(records_dir / NAME, card.encode())


def facts(manifest: Manifest) -> dict[str, Any]:
    """Template values about the records, for both the data card and the model card."""
    return {
        "manifest": manifest,
        "config": manifest.config,
        "licence": datasets.licence(manifest.dataset),
        "leaks": SLICE_SPLIT_WARNING if manifest.split_by == "slice" else "",
    }
