"""The command line of a benchmark."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from absl import app, flags

from benchmarks import inputs, tables
from benchmarks.measuring import Result, measure, write
from benchmarks.ways import Benchmark

_ROUNDS = flags.DEFINE_integer("rounds", 0, "Turns of each way; 0: 3, or 1 with --smoke.")
_SMOKE = flags.DEFINE_bool("smoke", False, "Runs a short trial on little input.")
_WAYS = flags.DEFINE_list("ways", [], "Ways to measure; all if not given.")
_OUT = flags.DEFINE_string("out", None, "The file to write the samples to, as JSON.")
_SCRATCH = flags.DEFINE_string("scratch_dir", None, "A folder on a disk for generated input.")
DATA_DIR = flags.DEFINE_string("data_dir", None, "Songs; the demo's if not given.")
RECORDS_DIR = flags.DEFINE_string("records_dir", None, "Records; generated if not given.")


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
    """Raises UsageError if there are unexpected arguments or unknown ways."""
    if len(argv) > 1:
        raise app.UsageError(f"Unexpected arguments: {' '.join(argv[1:])}")
    if unknown := set(_WAYS.value) - benchmark.ways.keys():
        known = ", ".join(benchmark.ways)
        raise app.UsageError(f"--ways must be among {known}; got {', '.join(sorted(unknown))}")


def measured(benchmark: Benchmark) -> Result:
    """Measures a benchmark as the flags specify."""
    rounds = _ROUNDS.value or (1 if _SMOKE.value else 3)
    with tempfile.TemporaryDirectory(dir=_SCRATCH.value) as folder:
        settings = benchmark.prepare(Path(folder), _SMOKE.value)
        ways = _WAYS.value or list(benchmark.ways)
        return measure(benchmark, settings, ways=ways, rounds=rounds)


def folder_of(flag: flags.FlagHolder[str | None], make: Callable[[], Path]) -> str:
    """The folder that a flag names; if it names none, the one that `make` returns."""
    return os.path.expanduser(flag.value) if flag.value else str(make())


def records_dir(folder: Path, *, num_slices: int, num_shards: int) -> str:
    """Takes --records_dir, or writes records to a folder; see `inputs.write_records`."""

    def made() -> Path:
        inputs.write_records(folder, num_slices=num_slices, num_shards=num_shards)
        return folder

    return folder_of(RECORDS_DIR, made)
