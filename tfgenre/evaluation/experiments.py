"""Experiments: flag files, each built, trained and evaluated, and their results side by side."""

import io
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from glob import glob
from pathlib import Path

from matplotlib.figure import Figure

from tfgenre.errors import UserError
from tfgenre.files import write_atomically
from tfgenre.plots import drawable, plain, save
from tfgenre.text import csv_line, markdown_cell, utf8
from tfgenre.training.run_dir import RunDir

# How the comment in a flag file states the seed's result.
_SEEDS_RESULT = re.compile(
    r"Seed's result: (\d+) % of slices(?:, in ([\d.]+) h(?:ours)?)?(?:, (\d+) % of its RAM)?"
)


@dataclass(frozen=True)
class Outcome:
    """The result of one flag file; None means unknown.

    Attributes:
        name: the file's name without its suffix.
        seed_accuracy: the seed's slice accuracy, on slices of songs it was also trained on.
        seed_hours: the seed's training time.
        seed_ram: the share of its machine's memory that the seed used.
        slice_accuracy: our accuracy on the test slices.
        track_accuracy: our accuracy on the test songs, by the run's rule.
        majority_baseline: accuracy on the test songs of always predicting the same genre.
        epochs: the number of epochs trained.
        hours: our training time, with validation.
        peak_memory_mb: the peak memory of our training.
        failed: what failed; "" if nothing did.
    """

    name: str
    seed_accuracy: float | None = None
    seed_hours: float | None = None
    seed_ram: float | None = None
    slice_accuracy: float | None = None
    track_accuracy: float | None = None
    majority_baseline: float | None = None
    epochs: int | None = None
    hours: float | None = None
    peak_memory_mb: int | None = None
    failed: str = ""


def find_flag_files(patterns: Sequence[str]) -> list[Path]:
    """Finds the files that match patterns such as flags/exp*.cfg, each once, sorted by pattern.

    Raises:
        UserError: if a pattern matches nothing, or two files would share a name.
    """
    found: dict[str, Path] = {}
    for pattern in patterns:
        if not (paths := sorted(glob(pattern))):
            raise UserError(f"--flagfiles={pattern} matches no file: correct the pattern.")
        for path in map(Path, paths):
            if found.setdefault(path.stem, path) != path:
                raise UserError(
                    f"--flagfiles: {found[path.stem]} and {path} share a name: rename one of them."
                )
    if not found:
        raise UserError("--flagfiles is not given: --flagfiles=flags/exp*.cfg runs all of them.")
    return list(found.values())


def seeds_result(flag_file: Path) -> Outcome:
    """The seed's result, from the comment in a flag file."""
    found = _SEEDS_RESULT.search(flag_file.read_text(errors="replace"))
    accuracy, hours, ram = map(_number, found.groups() if found else (None,) * 3)
    return Outcome(
        flag_file.stem,
        seed_accuracy=accuracy and accuracy / 100,
        seed_hours=hours,
        seed_ram=ram and ram / 100,
    )


def run(program: str, arguments: Sequence[str]) -> str:
    """Prints and runs a command of ours; returns what failed, "" if nothing did."""
    print(f"\n$ {shlex.join([program, *arguments])}", flush=True)
    path = Path(sys.executable).with_name(program)
    status = subprocess.run([path, *arguments], check=False).returncode
    return f"{program} ended with status {status}" if status else ""


def read_outcome(so_far: Outcome, run_dir: RunDir) -> Outcome:
    """Adds the result of a run that was trained and evaluated."""
    result, found = run_dir.read_result(), run_dir.read_evaluation("test")
    return replace(
        so_far,
        slice_accuracy=found["slice_accuracy"],
        track_accuracy=found["track_accuracy"],
        majority_baseline=found["majority_baseline"],
        epochs=result["epochs"],
        hours=result["seconds"] / 3600,
        peak_memory_mb=result["peak_memory_mb"],
    )


def write(outcomes: Sequence[Outcome], folder: Path, *, note: str) -> None:
    """Writes experiments.csv, experiments.svg, and experiments.md with the plot and the table.

    Args:
        outcomes: the results of some flag files.
        folder: the folder to write to.
        note: a paragraph for the reader.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = [[field.name for field in fields(Outcome)], *map(astuple, outcomes)]
    text = utf8("".join(f"{csv_line(row)}\n" for row in rows))
    write_atomically(folder / "experiments.csv", text.encode())
    write_atomically(folder / "experiments.svg", _draw(outcomes))
    page = f"# Experiments\n\n{note}\n\n![accuracies](experiments.svg)\n\n{table(outcomes)}\n"
    write_atomically(folder / "experiments.md", page.encode())


def table(outcomes: Sequence[Outcome]) -> str:
    """The outcomes as a Markdown table."""
    rows = [
        "| experiment | seed: slices | ours: slices | ours: songs | baseline "
        "| seed: time | ours: time | epochs | seed: RAM | ours: peak memory | |",
        "| --- " + "| ---: " * 9 + "| --- |",
    ]
    for outcome in outcomes:
        cells = (
            markdown_cell(outcome.name),
            *map(
                _percent,
                (
                    outcome.seed_accuracy,
                    outcome.slice_accuracy,
                    outcome.track_accuracy,
                    outcome.majority_baseline,
                ),
            ),
            _optional(outcome.seed_hours, lambda hours: f"{hours:g} h"),
            _optional(outcome.hours, _time),
            _optional(outcome.epochs, str),
            _percent(outcome.seed_ram),
            _optional(outcome.peak_memory_mb, lambda mb: f"{mb:,} MB"),
            outcome.failed,
        )
        rows.append(f"| {' | '.join(cells)} |".replace("  |", " |"))
    return "\n".join(rows)


def _draw(outcomes: Sequence[Outcome]) -> bytes:
    """Plots the accuracies as an SVG file, one row per experiment, the first at the top."""
    figure = Figure(figsize=(8, 1.2 + 0.3 * len(outcomes)), layout="constrained")
    axes = figure.subplots()
    rows = range(len(outcomes))
    for field, label, marker, colour in (
        ("majority_baseline", "majority baseline, songs", "|", "#8a8f98"),
        ("seed_accuracy", "seed, slices (leaky split)", "x", "#c2410c"),
        ("track_accuracy", "ours, songs", "D", "#12356f"),
        ("slice_accuracy", "ours, slices", ".", "#7fb0ff"),
    ):
        shares = [getattr(outcome, field) for outcome in outcomes]
        percents = [float("nan") if share is None else 100 * share for share in shares]
        axes.scatter(percents, rows, label=label, marker=marker, color=colour, clip_on=False)
    axes.set(xlabel="accuracy, %", xlim=(0, 100), ylim=(len(outcomes) - 0.5, -0.5))
    axes.set_yticks(rows, [drawable(outcome.name) for outcome in outcomes])
    plain(axes)
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    buffer = io.BytesIO()
    save(figure, buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)


def _optional(value: float | None, text_of: Callable[[float], str]) -> str:
    return "" if value is None else text_of(value)


def _percent(share: float | None) -> str:
    return _optional(share, lambda known: f"{100 * known:.0f} %")


def _time(hours: float) -> str:
    if hours >= 1:
        return f"{hours:.1f} h"
    return f"{60 * hours:.1f} min" if hours >= 1 / 60 else f"{3600 * hours:.0f} s"
