"""Trains the network on a folder of records.

tfgenre_train --flagfile=flags/exp20.cfg
"""

import sys

from absl.flags import FLAGS

from tfgenre import api
from tfgenre.flags import configs, folders
from tfgenre.flags.definitions import TRAIN
from tfgenre.programs.launch import launch
from tfgenre.records.folder import Records
from tfgenre.training.run_dir import RunDir


def main(arguments: list[str]) -> None:
    """Trains as the flags describe, unless that was done before."""
    config = configs.train_config(FLAGS)
    records_dir = folders.records_dir(FLAGS)
    run_dir = RunDir(folders.run_dir(FLAGS))
    records = Records.open(records_dir)
    configs.check_records(FLAGS, records)
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        print(line)

    api.train(records, run_dir, config=config, overwrite=FLAGS.overwrite, say=say)
    if not said:
        print(f"{run_dir.path} is trained already")
    result = run_dir.read_result()
    kept, accuracy = result["best"], result["best"]["validation_accuracy"]
    is_last = result.get("kept") == "last"
    print(
        f"{'kept: the last' if is_last else 'best:'} epoch {kept['epoch']}"
        + ("" if accuracy is None else f", validation accuracy {accuracy:.3f}")
        + f" ({result['epochs']} epochs, {result['seconds']:,.0f} s, "
        f"{result['peak_memory_mb']:,} MB)\nrun: {run_dir.path}"
    )


def run() -> None:
    """The installed program."""
    launch(main, doc=sys.modules[__name__].__doc__ or "", flag_names=TRAIN)
