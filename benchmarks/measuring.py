"""What the benchmarks share: CPU time, and how a ratio is told."""

import resource
import time
from collections.abc import Callable

import numpy as np


def cpu_seconds() -> float:
    """CPU seconds of this process and of its finished children."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def timed(way: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds of a call."""
    cpu, wall = cpu_seconds(), time.perf_counter()
    way()
    return time.perf_counter() - wall, cpu_seconds() - cpu


def ratio(rounds: np.ndarray) -> str:
    """A ratio's median and quartiles."""
    low, median, high = np.percentile(rounds, (25, 50, 75))
    return f"{median:.2f} ({low:.2f} - {high:.2f})"
