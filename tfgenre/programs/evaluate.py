"""Scores a trained network on songs it has not seen, and writes a report.

tfgenre_evaluate --run_dir=runs/demo
"""

import json
import sys
from pathlib import Path

from tfgenre import manifest, settings
from tfgenre.flags import EVALUATE, FLAGS
from tfgenre.programs.launch import launch, quiet_tensorflow
from tfgenre.run_dir import RunDir, write_json


def main(arguments: list[str]) -> None:
    """Evaluates the run that the flags name."""
    run_dir = RunDir(settings.run_dir(FLAGS))
    trained_on = run_dir.read_manifest()
    run_flags = settings.read_flags(run_dir.flags)
    records_dir = Path(FLAGS.records_dir or run_flags.records_dir)
    contents = manifest.read(records_dir)
    with quiet_tensorflow():
        from tfgenre import evaluate, report
    evaluate.check_fits(trained_on, contents, records_dir)
    verdicts = evaluate.judge(
        run_dir.load_best_model(), records_dir, contents, FLAGS.split, batch_size=FLAGS.batch_size
    )
    found = evaluate.score(verdicts, contents) | {"split": FLAGS.split}
    write_json(run_dir.evaluation(FLAGS.split), found)
    report.write_report(run_dir, found, verdicts, records_dir=records_dir, contents=contents)
    if FLAGS.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        print(evaluate.summary(found))
        print(f"report: {run_dir.report}")


def run() -> None:
    """The installed program."""
    launch(main, doc=sys.modules[__name__].__doc__ or "", flag_names=EVALUATE)
