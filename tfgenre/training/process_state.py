"""What holds for the whole process: seeds, number formats, op determinism; set, and put back.

A notebook trains twice in one process, so nothing that one run sets may reach the next.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import keras
import tensorflow as tf

# TensorFlow has no public way to ask for these two, nor to turn op determinism off again.
from tensorflow.python.eager import context
from tensorflow.python.framework import config as framework_config


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Within, weights that are made and orders that are drawn follow from the seed.

    Keras draws the seeds of its initializers and dropout from Python's `random`; tf.data combines
    each seed of an order with TensorFlow's global one.
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
    """Within, new Keras layers compute in this format."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@contextmanager
def op_determinism() -> Iterator[None]:
    """Within, TensorFlow's ops give the same figures each time, or refuse to run."""
    if has_op_determinism():
        yield
        return
    tf.config.experimental.enable_op_determinism()
    try:
        yield
    finally:
        framework_config.disable_op_determinism()


def has_op_determinism() -> bool:
    """Whether TensorFlow's ops must be deterministic now, whoever asked for that."""
    return bool(framework_config.is_op_determinism_enabled())
