"""Cards for people: what a folder of records holds, what a trained network can and cannot do.

After "Datasheets for Datasets" (Gebru et al. 2018) and "Model Cards" (Mitchell et al. 2019).
"""

from collections import Counter
from pathlib import Path
from typing import Any

from tfgenre import pages
from tfgenre.files import write_atomically
from tfgenre.records.manifest import LEAKS, Manifest

DATA_CARD = "data_card.md"
_OWN = (
    "Your own music: whether you may copy, analyse or pass on the songs, or what is made of them, "
    "is yours to know."
)
_LICENCES = {
    "fma": (
        "FMA: metadata CC BY 4.0; each song is under the licence its artist chose, many for "
        "non-commercial use only."
    ),
    "jamendo": (
        "MTG-Jamendo: metadata CC BY-NC-SA 4.0; each song is under the Creative Commons licence in "
        "the collection's audio_licenses.txt."
    ),
    "demo": "Synthesized by tfgenre; no rights of others.",
    "folder": _OWN,
    "csv": _OWN,
}


def write_data_card(contents: Manifest, records_dir: Path) -> None:
    """Writes the data card beside the manifest."""
    card = pages.render(
        "data_card.md",
        **facts(contents),
        reasons=Counter(skip.reason for skip in contents.skipped).most_common(),
    )
    write_atomically(records_dir / DATA_CARD, card.encode(errors="backslashreplace"))


def facts(contents: Manifest) -> dict[str, Any]:
    """What both cards tell of the records."""
    return {
        "contents": contents,
        "config": contents.config,
        "licence": _LICENCES[contents.dataset.partition("_")[0]],
        "leaks": LEAKS if contents.split_by == "slice" else "",
    }
