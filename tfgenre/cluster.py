"""A build's units on a cluster, which Apache Beam deals out: to Flink, Spark, Dataflow or Dask.

The pipeline keeps to what every runner is known to do: Create, Reshuffle and one Map. A unit leaves
its result in the folder of records, so nothing has to come back through Beam.
"""

import contextlib
import io
import logging
import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tfgenre import storage
from tfgenre.config import RenderConfig
from tfgenre.errors import UserError
from tfgenre.plan import Job, Unit
from tfgenre.unit import build_unit, read_report, reported
from tfgenre.workers import RenderWorker

# Beam's own default, DirectRunner, downloads a program before it starts.
_DEFAULT_RUNNER = "FnApiRunner"
_DASK = "apache_beam.runners.dask.dask_runner.DaskRunner"
_POLL_S = 2.0
# Of this process, for its next units: they have started, and know what is in which archive.
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
        self._pipeline()

    def __call__(self, units: Sequence[Unit], job: Job, on_track: Callable[[int], object]) -> None:
        """Builds units; on_track is called with the number of songs of those found finished."""
        if not units:
            return
        import apache_beam as beam

        pipeline = self._pipeline()
        (  # one chain: of several leaves, the Dask runner computes but one
            pipeline
            | "Units" >> beam.Create(units)
            | "Spread" >> beam.Reshuffle()
            | "Build" >> beam.Map(_build_one, job)
        )
        with _watched(units, job, on_track):
            try:
                _run(pipeline)
            except Exception as error:  # each runner has its own
                raise UserError(
                    f"The Beam pipeline failed: {_told(error)}. The same command goes on from what "
                    f"is in {job.records_dir}."
                ) from error

    def _pipeline(self) -> Any:
        """An empty pipeline with its runner.

        Constructing it imports the runner's module, and only then are its options known.
        """
        logging.getLogger("apache_beam").setLevel(logging.ERROR)
        logging.disable(logging.WARNING)
        try:
            import apache_beam as beam
            from apache_beam.options.pipeline_options import PipelineOptions
        except ImportError as error:
            raise UserError(
                f"--runner=beam needs Apache Beam ({error}): pip install 'tfgenre[beam]'."
            ) from error
        finally:
            logging.disable(logging.NOTSET)
        given = dict(option.removeprefix("--").partition("=")[::2] for option in self.options)
        runner = given.setdefault("runner", _DEFAULT_RUNNER)
        if runner in ("DaskRunner", _DASK):
            given["runner"] = _DASK
            if "dask_npartitions" not in given:  # else one worker gets 128 units
                given.setdefault("dask_partition_size", "1")
        if runner == _DEFAULT_RUNNER:  # its workers log to our terminal
            given.setdefault("default_sdk_harness_log_level", "ERROR")
        flags = [f"--{name}={value}" if value else f"--{name}" for name, value in given.items()]
        said = io.StringIO()
        try:
            with contextlib.redirect_stderr(said):
                options = PipelineOptions(flags)
                pipeline = beam.Pipeline(options=options)
                known = options.get_all_options()
                everything = options.get_all_options(retain_unknown_options=True)
        except SystemExit as error:  # of argparse
            raise UserError(f"--beam_options: {_last_line(said.getvalue())}.") from error
        except (ValueError, ImportError, AttributeError) as error:
            raise UserError(f"--beam_options: {_told(error)}.") from error
        if unknown := sorted(everything.keys() - known.keys()):
            raise UserError(f"--beam_options: {runner} knows no option {', '.join(unknown)}.")
        return pipeline


def _run(pipeline: Any) -> None:
    """Runs a pipeline to its end; if this is stopped, the cluster stops as well."""
    result = pipeline.run()
    try:
        result.wait_until_finish()
    except KeyboardInterrupt:
        result.cancel()
        raise
    finally:
        if client := getattr(result, "client", None):  # of Dask; it would miss its scheduler
            client.close()


def _build_one(unit: Unit, job: Job) -> int:
    """Builds a unit on some machine of the cluster, unless it is done, and returns its number."""
    if read_report(unit, job) is not None:  # by an attempt of which the cluster lost sight
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
    """Tells of the units whose reports appear meanwhile."""
    songs_of = {unit.index: len(unit.tracks) for unit in units}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_POLL_S):
            with contextlib.suppress(OSError):  # the build tells of it, if it lasts
                storage.forget_listings(job.records_dir)
                for index in songs_of.keys() & reported(job.records_dir):
                    on_track(songs_of.pop(index))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
    on_track(sum(songs_of.values()))


def _told(error: BaseException) -> str:
    """The line of a many-storied error that says what happened."""
    return _last_line(str(error)) or type(error).__name__


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
