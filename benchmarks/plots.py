"""Results as plots."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.measuring import Result
from benchmarks.ram import SIZES

_OURS, _OTHERS = "#c2410c", "#64748b"


def bars(result: Result, path: Path, *, scale: str = "linear") -> None:
    """Plots rates by wall and by CPU time, one bar per way; whiskers span the worst to the best."""
    ways = list(result.samples)
    figure = Figure(figsize=(9, 0.6 + 0.32 * len(ways)), layout="constrained")
    for axes, clock in zip(figure.subplots(1, 2, sharey=True), ("wall_s", "cpu_s"), strict=True):
        for way in ways:
            median = result.median_rate(way, clock)
            rates = result.rates(way, clock)
            spread = [[median - min(rates)], [max(rates) - median]]
            title = result.titles[way]
            color = _OURS if title.startswith(("tfgenre", "native", "--")) else _OTHERS
            axes.barh(title, median, xerr=spread, color=color, ecolor="#94a3b8", height=0.7)
        second = "second" if clock == "wall_s" else "CPU second"
        axes.set_title(f"{result.unit} per {second}", fontsize=10, loc="left")
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xscale(scale)
        if scale == "linear":
            axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(4))
        axes.xaxis.set_major_formatter(mpl.ticker.FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axes.invert_yaxis()
    figure.savefig(path, dpi=110)


def memory(result: Result, path: Path) -> None:
    """Plots the memory beyond an idle TensorFlow's by the number of slices."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    idle_mb = result.peak_mb("idle")
    kinds = dict.fromkeys(way.rpartition("_")[0] for way in result.samples if way != "idle")
    for kind in kinds:
        sizes = [size for size in SIZES if f"{kind}_{size}" in result.samples]
        peaks = [result.peak_mb(f"{kind}_{size}") - idle_mb for size in sizes]
        title = result.titles[f"{kind}_{sizes[0]}"].rpartition(", ")[0]
        color = _OURS if kind == "ours" else None
        axes.plot(sizes, [peak / 1000 for peak in peaks], "o-", label=title, color=color)
    axes.set_xlabel("slices")
    axes.set_ylabel("GB more than an idle TensorFlow")
    axes.xaxis.set_major_formatter(mpl.ticker.FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=110)
