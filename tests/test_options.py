"""Config dataclasses as flat options."""

import pytest

from tfgenre.config import BuildConfig, RenderConfig, SplitConfig
from tfgenre.errors import UserError
from tfgenre.options import default_of, from_options, option_names, options_of
from tfgenre.training.config import AugmentConfig, TrainConfig


def test_options_go_to_the_nested_config_that_has_them():
    options = {"dataset": "folder", "split_seed": 3, "tail": "overlap", "genres": ("A", "B")}
    assert from_options(BuildConfig, options) == BuildConfig(
        dataset="folder",
        genres=("A", "B"),
        split=SplitConfig(split_seed=3),
        render=RenderConfig(tail="overlap"),
    )
    config = from_options(TrainConfig, {"epochs": 2, "time_mask": 5})
    assert config.pipeline.augment == AugmentConfig(time_mask=5)
    assert config.epochs == 2


def test_an_option_wins_over_the_nested_config_of_its_name():
    config = from_options(TrainConfig, {"optimizer": "sgd", "model": "spectral"})
    assert config.optimizer.optimizer == "sgd"
    assert config.model.model == "spectral"


def test_an_unknown_option_is_an_error_that_lists_the_options():
    with pytest.raises(UserError, match=r"'colour'.*dataset, genres, .*num_shards"):
        from_options(BuildConfig, {"dataset": "folder", "colour": "red"})


def test_an_invalid_value_is_an_error():
    with pytest.raises(UserError, match="--tail must be one of drop, overlap, got 'keep'"):
        from_options(BuildConfig, {"dataset": "folder", "tail": "keep"})


@pytest.mark.parametrize(
    "config",
    [
        BuildConfig(dataset="csv", split=SplitConfig(split_ratios=(8, 1, 1)), num_shards=4),
        from_options(TrainConfig, {"optimizer": "adam", "mixup_alpha": 0.2, "seed": 7}),
    ],
)
def test_a_config_is_restored_from_its_options(config):
    options = options_of(config)
    assert tuple(options) == option_names(type(config))
    assert from_options(type(config), options) == config


def test_defaults_of_nested_options():
    assert default_of(TrainConfig, "epochs") == 4
    assert default_of(TrainConfig, "time_mask") == 0
    assert default_of(TrainConfig, "optimizer") == "adamw"
    assert default_of(TrainConfig, "model") == "spectral_small"
    with pytest.raises(KeyError):
        default_of(TrainConfig, "colour")
