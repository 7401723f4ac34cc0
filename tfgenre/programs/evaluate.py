"""Scores a trained network on songs it has not seen, and writes a report.

tfgenre_evaluate --run_dir=runs/demo
"""

import json
import sys

from absl.flags import FLAGS

from tfgenre import api
from tfgenre.flags import configs, folders
from tfgenre.flags.definitions import EVALUATE
from tfgenre.programs.launch import launch


def main(arguments: list[str]) -> None:
    """Evaluates the run that the flags name."""
    run_dir = folders.trained(FLAGS)
    found = api.evaluate(
        run_dir,
        records_dir=folders.records_dir(FLAGS) if FLAGS.records_dir else None,
        split=FLAGS.split,
        batch_size=configs.batch_size(FLAGS),
    )
    if FLAGS.json:
        print(json.dumps(found, allow_nan=False))
        return
    from tfgenre.evaluation.evaluate import summary

    print(f"{summary(found)}\nreport: {run_dir.report(FLAGS.split)}")


def run() -> None:
    """The installed program."""
    launch(main, doc=sys.modules[__name__].__doc__ or "", flag_names=EVALUATE)
