"""Results as tables, for a terminal and in Markdown."""

from collections.abc import Iterable, Sequence

from benchmarks.measuring import Result


def text(result: Result) -> str:
    """A result as a table for a terminal."""
    rows = [header(result), *body(result)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(_aligned(row, widths)) for row in rows]
    return "\n".join([*lines, *notes(result)])


def markdown(result: Result) -> str:
    """A result as a table in Markdown."""
    head = header(result)
    rows = [head, ["-"] + ["-:"] * (len(head) - 1), *body(result)]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([*lines, "", *notes(result)])


def header(result: Result) -> list[str]:
    """The column names."""
    figures = [f"{result.unit}/s", f"{result.unit}/CPU s", "peak MB"]
    against = [
        f"{clock}, of {reference}" for reference in result.references for clock in ("wall", "CPU")
    ]
    return ["way", *figures, *against, *_extras(result)]


def body(result: Result) -> list[list[str]]:
    """One row per way: medians, and ratios with their quartiles."""
    rows = []
    for way in result.samples:
        rates = [_rate(result.median_rate(way, clock)) for clock in ("wall_s", "cpu_s")]
        ratios = [
            ratio(result.ratios(way, reference, clock))
            for reference in result.references
            for clock in ("wall_s", "cpu_s")
        ]
        extras = [
            "" if (found := result.extra(way, name)) is None else _short(found)
            for name in _extras(result)
        ]
        peak = f"{result.peak_mb(way):,.0f}"
        rows.append([result.titles[way], *rates, peak, *ratios, *extras])
    return rows


def notes(result: Result) -> list[str]:
    """One line for each way without samples."""
    return [f"{result.titles[way]}: {reason}" for way, reason in result.missing.items()]


def ratio(quartiles: Iterable[float]) -> str:
    """A ratio in words: its median and, in parentheses, its quartiles."""
    low, median, high = quartiles
    return f"{_short(median)} ({_short(low)} - {_short(high)})"


def _short(number: float) -> str:
    return f"{number:.2f}" if number < 10 else f"{number:.1f}" if number < 100 else f"{number:.0f}"


def _extras(result: Result) -> list[str]:
    names = [name for way in result.samples.values() for sample in way for name in sample.extra]
    return list(dict.fromkeys(names))


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.1f}"


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *rest = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
    return [row[0].ljust(widths[0]), *rest] if first else rest
