"""Process-wide state: seeds, dtype policy and op determinism, set and restored.

A notebook may train twice in one process, so settings of one run must not affect the next.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import keras
import tensorflow as tf

# TensorFlow has no public API to read its seed and op determinism, nor to turn the latter off.
from tensorflow.python.eager import context
from tensorflow.python.framework import config as framework_config


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """A context in which initial weights and shuffled orders are determined by the seed.

    Keras draws the seeds of its initializers and dropout from Python's `random`; tf.data combines
    the seed of each shuffle with TensorFlow's global seed.
    """
    python_state, tensorflow_seed = random.getstate(), context.global_seed()
    random.seed(seed)
    tf.random.set_seed(seed)
    try:
        yield
    finally:
        random.setstate(python_state)
        tf.random.set_seed(tensorflow_seed)


@contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """A context in which new Keras layers have this dtype policy, and all other floats 32 bits."""
    before, floatx = keras.config.dtype_policy(), keras.config.floatx()
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_floatx(floatx)
        keras.config.set_dtype_policy(before)


@contextmanager
def op_determinism() -> Iterator[None]:
    """A context in which TensorFlow's ops are deterministic, or raise an error."""
    if has_op_determinism():
        yield
        return
    tf.config.experimental.enable_op_determinism()
    try:
        yield
    finally:
        framework_config.disable_op_determinism()


def has_op_determinism() -> bool:
    """Whether TensorFlow's ops must currently be deterministic."""
    return bool(framework_config.is_op_determinism_enabled())
