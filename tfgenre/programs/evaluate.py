"""Scores a trained network on songs it has not seen, and writes a report.

tfgenre_evaluate --run_dir=runs/demo
"""

import json
import sys

from tfgenre.flags import configs, folders
from tfgenre.flags.definitions import EVALUATE, FLAGS
from tfgenre.programs.launch import launch, quiet_tensorflow
from tfgenre.training.run_dir import RunDir


def main(arguments: list[str]) -> None:
    """Evaluates the run that the flags name."""
    run_dir = RunDir(folders.run_dir(FLAGS))
    for read in (run_dir.read_manifest, run_dir.read_result):
        read()  # what is wrong is told before TensorFlow is imported
    given = FLAGS if FLAGS.records_dir else configs.read_flags(run_dir.flags)
    records_dir = folders.records_dir(given)
    batch_size = configs.batch_size(FLAGS)
    with quiet_tensorflow():
        from tfgenre.evaluation import evaluate, report
    found = report.evaluate_run(run_dir, records_dir, split=FLAGS.split, batch_size=batch_size)
    print(json.dumps(found) if FLAGS.json else evaluate.summary(found))
    if not FLAGS.json:
        print(f"report: {run_dir.report(FLAGS.split)}")


def run() -> None:
    """The installed program."""
    launch(main, doc=sys.modules[__name__].__doc__ or "", flag_names=EVALUATE)
