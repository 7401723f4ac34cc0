"""Trains the network on a folder of records.

tfgenre_train --flagfile=flags/exp20.cfg
"""

import sys

from tfgenre.flags import configs, folders
from tfgenre.flags.definitions import FLAGS, TRAIN
from tfgenre.programs.launch import launch, quiet_tensorflow
from tfgenre.records import manifest
from tfgenre.training.run_dir import RunDir


def main(arguments: list[str]) -> None:
    """Trains as the flags describe, unless that was done before."""
    config = configs.train_config(FLAGS)
    records_dir = folders.records_dir(FLAGS)
    run_dir = RunDir(folders.run_dir(FLAGS))
    contents = manifest.read(records_dir)
    configs.check_records(FLAGS, records_dir, contents)
    if FLAGS.overwrite:
        run_dir.discard()
    flags = configs.run_flags(FLAGS, records_dir=records_dir, run_dir=run_dir.path)
    if run_dir.claim(flags, contents):
        result = run_dir.read_result()
        print(f"{run_dir.path} is trained already")
    else:
        with quiet_tensorflow():
            from tfgenre.training.train import train
        result = train(records_dir, contents, run_dir, config)
    best = result["best"]
    print(
        f"best: epoch {best['epoch']}, validation accuracy {best['validation_accuracy']:.3f} "
        f"({result['epochs']} epochs, {result['seconds']:,.0f} s, "
        f"{result['peak_memory_mb']:,} MB)\nrun: {run_dir.path}"
    )


def run() -> None:
    """The installed program."""
    launch(main, doc=sys.modules[__name__].__doc__ or "", flag_names=TRAIN)
