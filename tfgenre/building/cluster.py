"""A build's units on a cluster, which Apache Beam deals out: to Flink, Spark, Dataflow or Dask.

The pipeline keeps to what every runner is known to do: Create, Reshuffle and one Map. A unit leaves
its result in the folder of records, so nothing has to come back through Beam.
"""

import contextlib
import io
import logging
import queue
import re
import signal
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tfgenre import storage
from tfgenre.building.plan import Job, Unit
from tfgenre.building.unit import build_unit, read_report, reported
from tfgenre.config import RenderConfig
from tfgenre.errors import Failure, UserError
from tfgenre.spectrogram.workers import RenderWorker

_OPTION = re.compile(r"([a-z][a-z0-9_]*)(=.+)?", re.DOTALL)
_DEFAULT_RUNNER = "FnApiRunner"  # Beam's own default may download another program first
_DASK = "apache_beam.runners.dask.dask_runner.DaskRunner"
_DASK_PLACES = {"dask_client_address", "dask_scheduler_file"}
_DASK_PARTITIONS = {"dask_npartitions", "dask_partition_size"}
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
        _empty_pipeline(self.options)  # whose making checks the options

    def __call__(self, units: Sequence[Unit], job: Job, on_track: Callable[[int], object]) -> None:
        """Builds units; on_track is called with the number of songs of those found finished.

        Raises:
            Failure: if the pipeline fails.
        """
        if not units:
            return
        import apache_beam as beam

        pipeline = _empty_pipeline(self.options)
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
                raise Failure(
                    f"The Beam pipeline failed: {_told(error)}. The same command goes on from what "
                    f"is in {job.records_dir}."
                ) from error


def _empty_pipeline(options: Sequence[str]) -> Any:
    """A pipeline with its runner.

    Making it imports the runner's module, and only then are its options known.
    """
    beam = _beam()
    from apache_beam.options.pipeline_options import PipelineOptions

    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            parsed = PipelineOptions(_flags(options))
            pipeline = beam.Pipeline(options=parsed)
            known = parsed.get_all_options()
            everything = parsed.get_all_options(retain_unknown_options=True)
    except SystemExit as error:  # of argparse
        raise UserError(f"--beam_options: {_last_line(said.getvalue())}.") from error
    except (ValueError, ImportError, AttributeError, TypeError) as error:
        raise UserError(f"--beam_options: {_told(error)}.") from error
    if unknown := sorted(everything.keys() - known.keys()):
        runner = type(pipeline.runner).__name__
        raise UserError(f"--beam_options: {runner} knows no option {', '.join(unknown)}.")
    return pipeline


def _beam() -> Any:
    """Apache Beam, imported without its warnings of what else could be installed."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        import apache_beam
    except ImportError as error:
        raise UserError(
            f"--runner=beam needs Apache Beam ({error}): pip install 'tfgenre[beam]'."
        ) from error
    finally:
        logging.disable(before)
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    return apache_beam


def _flags(options: Sequence[str]) -> list[str]:
    """Beam's command line: ours, and what follows from it."""
    values: dict[str, str] = {}
    for option in options:
        if (found := _OPTION.fullmatch(option)) is None:
            raise UserError(
                f"--beam_options are NAME=VALUE or NAME, with commas between, got {option!r}."
            )
        values[found[1]] = (found[2] or "")[1:]
    flags = [f"--{option}" for option in options if not option.startswith("runner=")]
    runner = values.get("runner", _DEFAULT_RUNNER)
    if runner in ("DaskRunner", _DASK):
        runner = _DASK
        if not values.keys() & _DASK_PLACES:
            raise UserError(
                "--beam_options=runner=DaskRunner needs dask_client_address=tcp://HOST:8786, or "
                "dask_scheduler_file=FILE."
            )
        if not values.keys() & _DASK_PARTITIONS:  # else one worker gets 128 units
            flags.append("--dask_partition_size=1")
    return [f"--runner={runner}", *flags]


def _run(pipeline: Any) -> None:
    """Runs a pipeline to its end; if this is stopped, the cluster stops as well."""
    with _noticing_deaths():
        result = pipeline.run()
        try:
            result.wait_until_finish()
        except KeyboardInterrupt:
            result.cancel()
            raise
        finally:
            if client := getattr(result, "client", None):  # of Dask; it would miss its scheduler
                client.close()


class _Died(BaseException):
    """A worker died; no Exception, so that nothing on the way out takes it for its own."""


@contextmanager
def _noticing_deaths() -> Iterator[None]:
    """Ends the wait for a Beam worker that was killed: FnApiRunner would wait forever.

    Its thread beside the worker's process raises an error, which nobody takes notice of. Only a
    signal wakes who waits for a lock, and SIGINT may be ignored, as in a script's background.

    Raises:
        Failure: if that happens.
    """
    died: list[BaseException] = []
    waiting = threading.get_ident()

    def notice(told: threading.ExceptHookArgs) -> None:
        if told.exc_value is None or "subprocess exited" not in str(told.exc_value):
            before(told)
        elif not died:
            died.append(told.exc_value)
            signal.pthread_kill(waiting, signal.SIGUSR1)

    def wake(*_: object) -> None:
        raise _Died

    before, threading.excepthook = threading.excepthook, notice
    handler = signal.signal(signal.SIGUSR1, wake)
    try:
        yield
    except _Died:
        raise Failure(f"a worker died ({_told(died[0])})") from died[0]
    finally:
        threading.excepthook = before
        signal.signal(signal.SIGUSR1, handler)


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
            with contextlib.suppress(Exception):  # the build tells of it, if it lasts
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


def _told(error: BaseException) -> str:
    """The line of a many-storied error that says what happened."""
    return _last_line(str(error)) or type(error).__name__


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else ""
