"""Render processes: a failure in one costs only one song."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests import songs
from tfgenre.config import RenderConfig
from tfgenre.errors import SkipTrack
from tfgenre.spectrogram.render import Slices
from tfgenre.spectrogram.workers import RenderWorker, Stopped, map_with_workers


@pytest.fixture(scope="module")
def song(tmp_path_factory) -> str:
    return str(songs.write(tmp_path_factory.mktemp("song") / "a.wav", songs.noise(6.0)))


def pid_of(worker: RenderWorker) -> int:
    assert worker._process is not None
    return worker._process.pid


@pytest.fixture
def worker():
    worker = RenderWorker(RenderConfig())
    yield worker
    worker.close()


def test_a_song_gives_slices(worker, song):
    rendered = worker(song)
    assert isinstance(rendered, Slices)
    assert rendered.images.shape == (2, 128, 128)


def test_a_missing_song_gives_its_reason(worker, song, tmp_path):
    missing = worker(str(tmp_path / "none.mp3"))
    assert isinstance(missing, SkipTrack)
    assert missing.reason == "missing"
    assert isinstance(worker(song), Slices)


def test_after_a_song_that_kills_its_process_the_next_is_rendered(worker, song, tmp_path):
    long_song = str(songs.write(tmp_path / "long.flac", songs.noise(1200.0)))
    worker(song)
    killed: set[int | None] = set()

    def kill_while_it_renders():
        while len(killed) < 2:
            process = worker._process
            if process is not None and process.pid not in killed:
                time.sleep(0.5)  # it starts and begins to render
                os.kill(process.pid, signal.SIGSEGV)
                killed.add(process.pid)

    killer = threading.Thread(target=kill_while_it_renders)
    killer.start()
    crashed = worker(long_song)
    killer.join()
    assert isinstance(crashed, SkipTrack)
    assert crashed.reason == "crashed"
    assert "-11" in crashed.detail
    assert isinstance(worker(song), Slices)


def test_a_song_whose_process_was_killed_before_is_rendered(worker, song):
    worker(song)
    os.kill(pid_of(worker), signal.SIGKILL)
    assert isinstance(worker(song), Slices)


def test_stopping_cancels_the_current_song(worker, song, tmp_path):
    long_song = str(songs.write(tmp_path / "long.flac", songs.noise(1200.0)))
    worker(song)
    threading.Timer(0.3, worker.stop).start()
    with pytest.raises(Stopped):
        worker(long_song)
    with pytest.raises(Stopped):
        worker(song)


def test_a_song_that_hangs_times_out(song):
    worker = RenderWorker(RenderConfig(), timeout_s=3)
    worker(song)
    os.kill(pid_of(worker), signal.SIGSTOP)
    started = time.monotonic()
    hung = worker(song)
    assert isinstance(hung, SkipTrack)
    assert hung.reason == "timeout"
    assert time.monotonic() - started < 30
    assert isinstance(worker(song), Slices)
    worker.close()


def test_time_while_the_parent_is_suspended_does_not_count(song, tmp_path):
    code = f"""
from tfgenre.config import RenderConfig
from tfgenre.spectrogram.workers import RenderWorker
worker = RenderWorker(RenderConfig(), timeout_s=2)
worker({song!r})
print("started", flush=True)
print(type(worker({str(tmp_path / "long.flac")!r})).__name__)
worker.close()
"""
    songs.write(tmp_path / "long.flac", songs.noise(600.0))
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    process.send_signal(signal.SIGSTOP)
    time.sleep(4)
    process.send_signal(signal.SIGCONT)
    assert process.communicate()[0] == "Slices\n"


def test_workers_import_no_tensorflow(worker, song):
    worker(song)
    maps = Path(f"/proc/{pid_of(worker)}/maps").read_text()
    assert "numpy" in maps
    assert "tensorflow" not in maps


def test_results_come_in_order(song, tmp_path):
    paths = [song, str(tmp_path / "none"), song, str(tmp_path / "nothing"), song] * 3
    mapped = map_with_workers(
        lambda worker, path: worker(path), paths, config=RenderConfig(), num_workers=2
    )
    assert [isinstance(found, Slices) for found in mapped] == [p == song for p in paths]


def test_closing_the_generator_ends_the_processes(song):
    seen = []

    def work(worker, path):
        rendered = worker(path)
        seen.append(worker._process)
        return rendered

    mapped = map_with_workers(work, [song] * 50, config=RenderConfig(), num_workers=2)
    next(mapped)
    mapped.close()
    assert len(seen) < 50
    assert not any(process.poll() is None for process in seen if process is not None)


def test_an_error_in_the_work_is_raised(song):
    def work(worker, path):
        raise Stopped

    with pytest.raises(Stopped):
        list(map_with_workers(work, [song] * 5, config=RenderConfig(), num_workers=2))
