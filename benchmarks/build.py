"""Songs per second of the whole `tools/make_records` program, by 1 and 2 render processes.

python -m benchmarks.build [--data_dir=~/Music]

The program starts, renders, and writes the shards and the manifest. "first s" is the time until
the first shard of training slices exists.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import inputs, script
from benchmarks.ways import Benchmark, Done, Turn, Way
from tfgenre.audio.search import find_songs

_CODE = "from tfgenre.programs import make_records; make_records.run()"


def build(data_dir: str, num_songs: int, *, num_workers: int, flags: Sequence[str] = ()) -> Turn:
    """A build of all songs."""

    def turn() -> Done:
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-c", _CODE, "--dataset=folder", f"--data_dir={data_dir}"]
            command += [f"--records_dir={folder}/r", f"--num_workers={num_workers}"]
            command += ["--nodrop_duplicates", *flags]  # many are copies
            with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
                while not list(Path(folder, "r").rglob("*-train.tfrecord-*")):
                    if process.poll():
                        raise ChildProcessError(f"make_records exited with {process.returncode}")
                    time.sleep(0.01)
                first_s = time.perf_counter() - started
        return Done(num_songs, {"first s": first_s})

    return turn


def prepare(folder: Path, smoke: bool) -> dict[str, Any]:
    """Finds the songs of --data_dir, or writes some."""
    data_dir = script.folder_of(
        script.DATA_DIR, lambda: inputs.songs(folder / "songs", num_songs=12 if smoke else 480)
    )
    data_dir = os.path.abspath(data_dir)
    return {"data_dir": data_dir, "num_songs": len(find_songs([data_dir]))}


BENCHMARK = Benchmark(
    "benchmarks.build",
    unit="songs",
    ways={
        "one": Way("1 render process", partial(build, num_workers=1), warm_up=False),
        "two": Way("2 render processes", partial(build, num_workers=2), warm_up=False),
    },
    references=("one",),
    prepare=prepare,
)

if __name__ == "__main__":
    script.run(BENCHMARK)
