"""Runs all benchmarks; writes docs/benchmarks.md, its plots and the samples behind them.

python -m benchmarks.all [--out_dir=docs] [--smoke] [--only=input,ram]

It takes about an hour on an otherwise idle machine. Benchmarks that --only leaves out keep their
previous samples, if any. Where the libraries of `peers` are installed, Keras imports some of them
and starts 9 s later: measure `--only=predict,build` without them.
"""

from collections.abc import Mapping
from pathlib import Path

import jinja2
from absl import app, flags

from benchmarks import (
    build,
    cold,
    fit,
    input,
    long,
    models,
    plots,
    predict,
    ram,
    render,
    script,
    tables,
    train,
)
from benchmarks.measuring import Result, read, write

BENCHMARKS = {
    module.BENCHMARK.name: module.BENCHMARK
    for module in (render, input, cold, ram, fit, train, models, predict, build, long)
}
_OUT_DIR = flags.DEFINE_string("out_dir", "docs", "The folder to write benchmarks.md to.")
_ONLY = flags.DEFINE_list("only", list(BENCHMARKS), "Benchmarks to run.")


def page(results: Mapping[str, Result]) -> str:
    """The text of benchmarks.md."""
    template = Path(__file__).with_name("benchmarks.md.jinja").read_text()
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(template).render(
        results=results, markdown=tables.markdown, ratio=tables.ratio, pairs=predict.PAIRS
    )


def main(argv: list[str]) -> None:
    """Runs the benchmarks and writes the page."""
    if len(argv) > 1:
        raise app.UsageError(f"Unexpected arguments: {' '.join(argv[1:])}")
    if unknown := set(_ONLY.value) - BENCHMARKS.keys():
        known = ", ".join(BENCHMARKS)
        raise app.UsageError(f"--only must be among {known}; got {', '.join(sorted(unknown))}")
    folder = Path(_OUT_DIR.value, "benchmarks")
    folder.mkdir(parents=True, exist_ok=True)
    for name in _ONLY.value:
        write(script.measured(BENCHMARKS[name]), folder / f"{name}.json")
    print(write_page(folder))


def write_page(folder: Path) -> Path:
    """Writes the page and its plots from all samples in a folder; returns the page's path."""
    paths = {name: folder / f"{name}.json" for name in BENCHMARKS}
    results = {name: read(path) for name, path in paths.items() if path.exists()}
    for name, scale in (("render", "linear"), ("input", "log"), ("cold", "linear")):
        if name in results:
            plots.bars(results[name], folder / f"{name}.png", scale=scale)
    if "ram" in results:
        plots.memory(results["ram"], folder / "ram.png")
    page_path = folder.with_suffix(".md")
    page_path.write_text(page(results))
    return page_path


if __name__ == "__main__":
    app.run(main)
