"""The number of operations of a network."""

from typing import Any


def gflop_per_slice(model: Any) -> float:
    """10**9 floating-point operations to predict one slice, as TensorFlow counts them.

    Args:
        model: uint8 [slices, 128, 128, 1] -> probabilities.
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2,
    )

    image = tf.TensorSpec((1, 128, 128, 1), tf.uint8)
    forward = tf.function(lambda image: model(image, training=False)).get_concrete_function(image)
    profiler = tf.compat.v1.profiler
    options = profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    graph = convert_variables_to_constants_v2(forward).graph
    return profiler.profile(graph, options=options).total_float_ops / 1e9
