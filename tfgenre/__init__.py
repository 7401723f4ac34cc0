"""tfgenre: from a music collection to a trained genre classifier."""

import importlib
from typing import Any

from tfgenre.version import __version__ as __version__


def __getattr__(name: str) -> Any:
    """`tfgenre.load_dataset`, which imports TensorFlow when it is first asked for."""
    if name == "load_dataset":
        return importlib.import_module("tfgenre.records.pipeline").load_dataset
    raise AttributeError(f"module 'tfgenre' has no attribute {name!r}")
