"""The plots of a report, as SVG elements."""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from tfgenre.plots import as_svg, plain
from tfgenre.training.progress import EpochMetrics

_SOFT, _STRONG = "#8a8f98", "#2f6fde"


def learning_curves(rows: Sequence[EpochMetrics]) -> str:
    """Plots accuracy and loss over epochs, from the rows of metrics.csv."""
    epochs = [row["epoch"] for row in rows]
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    for axes, measure in zip(figure.subplots(1, 2), ("accuracy", "loss"), strict=True):
        for part, colour in (("train", _SOFT), ("validation", _STRONG)):
            values = [row[f"{part}_{measure}"] for row in rows]
            if values[0] is None:  # there is no validation
                continue
            axes.plot(epochs, values, color=colour, label=part, marker="o", markersize=3)
        axes.set(title=measure, xlabel="epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        plain(axes)
    axes.legend(frameon=False)
    return as_svg(figure)


def calibration_curves(calibration: dict[str, Any]) -> str:
    """Plots accuracy over confidence, from the calibration that `evaluate.score` returns."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, unit in zip(figure.subplots(1, 2), ("track", "slice"), strict=True):
        curve = calibration[unit]["curve"]
        most = max(point["count"] for point in curve)
        axes.plot((0, 1), (0, 1), color=_SOFT, linestyle=":")
        axes.plot(
            [point["confidence"] for point in curve],
            [point["accuracy"] for point in curve],
            color=_STRONG,
        )
        axes.scatter(
            [point["confidence"] for point in curve],
            [point["accuracy"] for point in curve],
            [12 + 120 * point["count"] / most for point in curve],
            color=_STRONG,
        )
        axes.set(title=f"{unit}s", xlabel="confidence", ylabel="accuracy")
        axes.set(xlim=(0, 1.03), ylim=(0, 1.03))
        plain(axes)
    return as_svg(figure)
