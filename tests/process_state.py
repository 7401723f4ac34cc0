"""What holds for the whole process, and which no test may leave changed."""

import csv
import logging
import os
import re
import signal
import sys
import threading
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD)
# Of pytest, and of what scikit-learn, h5py, TensorFlow and JAX set when they are imported.
_IGNORED = re.compile("PYTEST_CURRENT_TEST|TF2_BEHAVIOR|KMP_|HDF5_|TPU_|ENABLE_RUNTIME_")


def state() -> dict[str, Any]:
    """What holds now, by name; of a library that is not imported, what it would begin with."""
    environment = {name: value for name, value in os.environ.items() if not _IGNORED.match(name)}
    return {
        "environment": set(environment.items()),
        "working folder": os.getcwd(),
        "signal handlers": {number: signal.getsignal(number) for number in _SIGNALS},
        "excepthooks": (sys.excepthook, threading.excepthook),
        "csv.field_size_limit": csv.field_size_limit(),
        "logging.disable": logging.root.manager.disable,
        "TensorFlow's log level": logging.getLogger("tensorflow").level,
        **_tensorflow_state(),
        **_keras_state(),
    }


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What differs, by name; of sets, only what is in one of them."""
    return {
        name: value ^ after[name] if isinstance(value, set) else (value, after[name])
        for name, value in before.items()
        if value != after[name]
    }


def _tensorflow_state() -> dict[str, Any]:
    if "tensorflow" not in sys.modules:
        return {"op determinism": False, "TensorFlow's seed": None, "TensorFlow's threads": (0, 0)}
    import tensorflow as tf
    from tensorflow.python.eager import context
    from tensorflow.python.framework import config

    threading_config = tf.config.threading
    return {
        "op determinism": config.is_op_determinism_enabled(),
        "TensorFlow's seed": context.global_seed(),
        "TensorFlow's threads": (
            threading_config.get_intra_op_parallelism_threads(),
            threading_config.get_inter_op_parallelism_threads(),
        ),
    }


def _keras_state() -> dict[str, Any]:
    if "keras" not in sys.modules:
        return {"dtype policy": "float32", "floatx": "float32", "distribution": None}
    import keras

    return {
        "dtype policy": keras.config.dtype_policy().name,
        "floatx": keras.config.floatx(),
        "distribution": keras.distribution.distribution(),
    }
