"""Builds a plan's units on a cluster, by Apache Beam: on Flink, Spark, Dataflow or Dask.

The pipeline uses only what every runner supports: Create, Reshuffle and one Map. A unit leaves its
result in the folder of records, so nothing has to come back through Beam.
"""

import contextlib
import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tfgenre import storage
from tfgenre.building import beam_run
from tfgenre.building.beam_options import empty_pipeline, error_line
from tfgenre.building.plan import Job, Unit
from tfgenre.building.unit import build_unit, read_report, reported
from tfgenre.config import RenderConfig
from tfgenre.errors import Failure
from tfgenre.spectrogram.workers import RenderWorker

_POLL_S = 2.0
# This process keeps them for its next units: they are running, and know the archives' contents.
_idle_workers: dict[RenderConfig, queue.SimpleQueue[RenderWorker]] = defaultdict(queue.SimpleQueue)


@dataclass(frozen=True)
class BeamRunner:
    """Builds units by Apache Beam.

    Attributes:
        options: Beam's pipeline options, `NAME=VALUE` or `NAME`; runner=... names the runner.

    Raises:
        UserError: if Beam is not installed, or does not know an option.
    """

    options: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        empty_pipeline(self.options)  # making it checks the options

    def __call__(self, units: Sequence[Unit], job: Job, on_track: Callable[[int], object]) -> None:
        """Builds units; on_track is called with the number of songs of those found finished.

        Raises:
            Failure: if the pipeline fails.
        """
        if not units:
            return
        import apache_beam as beam

        pipeline = empty_pipeline(self.options)
        (  # one chain: of several leaves, the Dask runner computes only one
            pipeline
            | "Units" >> beam.Create(units)
            | "Spread" >> beam.Reshuffle()
            | "Build" >> beam.Map(_build_one, job)
        )
        with _watched(units, job, on_track):
            try:
                beam_run.run(pipeline)
            except Exception as error:  # each runner has its own
                raise Failure(
                    f"The Beam pipeline failed: {error_line(error)}. The same command resumes from "
                    f"what is in {job.records_dir}."
                ) from error


def _build_one(unit: Unit, job: Job) -> int:
    """Builds a unit on some machine of the cluster, unless it is done, and returns its number."""
    if read_report(unit, job) is not None:  # by an attempt that the cluster lost track of
        return unit.index
    idle = _idle_workers[job.config.render]
    try:
        worker = idle.get_nowait()
    except queue.Empty:
        worker = RenderWorker(job.config.render)
    try:
        build_unit(unit, job, render=worker)
    finally:
        idle.put(worker)
    return unit.index


@contextmanager
def _watched(units: Sequence[Unit], job: Job, on_track: Callable[[int], object]) -> Iterator[None]:
    """Reports the songs of units whose reports appear meanwhile."""
    songs_of = {unit.index: len(unit.tracks) for unit in units}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_POLL_S):
            with contextlib.suppress(Exception):  # if it lasts, the build reports it
                storage.forget_listings(job.records_dir)
                for index in songs_of.keys() & reported(job):
                    on_track(songs_of.pop(index))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
    on_track(sum(songs_of.values()))
