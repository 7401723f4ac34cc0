"""Measures ways alternately, each turn in a fresh process: its time and its peak memory."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks import machine
from benchmarks.ways import Benchmark

_POLLS_PER_SECOND = 20


@dataclass(frozen=True)
class Sample:
    """The figures of one turn.

    Attributes:
        amount: units of work done.
        wall_s: seconds of wall time.
        cpu_s: seconds of CPU time of the process and its descendants.
        peak_mb: the most memory these had at once since they started, in 10**6 bytes (RSS without
            mapped files, whose pages the system takes back as it needs them; other memory that
            processes share counts for each).
        extra: other figures, by name.
    """

    amount: float
    wall_s: float
    cpu_s: float
    peak_mb: float
    extra: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """The result of a benchmark.

    Attributes:
        name: the benchmark's name.
        unit: what amounts count, in the plural.
        titles: the title of each way.
        references: the ways that the others are compared with.
        machine: what it was measured on, and when.
        samples: of each way measured, one per round.
        missing: why the other ways have no samples.
    """

    name: str
    unit: str
    titles: Mapping[str, str]
    references: tuple[str, ...]
    machine: str
    samples: Mapping[str, tuple[Sample, ...]]
    missing: Mapping[str, str]

    def rates(self, way: str, clock: str = "wall_s") -> NDArray[np.float64]:
        """A way's units per second of a clock, wall_s or cpu_s; float64 [rounds]."""
        return np.array([sample.amount / getattr(sample, clock) for sample in self.samples[way]])

    def median_rate(self, way: str, clock: str = "wall_s") -> float:
        """The median of `rates`."""
        return float(np.median(self.rates(way, clock)))

    def peak_mb(self, way: str) -> float:
        """The median of a way's peak memory, in 10**6 bytes."""
        return float(np.median([sample.peak_mb for sample in self.samples[way]]))

    def extra(self, way: str, name: str) -> float | None:
        """The median of another figure of a way; None if the way does not have it."""
        found = [sample.extra[name] for sample in self.samples[way] if name in sample.extra]
        return float(np.median(found)) if found else None

    def ratios(self, way: str, reference: str, clock: str = "wall_s") -> NDArray[np.float64]:
        """How much faster a way is than another: the quartiles over the rounds, float64 [3]."""
        rounds = self.rates(way, clock) / self.rates(reference, clock)
        return np.percentile(rounds, (25, 50, 75))


def write(result: Result, path: Path) -> None:
    """Writes a result as JSON."""
    path.write_text(json.dumps(asdict(result), indent=1) + "\n")


def read(path: Path) -> Result:
    """Reads a result that `write` wrote."""
    content = json.loads(path.read_text())
    samples = {
        way: tuple(Sample(**sample) for sample in turns)
        for way, turns in content.pop("samples").items()
    }
    references = tuple(content.pop("references"))
    return Result(**content, references=references, samples=samples)


def measure(
    benchmark: Benchmark, settings: Mapping[str, Any], *, ways: Iterable[str], rounds: int
) -> Result:
    """Measures ways alternately.

    Args:
        benchmark: the benchmark.
        settings: what its `prepare` returned.
        ways: the names of the ways to measure.
        rounds: how many turns each way has.
    """
    found: dict[str, list[Sample]] = {way: [] for way in ways}
    missing: dict[str, str] = {}
    description = machine.description()
    for way in [name for name in found if benchmark.ways[name].prepare]:
        if reason := _run("prepare", benchmark, way, settings)[0].get("missing"):
            missing[way] = reason
            del found[way]
    turns = [(number, way) for number in range(rounds) for way in found]
    for _, way in tqdm(turns, desc=benchmark.name, unit="turn", file=sys.stderr, disable=None):
        if way in missing:
            continue
        figures, peak_mb = _run("measure", benchmark, way, settings)
        if reason := figures.get("missing"):
            missing[way] = reason
        else:
            found[way].append(Sample(**figures, peak_mb=peak_mb))
    samples = {way: tuple(turns) for way, turns in found.items() if way not in missing}
    return Result(
        name=benchmark.name,
        unit=benchmark.unit,
        titles={way: benchmark.ways[way].title for way in ways},
        references=tuple(way for way in benchmark.references if way in samples),
        machine=description,
        samples=samples,
        missing=missing,
    )


def _run(
    what: str, benchmark: Benchmark, way: str, settings: Mapping[str, Any]
) -> tuple[dict[str, Any], float]:
    """Runs a child; returns what it printed, and its peak memory in 10**6 bytes."""
    command = [sys.executable, "-m", "benchmarks.child", what, benchmark.module, way]
    with subprocess.Popen(
        [*command, json.dumps(settings)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    ) as process:
        watch = _MemoryWatch(process.pid)
        stdout, stderr = process.communicate()
        peak_mb = watch.end()
    lines = stdout.splitlines()
    if process.returncode:
        reason = (stderr.strip().splitlines() or ["it was killed"])[-1]
        return {"missing": f"failed: {reason}"}, peak_mb
    return json.loads(lines[-1]) if lines else {}, peak_mb


class _MemoryWatch:
    """Polls the memory of a process and its descendants."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._peak = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._poll)
        self._thread.start()

    def end(self) -> float:
        """Stops polling; returns the peak memory in 10**6 bytes."""
        self._ended.set()
        self._thread.join()
        return self._peak / 1e6

    def _poll(self) -> None:
        while not self._ended.wait(1 / _POLLS_PER_SECOND):
            try:
                processes = [self._process, *self._process.children(recursive=True)]
                self._peak = max(self._peak, sum(map(_own_bytes, processes)))
            except psutil.NoSuchProcess:
                return


def _own_bytes(process: psutil.Process) -> int:
    try:
        memory = process.memory_info()
        return int(memory.rss) - int(getattr(memory, "shared", 0))  # which only Linux reports
    except psutil.NoSuchProcess:
        return 0
