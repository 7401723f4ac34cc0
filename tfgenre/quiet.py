"""TensorFlow, imported without the lines that it writes to stderr on every start."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_tensorflow(*, hide_gpus: bool = False) -> Iterator[None]:
    """Imports TensorFlow, unless it is imported already; imports within are quiet, too.

    Args:
        hide_gpus: whether TensorFlow must not use GPUs; this cannot be changed after its start.
    """
    if "tensorflow" in sys.modules:
        yield
        return
    with _stderr_closed(), _log_level("3"):
        import tensorflow as tf

        if hide_gpus:
            tf.config.set_visible_devices([], "GPU")
        tf.config.list_logical_devices()
        yield


@contextmanager
def _stderr_closed() -> Iterator[None]:
    """Native code writes to the descriptor, whatever `sys.stderr` is."""
    stderr, devnull = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(devnull)


@contextmanager
def _log_level(level: str) -> Iterator[None]:
    """TensorFlow reads it once, when it starts."""
    before = os.environ.get("TF_CPP_MIN_LOG_LEVEL")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", level)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TF_CPP_MIN_LOG_LEVEL"]
