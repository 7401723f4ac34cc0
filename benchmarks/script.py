"""The command line of a benchmark."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from absl import app, flags

from benchmarks import tables
from benchmarks.measuring import Result, measure, write
from benchmarks.ways import Benchmark

_ROUNDS = flags.DEFINE_integer("rounds", 0, "Turns of each way; 0: 3, or 1 with --smoke.")
_SMOKE = flags.DEFINE_bool("smoke", False, "Tries it, with little to do.")
_WAYS = flags.DEFINE_list("ways", [], "Ways to measure; if not given, all.")
_OUT = flags.DEFINE_string("out", None, "Writes the samples there, as JSON.")
_SCRATCH = flags.DEFINE_string("scratch_dir", None, "A folder for the made-up input, on a disk.")
DATA_DIR = flags.DEFINE_string("data_dir", None, "Songs; if not given, the demo's.")
RECORDS_DIR = flags.DEFINE_string("records_dir", None, "Records; if not given, made-up ones.")


def run(benchmark: Benchmark) -> None:
    """Measures a benchmark and prints it."""

    def main(argv: list[str]) -> None:
        check(argv, benchmark)
        result = measured(benchmark)
        print(tables.text(result))
        if _OUT.value:
            write(result, Path(_OUT.value))

    app.run(main)


def check(argv: list[str], benchmark: Benchmark) -> None:
    """Raises UsageError for what the command line has too much of."""
    if len(argv) > 1:
        raise app.UsageError(f"Unexpected arguments: {' '.join(argv[1:])}")
    if unknown := set(_WAYS.value) - benchmark.ways.keys():
        known = ", ".join(benchmark.ways)
        raise app.UsageError(f"--ways must be of {known}, got {', '.join(sorted(unknown))}")


def measured(benchmark: Benchmark) -> Result:
    """A benchmark's result, measured as the flags say."""
    rounds = _ROUNDS.value or (1 if _SMOKE.value else 3)
    with tempfile.TemporaryDirectory(dir=_SCRATCH.value) as folder:
        settings = benchmark.prepare(Path(folder), _SMOKE.value)
        ways = _WAYS.value or list(benchmark.ways)
        return measure(benchmark, settings, ways=ways, rounds=rounds)


def folder_of(flag: flags.FlagHolder[str | None], make: Callable[[], Path]) -> str:
    """The folder that a flag names, or else the one that is made."""
    return os.path.expanduser(flag.value) if flag.value else str(make())
