"""TensorFlow, imported without the lines that it writes to stderr on every start."""

import gc
import importlib.util
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from tfgenre.errors import UserError

_BACKENDS = ("tensorflow", "jax")
_DEFAULT = "KERAS_BACKEND=tensorflow"


@contextmanager
def quiet_tensorflow(*, hide_gpus: bool = False) -> Iterator[None]:
    """Imports TensorFlow, unless it is imported already; imports within are quiet, too.

    Args:
        hide_gpus: whether TensorFlow must not use GPUs; this cannot be changed after its start.

    Raises:
        UserError: if Keras is set up for a backend that tfgenre cannot use, or its settings are
            invalid.
    """
    _check_backend()
    if "tensorflow" in sys.modules:
        yield
        return
    with _stderr_closed(), _log_level("3"):
        with _no_garbage_collection():
            tf = _tensorflow()
        if hide_gpus:
            tf.config.set_visible_devices([], "GPU")
        tf.config.list_logical_devices()
        yield


def _tensorflow() -> Any:
    """TensorFlow, imported with Keras; both read Keras' settings then."""
    try:
        import keras  # noqa: F401
        import tensorflow as tf
    except (AssertionError, AttributeError, ValueError) as error:
        raise UserError(
            f"{_settings_file()} has a value that Keras refuses ({error}): correct the file, or "
            "remove it."
        ) from error
    return tf


def _settings_file() -> str:
    folder = os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras")
    return os.path.join(folder, "keras.json")


def _check_backend() -> None:
    """Raises UserError unless Keras' backend, as Keras chooses it, can be used."""
    place = _settings_file()
    configured: Any = {}
    with suppress(OSError, ValueError), open(place) as file:
        configured = json.load(file)
    name = configured.get("backend") if isinstance(configured, dict) else None
    source = f"{place} says backend {name!r}"
    if chosen := os.environ.get("KERAS_BACKEND"):
        name, source = chosen, f"KERAS_BACKEND={chosen}"
    if name not in (*_BACKENDS, None):
        raise UserError(
            f"{source}: the backend of Keras must be {' or '.join(_BACKENDS)}; set {_DEFAULT}."
        )
    if name == "jax" and importlib.util.find_spec("jax") is None:
        raise UserError(f"{source}, but JAX is not installed: pip install jax, or set {_DEFAULT}.")


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
def _no_garbage_collection() -> Iterator[None]:
    """What is imported is not garbage; to look for some takes a fifth of the import."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


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
