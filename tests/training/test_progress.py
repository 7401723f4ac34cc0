"""What follows from the rows of metrics.csv."""

import math

import pytest

from tfgenre.errors import UserError
from tfgenre.training import progress
from tfgenre.training.config import OptimizerConfig, TrainConfig


def rows_of(*metrics: tuple[float | None, float | None]) -> list[progress.EpochMetrics]:
    """Rows with these validation accuracies and losses."""
    rest = {
        "train_accuracy": 0.5,
        "train_loss": 1.0,
        "learning_rate": 0.001,
        "slices_per_second": 50.0,
        "seconds": 2.0,
    }
    return [
        {"epoch": number, "validation_accuracy": accuracy, "validation_loss": loss, **rest}
        for number, (accuracy, loss) in enumerate(metrics, start=1)
    ]


@pytest.mark.parametrize(
    ("metrics", "best"),
    [([(0.5, 1)], 1), ([(0.5, 1), (0.6, 2), (0.4, 0)], 2), ([(0.5, 1), (0.5, 0.9), (0.5, 0.9)], 2)],
)
def test_the_best_epoch(metrics, best):
    assert progress.best_epoch(rows_of(*metrics)) == best


@pytest.mark.parametrize(
    ("schedule", "metrics", "kept"),
    [
        ("constant", [(0.6, 1), (0.5, 1)], 1),
        ("cosine", [(0.6, 1), (0.5, 1)], 2),
        ("constant", [(None, None), (None, None)], 2),
    ],
)
def test_the_kept_epoch(schedule, metrics, kept):
    config = TrainConfig(optimizer=OptimizerConfig(learning_rate_schedule=schedule))
    assert progress.kept_epoch(rows_of(*metrics), config) == kept


@pytest.mark.parametrize(
    ("epochs", "min_steps", "expected"), [(4, 0, 4), (4, 40, 4), (4, 41, 5), (4, 600, 60)]
)
def test_epochs_are_added_until_there_are_enough_steps(epochs, min_steps, expected):
    config = TrainConfig(epochs=epochs, min_steps=min_steps)
    assert config.lengthened(10).epochs == expected


def test_patience_does_not_go_with_a_schedule_that_keeps_the_last_epoch():
    with pytest.raises(UserError, match=r"--early_stop_patience must be 0 .* got 3"):
        TrainConfig(
            early_stop_patience=3, optimizer=OptimizerConfig(learning_rate_schedule="cosine")
        )


@pytest.mark.parametrize(
    ("metrics", "patience", "expected"),
    [
        ([], 1, ""),
        ([(None, None)], 1, ""),
        ([(0.9, 0.1)], 0, "reached their thresholds"),
        ([(0.9, 0.11)], 0, ""),
        ([(0.5, 1), (0.4, 1), (0.4, 1)], 2, "2 epochs without improvement"),
        ([(0.5, 1), (0.4, 1), (0.5, 0.9)], 2, ""),
        ([(0.5, 1), (0.4, 1), (0.4, 1)], 0, ""),
    ],
)
def test_early_stop(metrics, patience, expected):
    constant = OptimizerConfig(learning_rate_schedule="constant")
    config = TrainConfig(early_stop_patience=patience, optimizer=constant)
    reason = progress.stops_early(rows_of(*metrics), config)
    assert bool(reason) == bool(expected)
    assert expected in reason


@pytest.mark.parametrize(
    ("losses", "halvings"),
    [
        ([], 0),
        ([3, 2, 1], 0),
        ([1, 2, 2], 0),
        ([1, 2, 2, 2], 1),
        ([1] * 7, 2),
        ([1, 2, 0, 1, 1], 0),
    ],
)
def test_the_plateau_schedule(losses, halvings):
    config = OptimizerConfig(learning_rate_schedule="plateau", learning_rate=0.8)
    rows = rows_of(*((0.5, loss) for loss in losses))
    assert progress.learning_rate(rows, config) == 0.8 * 0.5**halvings
    assert progress.learning_rate(rows, OptimizerConfig()) == 0.001


def test_rows_are_read_as_written(tmp_path):
    rows = rows_of((0.5, 1.25), (None, None))
    assert progress.read_rows(tmp_path / "metrics.csv") == []
    progress.write_rows(tmp_path / "metrics.csv", rows)
    assert progress.read_rows(tmp_path / "metrics.csv") == rows
    (tmp_path / "metrics.csv").write_text("epoch,loss\n1,x\n")
    with pytest.raises(UserError, match=r"metrics\.csv is damaged"):
        progress.read_rows(tmp_path / "metrics.csv")
    progress.write_rows(tmp_path / "metrics.csv", rows_of((0.5, math.nan)))
    with pytest.raises(UserError, match=r"metrics\.csv is damaged"):
        progress.read_rows(tmp_path / "metrics.csv")
