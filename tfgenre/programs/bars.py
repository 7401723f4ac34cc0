"""A collection read and built under progress bars, for the programs that do so."""

import contextlib
import time
from pathlib import Path
from typing import NoReturn

from absl.flags import FlagValues
from tqdm import tqdm

from tfgenre import datasets
from tfgenre.building import build
from tfgenre.building.build import Runner
from tfgenre.building.plan import Plan
from tfgenre.config import BuildConfig
from tfgenre.datasets import Catalogue
from tfgenre.flags import folders
from tfgenre.records.folder import Records


def load_collection(config: BuildConfig, values: FlagValues) -> Catalogue:
    """Reads the collection that the flags name."""
    with contextlib.ExitStack() as stack:
        bars: list[tqdm[NoReturn]] = []

        def on_compared(count: int, total: int) -> None:
            if not bars:  # not before the collection is read, which may fail or have its own bar
                bar = tqdm(total=total, unit="song", desc="comparing", disable=None)
                bars.append(stack.enter_context(bar))
            bars[0].update(count)

        return datasets.load(config, folders.data_dir(values), on_compared=on_compared)


def build_records(
    plan: Plan, records_dir: Path, runner: Runner, *, overwrite: bool, done: str = "rendered"
) -> Records:
    """Builds, and prints how long it took.

    Args:
        plan: what.
        records_dir: where.
        runner: by whom.
        overwrite: whether other records in that folder are replaced.
        done: what is done with songs.
    """
    started = time.monotonic()
    now: list[int] = []
    with tqdm(total=plan.num_tracks, unit="song", desc=done, disable=None) as bar:

        def on_found(count: int) -> None:
            bar.initial = bar.n = count  # not counted in the bar's rate

        def on_track(count: int) -> None:
            now.append(count)
            bar.update(count)

        records = build.build(
            plan,
            records_dir,
            runner=runner,
            on_track=on_track,
            on_found=on_found,
            overwrite=overwrite,
        )
    seconds = time.monotonic() - started
    if now:
        print(
            f"{sum(now):,} songs {done} in {seconds:,.1f} s, {sum(now) / seconds:,.1f} per second"
        )
    if sum(now) < plan.num_tracks:
        print(f"{plan.num_tracks - sum(now):,} songs were {done} before")
    return records
