"""tfgenre: from a music collection to a trained genre classifier.

    import tfgenre

    songs = tfgenre.load_collection("~/Music")
    records = tfgenre.build(songs, "data/records/music")
    run = tfgenre.train(records, "runs/music", epochs=10)
    print(tfgenre.evaluate(run)["track_accuracy_vote"])
    for song in tfgenre.predict(run, "new_song.mp3"):
        print(song.path, song.genre)

Names are imported when they are first asked for, and TensorFlow when a network is needed.
"""

import importlib
from typing import TYPE_CHECKING, Any

from tfgenre.version import __version__

if TYPE_CHECKING:
    from tfgenre.api import build, evaluate, export_model, load_collection, predict, train
    from tfgenre.classifier import load_run
    from tfgenre.errors import UserError
    from tfgenre.records.folder import Records
    from tfgenre.records.pipeline import load_dataset

__all__ = [
    "Records",
    "UserError",
    "__version__",
    "build",
    "evaluate",
    "export_model",
    "load_collection",
    "load_dataset",
    "load_run",
    "predict",
    "train",
]

_MODULES = {
    "Records": "tfgenre.records.folder",
    "UserError": "tfgenre.errors",
    "load_dataset": "tfgenre.records.pipeline",
    "load_run": "tfgenre.classifier",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'tfgenre' has no attribute {name!r}")
    if name == "load_dataset":  # TensorFlow, but not what it writes to stderr when it starts
        from tfgenre.quiet import quiet_tensorflow

        with quiet_tensorflow():
            return importlib.import_module(_MODULES[name]).load_dataset
    return getattr(importlib.import_module(_MODULES.get(name, "tfgenre.api")), name)


def __dir__() -> list[str]:
    return sorted(__all__)
