"""kill -9 at random moments, a full disk: the same command then finishes an undisturbed build.

The kills are few, so that tests stay quick; TFGENRE_KILLS=100 makes it the experiment.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import songs
from tests.builds import bytes_of
from tests.commands import ROOT

KILLS = int(os.environ.get("TFGENRE_KILLS", "6"))
SHORTEST_S = 0.5  # before, Python itself is still starting


class Build:
    """`tools/make_records` of one collection into one folder, again and again."""

    def __init__(self, folder: Path) -> None:
        self.records_dir = folder / "records"
        data_dir = songs.write_collection(folder / "songs", songs_per_genre=20, seconds=60.0)
        folders = (f"--data_dir={data_dir}", f"--records_dir={self.records_dir}")
        options = ("--dataset=folder", "--num_shards=12", "--num_workers=2")
        self._command = [sys.executable, str(ROOT / "tools/make_records"), *options, *folders]
        started = time.monotonic()
        self.finish()
        self.seconds = time.monotonic() - started
        self.undisturbed = bytes_of(self.records_dir)

    def start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def finish(self) -> None:
        subprocess.run(self._command, check=True, stdout=subprocess.DEVNULL)

    def shards(self) -> dict[Path, tuple[int, int]]:
        """The shards under their final names, and which files they are."""
        found = {path: path.stat() for path in self.records_dir.glob("*.tfrecord*")}
        return {path: (stat.st_ino, stat.st_mtime_ns) for path, stat in found.items()}


@pytest.fixture(scope="module")
def build(tmp_path_factory) -> Build:
    return Build(tmp_path_factory.mktemp("survival"))


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def is_there(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def start_and_kill(build: Build, victim: str, delay_s: float) -> bool:
    """Kills the program or one of its render processes; False if there was nothing to kill."""
    process = build.start()
    time.sleep(delay_s)
    workers = children(process.pid)
    chosen = process.pid if victim == "parent" else random.choice(workers or [0])
    hit = process.poll() is None and chosen != 0
    if hit:
        os.kill(chosen, signal.SIGKILL)
    _, told = process.communicate()
    status = process.returncode
    assert not told, told
    if victim == "parent" and status == 0:
        hit = False  # it was ending when the signal came
    assert status == (-signal.SIGKILL if hit and victim == "parent" else 0)
    deadline = time.monotonic() + 10
    while any(map(is_there, workers)):
        assert time.monotonic() < deadline, "a render process has outlived its parent"
        time.sleep(0.01)
    return hit


def test_kills_at_random_moments_lose_nothing(build):
    draw = random.Random(0)
    seen = {"parent": 0, "worker": 0, "finished units": 0, "left to do": 0}
    while seen["parent"] + seen["worker"] < KILLS:
        shutil.rmtree(build.records_dir)
        victim = "parent" if seen["parent"] <= seen["worker"] else "worker"
        if not start_and_kill(build, victim, draw.uniform(SHORTEST_S, build.seconds)):
            continue
        seen[victim] += 1
        shards = build.shards()
        assert all(path.read_bytes() == build.undisturbed[path.name] for path in shards)
        if (build.records_dir / ".build").is_dir():
            reports = build.records_dir.glob(".build/*/unit-*.json")
            finished = {int(report.stem.split("-")[1]) for report in reports}
            seen["finished units"] += len(finished)
            seen["left to do"] += 12 - len(finished)
            shards = {p: at for p, at in shards.items() if int(p.name.split("-")[-3]) in finished}
        build.finish()
        assert bytes_of(build.records_dir) == build.undisturbed
        assert shards.items() <= build.shards().items()
    print(seen)


def test_a_full_disk_is_named_and_costs_nothing(build, tmp_path):
    """On a file system of 30 MB in memory, which a new user namespace may mount."""
    probe = subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", tmp_path])
    if probe.returncode:
        pytest.skip("no file system can be mounted here")
    command = " ".join(build._command).replace(str(build.records_dir), f"{tmp_path}/full")
    script = f"""
        mount -t tmpfs -o size=4m tmpfs {tmp_path}
        {command}; echo status $?
        mount -o remount,size=60m {tmp_path}
        {command}; cp -r {tmp_path}/full {build.records_dir.parent}/mended
    """
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True)
    assert "status 1" in done.stdout
    assert "No space left on device. Make room there" in done.stderr
    assert "Traceback" not in done.stderr
    assert bytes_of(build.records_dir.parent / "mended") == build.undisturbed


def test_a_read_only_folder_is_named(build, tmp_path):
    command = " ".join(build._command).replace(str(build.records_dir), f"{tmp_path}/records")
    script = f"mount -t tmpfs -o ro tmpfs {tmp_path} || exit 99; {command}"
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True)
    if done.returncode == 99:
        pytest.skip("no file system can be mounted here")
    assert done.returncode == 1
    assert done.stderr == f"make_records: {tmp_path}/records: Read-only file system\n"
