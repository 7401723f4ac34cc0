"""Runs one way in its own process and prints its figures: see `measuring.measure`.

python -m benchmarks.child {prepare,measure} MODULE WAY SETTINGS
"""

import gc
import importlib
import json
import resource
import sys
import time
from typing import Any

import psutil

from benchmarks.ways import Benchmark, Way


def cpu_seconds() -> float:
    """CPU seconds of this process and its descendants, finished or not."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    seconds = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    for process in psutil.Process().children(recursive=True):
        times = process.cpu_times()
        seconds += times.user + times.system + times.children_user + times.children_system
    return seconds


def measured(way: Way, settings: dict[str, Any]) -> dict[str, Any]:
    """A turn's figures: the fields of `measuring.Sample` that the process itself can measure."""
    turn = way.start(**settings)
    if way.warm_up:
        turn()
    cpu, wall = cpu_seconds(), time.perf_counter()
    done = turn()
    wall_s, cpu_s = time.perf_counter() - wall, cpu_seconds() - cpu
    return {"amount": done.amount, "wall_s": wall_s, "cpu_s": cpu_s, "extra": dict(done.extra)}


def main(what: str, module: str, name: str, settings: str) -> None:
    """Prepares or measures a way; prints its figures, or what is missing, as a line of JSON."""
    benchmark: Benchmark = importlib.import_module(module).BENCHMARK
    way = benchmark.ways[name]
    try:
        if what == "measure":
            print(json.dumps(measured(way, json.loads(settings))))
        elif way.prepare:
            way.prepare(**json.loads(settings))
    except ModuleNotFoundError as error:
        print(json.dumps({"missing": f"not measured: needs {error.name}"}))


if __name__ == "__main__":
    main(*sys.argv[1:])
    gc.freeze()  # else Python would end by looking for garbage in TensorFlow, for a second
