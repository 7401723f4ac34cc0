"""The data card: describes a folder of records to people, and to Hugging Face in its front matter.

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
_SIZES = {10**3: "1K", 10**4: "10K", 10**5: "100K", 10**6: "1M", 10**7: "10M", 10**8: "100M"}


def write(manifest: Manifest, records_dir: Path) -> None:
    """Writes the data card beside the manifest."""
    card = pages.render(
        "data_card.md",
        **facts(manifest),
        reasons=Counter(skip.reason for skip in manifest.skipped).most_common(),
        size_category=_size_category(sum(s.num_slices for s in manifest.splits.values())),
    )
    write_atomically(records_dir / NAME, card.encode())


def _size_category(count: int) -> str:
    """A number of examples as Hugging Face's cards name it."""
    below = ""
    for bound, name in _SIZES.items():
        if count < bound:
            return f"{below}n<{name}"
        below = f"{name}<"
    return f"n>{name}"


def facts(manifest: Manifest) -> dict[str, Any]:
    """Template values about the records, for both the data card and the model card."""
    return {
        "manifest": manifest,
        "config": manifest.config,
        "licence": datasets.licence(manifest.dataset),
        "leaks": SLICE_SPLIT_WARNING if manifest.split_by == "slice" else "",
    }
