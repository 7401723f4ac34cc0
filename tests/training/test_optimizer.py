"""The options of a config that reach the Keras optimizer."""

import pytest

from tfgenre.training.config import OPTIMIZERS, OptimizerConfig
from tfgenre.training.optimizer import make_optimizer


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize(("clip_norm", "expected"), [(0, None), (1.5, 1.5)])
def test_clip_norm_is_global(name, clip_norm, expected):
    optimizer = make_optimizer(OptimizerConfig(optimizer=name, clip_norm=clip_norm), num_steps=1)
    assert type(optimizer).__name__.lower() == name
    assert optimizer.global_clipnorm == expected
    assert (optimizer.clipnorm, optimizer.clipvalue) == (None, None)


def test_rmsprop_decay():
    optimizer = make_optimizer(OptimizerConfig(optimizer="rmsprop", rmsprop_decay=0.7), num_steps=1)
    assert optimizer.rho == 0.7


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"optimizer": "adamw", "weight_decay": 0.004}, 0.004),
        ({"optimizer": "adamw"}, 0.02),
        ({"optimizer": "adam"}, None),
        ({"optimizer": "rmsprop"}, None),
        ({"optimizer": "sgd"}, None),
    ],
)
def test_weight_decay_is_for_adamw(options, expected):
    assert make_optimizer(OptimizerConfig(**options), num_steps=1).weight_decay == expected


@pytest.mark.parametrize("schedule", ["constant", "plateau"])
def test_a_constant_rate(schedule):
    config = OptimizerConfig(learning_rate=0.25, learning_rate_schedule=schedule)
    assert float(make_optimizer(config, num_steps=40).learning_rate) == 0.25


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_cosine_schedule(name):
    config = OptimizerConfig(optimizer=name, learning_rate=0.25, learning_rate_schedule="cosine")
    optimizer = make_optimizer(config, num_steps=40)
    schedule = optimizer.get_config()["learning_rate"]
    assert schedule["class_name"] == "CosineDecay"
    assert schedule["config"]["decay_steps"] == 40
    rates = []
    for step in (0, 20, 40):
        optimizer.iterations.assign(step)
        rates.append(float(optimizer.learning_rate))
    assert rates == pytest.approx([0.25, 0.125, 0], abs=1e-7)
