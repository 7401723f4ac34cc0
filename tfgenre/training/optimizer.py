"""The optimizer of a run, in plain Keras 3."""

from typing import Any

import keras

from tfgenre.training.config import OptimizerConfig


def make_optimizer(config: OptimizerConfig, *, num_steps: int) -> keras.optimizers.Optimizer:
    """Creates the optimizer that the config names.

    Args:
        config: the optimizer and its options.
        num_steps: the steps of the whole run, at the end of which the cosine schedule is 0.
    """
    rate: Any = config.learning_rate
    if config.learning_rate_schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, num_steps)
    classes = {
        "rmsprop": keras.optimizers.RMSprop,
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "sgd": keras.optimizers.SGD,
    }
    options = {
        "rmsprop": {"rho": config.rmsprop_decay},
        "adamw": {"weight_decay": config.weight_decay},
    }
    return classes[config.optimizer](
        learning_rate=rate,
        global_clipnorm=config.clip_norm or None,
        **options.get(config.optimizer, {}),
    )
