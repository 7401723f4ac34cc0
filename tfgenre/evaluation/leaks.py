"""How much of a score is leakage: the same network and collection, split in three ways.

With a slice split, the network was trained on other slices of the test songs; with a track split,
on other songs of their artists. Accuracy beyond that of an artist split is leakage.
"""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from tfgenre import pages
from tfgenre.evaluation import intervals
from tfgenre.files import write_atomically, write_json
from tfgenre.plots import as_svg, plain
from tfgenre.records.folder import Records

MEASURES = {
    "slice_accuracy": "slices",
    "track_accuracy_vote": "songs, by vote",
    "track_accuracy_mean": "songs, by mean probability",
}


def slices_in_common(records: Iterable[Records], *, slices_per_genre: int) -> list[int]:
    """How many training slices of each label all of some records have.

    Args:
        records: of the same songs, split in different ways.
        slices_per_genre: as in training.
    """
    counts = [each.count_slices("train", slices_per_genre=slices_per_genre) for each in records]
    return [int(min(of_label)) for of_label in zip(*counts, strict=True)]


def compare(found: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Compares the scores of each split with those of the strictest.

    Args:
        found: the metrics of `evaluate.score` by split method, the strictest last.

    Returns:
        strict: the strictest method; claims: method -> measure -> (value, low, high); leakage: the
        same for each other method, minus the strictest; num_tracks, num_slices and
        majority_baseline by method.
    """
    strict = list(found)[-1]
    claims = {
        method: {measure: (value[measure], *value["intervals"][measure]) for measure in MEASURES}
        for method, value in found.items()
    }
    return {
        "strict": strict,
        "claims": claims,
        "leakage": {
            method: {
                measure: difference(values[measure], claims[strict][measure])
                for measure in MEASURES
            }
            for method, values in claims.items()
            if method != strict
        },
        "num_tracks": {method: value["num_tracks"] for method, value in found.items()},
        "num_slices": {method: value["num_slices"] for method, value in found.items()},
        "majority_baseline": {
            method: value["majority_baseline"] for method, value in found.items()
        },
    }


def difference(
    one: tuple[float, float, float], other: tuple[float, float, float]
) -> tuple[float, float, float]:
    """The difference of two independent estimates (value, low, high), with its interval.

    The interval is by the method of variance estimates recovery (Zou and Donner 2008).
    """
    (a, a_low, a_high), (b, b_low, b_high) = one, other
    return (
        a - b,
        a - b - math.hypot(a - a_low, b_high - b),
        a - b + math.hypot(a_high - a, b - b_low),
    )


def summary(report: dict[str, Any]) -> str:
    """The result of `compare`, as a table for a person."""
    rows = [("", *MEASURES.values(), "test songs")]
    for method, values in report["claims"].items():
        cells = (intervals.with_interval(*values[measure]) for measure in MEASURES)
        rows.append((f"split by {method}", *cells, f"{report['num_tracks'][method]:,}"))
    for method, values in report["leakage"].items():
        cells = (intervals.with_interval(*values[measure]) for measure in MEASURES)
        rows.append((f"{method} minus {report['strict']}", *cells, ""))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def write(report: dict[str, Any], folder: Path) -> None:
    """Writes leaks.json and leaks.html.

    Args:
        report: the result of `compare`, with dataset, genres, train_slices, epochs, program and
            command.
        folder: the folder to write to.
    """
    write_json(folder / "leaks.json", report)
    page = pages.render(
        "leaks.html",
        report=report,
        measures=MEASURES,
        with_interval=intervals.with_interval,
        plot=_draw(report),
    )
    write_atomically(folder / "leaks.html", page.encode())


def _draw(report: dict[str, Any]) -> str:
    """Plots the scores with their intervals as an SVG element, one row per method and measure."""
    claims = report["claims"]
    figure = Figure(figsize=(9, 0.9 + 0.62 * len(claims)), layout="constrained")
    axes = figure.subplots()
    for number, (measure, label) in enumerate(list(MEASURES.items())[:2]):
        values = [claims[method][measure] for method in claims]
        rows = [row + 0.22 * number - 0.11 for row in range(len(values))]
        errors = [[v - low for v, low, _ in values], [high - v for v, _, high in values]]
        axes.errorbar(
            [value for value, _, _ in values],
            rows,
            xerr=errors,
            fmt="oD"[number],
            color=("#2f6fde", "#c2410c")[number],
            capsize=4,
            label=label,
        )
    axes.set_yticks(range(len(claims)), [f"by {method}" for method in claims])
    axes.set(xlim=(0, 1), ylim=(len(claims) - 0.5, -0.5), xlabel="accuracy, with 95 % interval")
    plain(axes)
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    return as_svg(figure)
