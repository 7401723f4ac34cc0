"""Several workers: what each of them reads, and that two train like one."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import keras
import numpy as np
import pytest

from tfgenre.config import BuildConfig
from tfgenre.errors import UserError
from tfgenre.records import synthetic, verify
from tfgenre.records.sources import Source
from tfgenre.training import multiworker
from tfgenre.training.multiworker import Worker
from tfgenre.training.progress import EpochMetrics, read_rows

PROGRAM = Path(sys.executable).with_name("tfgenre_train")
FIRST_PORT = 21000 + os.getpid() % 20000
# All slices are in one batch: their order, which depends on the number of workers, cannot matter.
FLAGS = (
    "--epochs=2",
    "--min_steps=0",
    "--sampling=slice",
    "--model=despois",
    "--optimizer=rmsprop",
    "--learning_rate_schedule=constant",
    "--mixup_alpha=0",
    "--lowpass_rows=0",
    "--batch_size=16",
    "--dropout_rate=0",
    "--learning_rate=0.0001",
    "--precision=float32",
)


def source(lengths: list[int]) -> Source:
    paths = tuple(f"shard{i}" for i in range(len(lengths)))
    return Source(paths, tuple(lengths), 16_700, np.arange(sum(lengths)))


@pytest.mark.parametrize(
    ("count", "num_devices", "slices", "rows"),
    [(1, 1, 7, 7), (2, 2, 7, 3), (1, 4, 7, 4), (2, 4, 7, 2)],
)
def test_validation_is_divided_evenly_and_in_order(count, num_devices, slices, rows):
    records = source([slices - 2, 2])
    seen = []
    for index in range(count):
        worker = Worker(index, count, num_devices)
        assert worker.rows(records.num_slices) == rows
        part = records.strided(index, count, rows=rows)
        assert part.num_slices == rows
        seen += part.numbers.tolist()
    assert sorted(seen) == list(range(rows * count))


def test_a_batch_that_cannot_be_divided():
    assert Worker(0, 2, 4).batch_size(8) == 4
    with pytest.raises(UserError, match="--batch_size=110 must be a multiple of the 4 devices"):
        Worker(0, 2, 4).batch_size(110)


def start(
    index: int, records_dir: Path, run_dir: Path, log: IO[bytes], *, port: int, count: int = 2
) -> subprocess.Popen[bytes]:
    addresses = ",".join(f"127.0.0.1:{port + number}" for number in range(count))
    cluster = {"JOB_ADDRESSES": addresses, "NUM_PROCESSES": str(count), "PROCESS_ID": str(index)}
    environment = {f"KERAS_DISTRIBUTION_{name}": value for name, value in cluster.items()}
    strategy = "multiworker" if count > 1 else "one"
    return subprocess.Popen(
        [
            PROGRAM,
            f"--records_dir={records_dir}",
            f"--run_dir={run_dir}",
            f"--strategy={strategy}",
            *FLAGS,
        ],
        env={**os.environ, **environment, "KERAS_BACKEND": "jax", "XLA_FLAGS": ""},
        stdout=log,
        stderr=subprocess.STDOUT,
    )


def figures(run_dir: Path) -> np.ndarray:
    rows: list[EpochMetrics] = read_rows(run_dir / "metrics.csv")
    return np.array([list(row.values())[:-2] for row in rows])


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="JAX supports it")
def test_tensorflow_does_not_support_workers():
    with pytest.raises(UserError, match="needs Keras on JAX: pip install jax"):
        multiworker.join()


def test_two_workers_train_as_one_would_and_come_back(tmp_path):
    """One worker is killed after the first epoch; then both are restarted."""
    pytest.importorskip("jax", minversion="0.5")  # JAX 0.4 has no collectives for CPUs by default
    records_dir = tmp_path / "records"
    config = BuildConfig(dataset="folder", genres=("Folk", "Pop"))
    synthetic.write_records(records_dir, config, tracks_per_genre=2, num_shards=2)
    with (tmp_path / "one.log").open("wb") as log:
        assert start(0, records_dir, tmp_path / "one", log, port=0, count=1).wait(120) == 0

    run_dir = tmp_path / "two"
    logs = [tmp_path / f"{index}.log" for index in range(2)]

    def start_both(port: int) -> list[subprocess.Popen[bytes]]:
        return [
            start(index, records_dir, run_dir, log.open("ab"), port=port)
            for index, log in enumerate(logs)
        ]

    chief, other = start_both(FIRST_PORT)
    deadline = time.monotonic() + 120
    while not (run_dir / "metrics.csv").exists():
        assert time.monotonic() < deadline, [log.read_text() for log in logs]
        time.sleep(0.05)
    other.kill()
    assert chief.wait(120) == 1, logs[0].read_text()
    assert "Another worker is gone" in logs[0].read_text()
    assert len(figures(run_dir)) < 2

    assert [process.wait(120) for process in start_both(FIRST_PORT + 2)] == [0, 0], logs[
        0
    ].read_text()
    assert "it resumes after epoch" in logs[0].read_text()
    np.testing.assert_allclose(figures(run_dir), figures(tmp_path / "one"), rtol=1e-3, atol=1e-4)


def test_synthetic_records_are_complete(tmp_path):
    config = BuildConfig(dataset="folder", genres=("Folk", "Pop"))
    records = synthetic.write_records(tmp_path, config, num_shards=2)
    assert records.manifest.splits["train"].num_slices == 16
    assert verify.verify(records, num_workers=1) == []
