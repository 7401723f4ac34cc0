"""Builds by Apache Beam: the bytes of a local build, whichever runner and whatever dies."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import songs
from tests.builds import bytes_of, plan_of
from tfgenre.building import build
from tfgenre.building.cluster import BeamRunner
from tfgenre.building.local import LocalRunner
from tfgenre.errors import Failure, UserError

beam = pytest.importorskip("apache_beam")
TWO_PROCESSES = BeamRunner(("direct_running_mode=multi_processing", "direct_num_workers=2"))


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """Long songs in many units, so that there is time to kill."""
    folder = tmp_path_factory.mktemp("long")
    songs.write_collection(folder, songs_per_genre=12, seconds=60.0)
    return plan_of(folder, num_shards=12)


@pytest.fixture(scope="module")
def local(plan, tmp_path_factory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("local")
    build.build(plan, folder, runner=LocalRunner(2))
    return bytes_of(folder)


def test_two_beam_processes_build_what_a_local_build_does(plan, local, tmp_path):
    done: list[int] = []
    build.build(plan, tmp_path, runner=TWO_PROCESSES, on_track=done.append)
    assert bytes_of(tmp_path) == local
    assert sum(done) == plan.num_tracks


def test_beam_goes_on_from_an_interrupted_local_build(plan, local, tmp_path):
    def interrupt(count):
        if len(list(tmp_path.glob("*.tfrecord*"))) >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build.build(plan, tmp_path, runner=LocalRunner(1), on_track=interrupt)
    finished = {p: p.stat().st_mtime_ns for p in tmp_path.glob("*.tfrecord*")}
    build.build(plan, tmp_path, runner=BeamRunner())
    assert bytes_of(tmp_path) == local
    assert sum(p.stat().st_mtime_ns == time_ns for p, time_ns in finished.items()) >= 3


def wait_for_a_report(records_dir: Path) -> int:
    while not (reports := list(records_dir.glob(".build/*/unit-*.json"))):
        time.sleep(0.01)
    return len(reports)


@contextmanager
def sigint_ignored() -> Iterator[None]:
    """As a shell starts what a script puts into the background."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_beam_process_that_is_killed_ends_the_build_which_can_be_resumed(plan, local, tmp_path):
    def kill_a_process():
        wait_for_a_report(tmp_path)
        command = ["pgrep", "--parent", str(os.getpid()), "--full", "sdk_worker_main"]
        shells = subprocess.run(command, capture_output=True, text=True).stdout.split()
        child = subprocess.run(["pgrep", "--parent", shells[0]], capture_output=True, text=True)
        os.kill(int((child.stdout.split() or shells)[0]), signal.SIGKILL)

    killer = threading.Thread(target=kill_a_process)
    killer.start()
    with sigint_ignored(), pytest.raises(Failure, match="a worker died"):
        build.build(plan, tmp_path, runner=TWO_PROCESSES)
    killer.join()
    build.build(plan, tmp_path, runner=BeamRunner())
    assert bytes_of(tmp_path) == local


class DaskCluster:
    """`dask scheduler` and two `dask worker` on loopback."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._contact = folder / "scheduler.json"
        self._processes = [self._start("scheduler", "--port", "0")]
        self.workers = [self._start("worker", "--nthreads", "1") for _ in range(2)]

    @property
    def runner(self) -> BeamRunner:
        return BeamRunner(("runner=DaskRunner", f"dask_scheduler_file={self._contact}"))

    def _start(self, role: str, *options: str) -> "subprocess.Popen[bytes]":
        log = (self._folder / f"{role}.log").open("ab")
        place = ("--scheduler-file", str(self._contact), "--host", "127.0.0.1", "--no-dashboard")
        command = [sys.executable, "-m", "dask", role, *place, *options]
        return subprocess.Popen(
            command, cwd=self._folder, stdout=log, stderr=log, start_new_session=True
        )

    def kill(self, process: "subprocess.Popen[bytes]") -> None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in (*self._processes, *self.workers):
            if process.poll() is None:
                self.kill(process)


@pytest.fixture
def dask_cluster(tmp_path_factory) -> Iterator[DaskCluster]:
    pytest.importorskip("distributed")
    cluster = DaskCluster(tmp_path_factory.mktemp("dask"))
    yield cluster
    cluster.stop()


def test_dask_builds_the_same_though_a_worker_is_killed(plan, local, dask_cluster, tmp_path):
    reports_at_kill = []

    def kill_a_worker():
        reports_at_kill.append(wait_for_a_report(tmp_path))
        dask_cluster.kill(dask_cluster.workers[0])

    killer = threading.Thread(target=kill_a_worker)
    killer.start()
    build.build(plan, tmp_path, runner=dask_cluster.runner)
    killer.join()
    assert bytes_of(tmp_path) == local
    assert reports_at_kill[0] < len(plan.units)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("direct_num_worker=2",), "FnApiRunner knows no option direct_num_worker"),
        (
            ("runner=DaskRunner", "dask_client_address=x", "dask_adress=y"),
            "DaskRunner knows no option dask_adress",
        ),
        (("runner=DaskRunner",), "needs dask_client_address="),
        (("direct-num-workers=2",), "NAME=VALUE or NAME, .* got 'direct-num-workers=2'"),
        (("--",), "NAME=VALUE or NAME, .* got '--'"),
        (("runner=os.path",), "not callable"),
        (("direct_num_workers=two",), "invalid int value: 'two'"),
        (("runner=Dusk",), "Unexpected pipeline runner: Dusk"),
        (("runner=no.such.Runner",), "No module named 'no'"),
    ],
)
def test_options_that_beam_does_not_know_are_refused(options, said):
    with pytest.raises(UserError, match=said):
        BeamRunner(options)


def test_options_may_come_again():
    from tfgenre.building.beam_options import empty_pipeline

    parsed = empty_pipeline(("experiments=a", "experiments=b=c"))._options.get_all_options()
    assert {"a", "b=c"} <= set(parsed["experiments"])


def test_without_beam_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "apache_beam", None)
    with pytest.raises(UserError, match=r"pip install 'tfgenre\[beam\]'"):
        BeamRunner()


def test_machines_that_do_not_see_the_folder_are_named(plan, tmp_path):
    with pytest.raises(UserError, match="12 of 12 units left nothing"):
        build.build(plan, tmp_path, runner=lambda units, job, on_track: None)


def test_a_pipeline_that_fails_says_why_and_can_be_resumed(plan, local, tmp_path):
    songs_dir = plan.data_dir
    away = songs_dir.with_name("away")
    songs_dir.rename(away)
    try:
        with pytest.raises(UserError, match=r"The Beam pipeline failed: .* does not exist"):
            build.build(plan, tmp_path, runner=BeamRunner())
    finally:
        away.rename(songs_dir)
    build.build(plan, tmp_path, runner=BeamRunner())
    assert bytes_of(tmp_path) == local
