"""Scores a trained network on songs it has not seen, and writes a report.

tfgenre_evaluate --run_dir=runs/demo
"""

import json
import sys

from tfgenre import manifest, settings, track_table
from tfgenre.files import write_json
from tfgenre.flags import EVALUATE, FLAGS
from tfgenre.programs.launch import launch, quiet_tensorflow
from tfgenre.run_dir import RunDir


def main(arguments: list[str]) -> None:
    """Evaluates the run that the flags name."""
    run_dir = RunDir(settings.run_dir(FLAGS))
    trained_on = run_dir.read_manifest()
    result = run_dir.read_result()
    batch_size = settings.batch_size(FLAGS)
    given = FLAGS if FLAGS.records_dir else settings.read_flags(run_dir.flags)
    records_dir = settings.records_dir(given)
    contents = manifest.read(records_dir)
    with quiet_tensorflow():
        from tfgenre import evaluate, report
    evaluate.check_fits(trained_on, contents, records_dir)
    model = run_dir.load_best_model(num_genres=len(trained_on.genres))
    verdicts = evaluate.judge(model, records_dir, contents, FLAGS.split, batch_size=batch_size)
    found = evaluate.score(
        verdicts,
        contents,
        split=FLAGS.split,
        trained_on=trained_on,
        artists=track_table.read_artists(records_dir),
    )
    write_json(run_dir.evaluation(FLAGS.split), found)
    report.write_report(
        run_dir, found, verdicts, result=result, records_dir=records_dir, contents=contents
    )
    print(json.dumps(found) if FLAGS.json else evaluate.summary(found))
    if not FLAGS.json:
        print(f"report: {run_dir.report(FLAGS.split)}")


def run() -> None:
    """The installed program."""
    launch(main, doc=sys.modules[__name__].__doc__ or "", flag_names=EVALUATE)
