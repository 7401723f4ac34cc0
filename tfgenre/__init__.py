"""tfgenre: from a music collection to a trained genre classifier."""

import importlib
from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`tfgenre.load_dataset`, which imports TensorFlow when it is first asked for."""
    if name == "load_dataset":
        return importlib.import_module("tfgenre.pipeline").load_dataset
    raise AttributeError(f"module 'tfgenre' has no attribute {name!r}")
