"""A set of flag files, each built, trained and judged, and what came of them side by side."""

import csv
import io
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from glob import glob
from pathlib import Path

from matplotlib.figure import Figure

from tfgenre.errors import UserError
from tfgenre.files import write_atomically
from tfgenre.plots import plain
from tfgenre.training.run_dir import RunDir

# What a flag file's comment says of the seed.
_SEEDS_RESULT = re.compile(
    r"Seed's result: (\d+) % of slices(?:, in ([\d.]+) h(?:ours)?)?(?:, (\d+) % of its RAM)?"
)


@dataclass(frozen=True)
class Outcome:
    """What came of one flag file; None: unknown.

    Attributes:
        name: the file's, without its ending.
        seed_accuracy: the seed's, a share of slices, some of songs it was trained on.
        seed_hours: how long the seed trained.
        seed_ram: the share of its memory that the seed took.
        slice_accuracy: ours, a share of the test slices.
        track_accuracy: of the test songs, by vote.
        majority_baseline: of the test songs, for always the same answer.
        epochs: trained.
        hours: trained for, with validation.
        peak_memory_mb: the most that training took.
        failed: what failed, "" if nothing did.
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
    """The files that patterns such as flags/exp*.cfg match, each once, sorted within a pattern.

    Raises:
        UserError: if a pattern matches nothing, or two files would share a name.
    """
    found: dict[str, Path] = {}
    for pattern in patterns:
        if not (paths := sorted(glob(pattern))):
            raise UserError(f"--flagfiles={pattern} matches no file.")
        for path in map(Path, paths):
            if found.setdefault(path.stem, path) != path:
                raise UserError(f"--flagfiles: {found[path.stem]} and {path} share a name.")
    if not found:
        raise UserError("--flagfiles is not given; --flagfiles=flags/exp*.cfg takes all.")
    return list(found.values())


def seeds_result(flag_file: Path) -> Outcome:
    """What a flag file says the seed came to."""
    found = _SEEDS_RESULT.search(flag_file.read_text(errors="replace"))
    accuracy, hours, ram = map(_number, found.groups() if found else (None,) * 3)
    return Outcome(
        flag_file.stem,
        seed_accuracy=accuracy and accuracy / 100,
        seed_hours=hours,
        seed_ram=ram and ram / 100,
    )


def run(program: str, arguments: Sequence[str]) -> str:
    """Runs one of our programs, shown as a command; says what failed, "" if nothing did."""
    print(f"\n$ {shlex.join([program, *arguments])}", flush=True)
    path = Path(sys.executable).with_name(program)
    status = subprocess.run([path, *arguments], check=False).returncode
    return f"{program} ended with status {status}" if status else ""


def read_outcome(so_far: Outcome, run_dir: RunDir) -> Outcome:
    """Adds what a run that was trained and evaluated has come to."""
    result, found = run_dir.read_result(), run_dir.read_evaluation("test")
    return replace(
        so_far,
        slice_accuracy=found["slice_accuracy"],
        track_accuracy=found["track_accuracy_vote"],
        majority_baseline=found["majority_baseline"],
        epochs=result["epochs"],
        hours=result["seconds"] / 3600,
        peak_memory_mb=result["peak_memory_mb"],
    )


def write(outcomes: Sequence[Outcome], folder: Path, *, note: str) -> None:
    """Writes experiments.csv, .svg and .md, which shows both the picture and the table.

    Args:
        outcomes: of some flag files.
        folder: where to.
        note: what the reader should know, a paragraph.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [field.name for field in fields(Outcome)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(asdict, outcomes))
    write_atomically(folder / "experiments.csv", text.getvalue().encode())
    write_atomically(folder / "experiments.svg", _draw(outcomes))
    page = f"# Experiments\n\n{note}\n\n![accuracies](experiments.svg)\n\n{table(outcomes)}\n"
    write_atomically(folder / "experiments.md", page.encode())


def table(outcomes: Sequence[Outcome]) -> str:
    """The outcomes as Markdown."""
    rows = [
        "| experiment | seed: slices | ours: slices | ours: songs | baseline "
        "| seed: time | ours: time | epochs | seed: RAM | ours: peak memory | |",
        "| --- " + "| ---: " * 9 + "| --- |",
    ]
    for outcome in outcomes:
        cells = (
            outcome.name,
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
    """The accuracies, an SVG file: a row an experiment, the first at the top."""
    figure = Figure(figsize=(8, 1.2 + 0.3 * len(outcomes)), layout="constrained")
    axes = figure.subplots()
    rows = range(len(outcomes))
    for field, label, marker, colour in (
        ("majority_baseline", "always the same genre (songs)", "|", "#8a8f98"),
        ("seed_accuracy", "seed, slices (leaking split)", "x", "#c2410c"),
        ("track_accuracy", "ours, songs by vote", "D", "#12356f"),
        ("slice_accuracy", "ours, slices", ".", "#7fb0ff"),
    ):
        shares = [getattr(outcome, field) for outcome in outcomes]
        percents = [float("nan") if share is None else 100 * share for share in shares]
        axes.scatter(percents, rows, label=label, marker=marker, color=colour, clip_on=False)
    axes.set(xlabel="accuracy, %", xlim=(0, 100), ylim=(len(outcomes) - 0.5, -0.5))
    axes.set_yticks(rows, [outcome.name for outcome in outcomes])
    plain(axes)
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)


def _optional(value: float | None, words: Callable[[float], str]) -> str:
    return "" if value is None else words(value)


def _percent(share: float | None) -> str:
    return _optional(share, lambda found: f"{100 * found:.0f} %")


def _time(hours: float) -> str:
    if hours >= 1:
        return f"{hours:.1f} h"
    return f"{60 * hours:.1f} min" if hours >= 1 / 60 else f"{3600 * hours:.0f} s"
