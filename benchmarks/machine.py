"""The machine that the benchmarks ran on."""

import os
import platform
from datetime import date
from importlib.metadata import version
from pathlib import Path

import psutil


def description() -> str:
    """The machine, its software and its load, in words."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    model = models[0] if models else platform.machine()
    memory_gb = psutil.virtual_memory().total / 1e9
    return (
        f"{date.today()}: {os.cpu_count()} CPU cores ({model}), {memory_gb:.0f} GB of memory, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, "
        f"TensorFlow {version('tensorflow')}, NumPy {version('numpy')}. The load of the minute "
        f"before was {os.getloadavg()[0]:.1f}."
    )
