"""Training from records against training on one batch that is already there, by number format.

python -m benchmarks.train [--records_dir=data/records/demo-50px] [--rounds=7]

What the second is faster by is what reading, parsing and shuffling cost. Each number format has a
process of its own, in which both ways take turns; then all formats have theirs. A ratio is the
median of its rounds' ratios. CPU time is that process'.
"""

import json
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from absl import app, flags

from benchmarks.measuring import ratio, timed

_RECORDS_DIR = flags.DEFINE_string(
    "records_dir", None, "Records to train on; if not given, 4,800 made-up slices."
)
_ROUNDS = flags.DEFINE_integer("rounds", 7, "How often each way has its turn.", lower_bound=1)
_STEPS = flags.DEFINE_integer("steps", 10, "Batches a turn.", lower_bound=1)
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 110, "Slices a batch.", lower_bound=1)
_PRECISIONS = flags.DEFINE_list("precisions", ["float32", "mixed_bfloat16"], "Number formats.")
_MEASURE = flags.DEFINE_string("measure", None, "Used by the program itself.")

WAYS = ("one batch", "records")


def measure(precision: str, records_dir: Path) -> dict[str, Any]:
    """In this process: seconds [rounds, ways, wall and CPU], and slices/s of reading only."""
    import tensorflow as tf

    from tfgenre import hardware, manifest, training_data
    from tfgenre.input_clock import slices_a_second
    from tfgenre.train import compiled_model
    from tfgenre.train_config import HardwareConfig, PipelineConfig, TrainConfig

    config = TrainConfig(
        pipeline=PipelineConfig(batch_size=_BATCH_SIZE.value),
        hardware=HardwareConfig(precision=precision),
    )
    hardware.prepare(config.hardware, seed=0)
    contents = manifest.read(records_dir)
    data = training_data.find(records_dir, contents, config, cache_dir=Path())
    model = compiled_model(config, data)
    from_records = data.epoch(0, config)
    batch = next(iter(from_records))
    inputs = (tf.data.Dataset.from_tensors(batch).cache(), from_records)
    model.fit(inputs[0].repeat(2), verbose=0)
    rounds = []
    for _ in range(_ROUNDS.value):
        turns = []
        for dataset in inputs:
            batches = dataset.repeat().take(_STEPS.value)
            turns.append(timed(partial(model.fit, batches, verbose=0, shuffle=False)))
        rounds.append(turns)
    return {"rounds": rounds, "ceiling": slices_a_second(from_records, seconds=2)}


def in_a_process(precision: str, records_dir: Path) -> tuple[np.ndarray, float]:
    """What `measure` finds in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.train", *sys.argv[1:]]
    command += [f"--measure={precision}", f"--records_dir={records_dir}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return np.array(found["rounds"]), found["ceiling"]


def show(records_dir: Path) -> None:
    """Measures and prints."""
    num_slices = _STEPS.value * _BATCH_SIZE.value
    print(f"{'precision':<16}{'way':<12}{'slices/s':>10}{'CPU s':>8}{'of one batch':>22}")
    for precision in _PRECISIONS.value:
        rounds, ceiling = in_a_process(precision, records_dir)
        for column, way in enumerate(WAYS):
            wall, cpu = np.median(rounds[:, column], axis=0)
            speed = ratio(rounds[:, 0, 0] / rounds[:, column, 0])
            print(f"{precision:<16}{way:<12}{num_slices / wall:>10.1f}{cpu:>8.1f}{speed:>22}")
        print(f"{precision:<16}{'no network':<12}{ceiling:>10.0f}")


def main(argv: list[str]) -> None:
    """Measures and prints, or measures for the process that does."""
    if len(argv) > 1:
        raise app.UsageError(f"Unexpected arguments: {' '.join(argv[1:])}")
    if _MEASURE.value:
        print(json.dumps(measure(_MEASURE.value, Path(_RECORDS_DIR.value))))
        return
    if _RECORDS_DIR.value:
        show(Path(_RECORDS_DIR.value).expanduser())
        return
    from tfgenre import synthetic
    from tfgenre.config import BuildConfig

    with tempfile.TemporaryDirectory() as folder:
        config = BuildConfig(dataset="folder")
        synthetic.write_records(Path(folder), config, tracks_a_genre=20, num_shards=20)
        show(Path(folder))


if __name__ == "__main__":
    app.run(main)
