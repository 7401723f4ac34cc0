"""The optimizer of a run, in plain Keras 3."""

from typing import Any

import keras

from tfgenre.training.config import OptimizerConfig


def make_optimizer(config: OptimizerConfig, *, num_steps: int) -> keras.optimizers.Optimizer:
    """The optimizer of a run of that many steps."""
    rate: Any = config.learning_rate
    if config.learning_rate_schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, num_steps)
    kinds = {
        "rmsprop": keras.optimizers.RMSprop,
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "sgd": keras.optimizers.SGD,
    }
    own = {
        "rmsprop": {"rho": config.rmsprop_decay},
        "adamw": {"weight_decay": config.weight_decay},
    }
    return kinds[config.optimizer](
        learning_rate=rate,
        global_clipnorm=config.clip_norm or None,
        **own.get(config.optimizer, {}),
    )
