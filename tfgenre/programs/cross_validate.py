"""Scores a network on every song: each is predicted by one that was not trained on its artist.

tfgenre_cross_validate --flagfile=flags/best.cfg --data_dir=~/Music --folds=5

The songs are rendered once, and divided into folds. For each, a network is trained on the others.
What is finished already is not done again.
"""

import sys
from dataclasses import replace
from pathlib import Path

from absl.flags import FLAGS

from tfgenre import api
from tfgenre.errors import program
from tfgenre.flags import configs, folders
from tfgenre.flags.definitions import CROSS_VALIDATE
from tfgenre.programs import bars, same_songs
from tfgenre.programs.launch import launch
from tfgenre.quiet import quiet_tensorflow
from tfgenre.records.folder import Records
from tfgenre.training.run_dir import RunDir

_FOLDS = 5


def main(arguments: list[str]) -> None:
    """Builds, trains and scores, and writes the pages and the tables."""
    chosen = ("records_dir", "run_dir", "fold")
    configs.refuse(chosen, why="is cross_validate's own to choose")
    output_dir = folders.cross_validation_dir(FLAGS)
    config = configs.train_config(FLAGS)
    folds = _build_folds(output_dir)
    with quiet_tensorflow(hide_gpus=config.hardware.device == "cpu"):
        from tfgenre.evaluation import audit, cross_validation
    runs: list[RunDir] = []
    for number, records in enumerate(folds, start=1):
        print(f"\nfold {number} of {len(folds)}")
        run_dir = output_dir / "runs" / str(number)
        runs.append(
            api.train(records, run_dir, config=config, overwrite=FLAGS.overwrite, say=print)
        )
    predictions = cross_validation.predict(runs, folds, batch_size=config.pipeline.batch_size)
    found = cross_validation.score(predictions, folds, vote=config.vote)
    found |= {"program": program("cross_validate"), "command": sys.argv[1:]}
    cross_validation.write(found, output_dir)
    audit.write(found, predictions, folds, output_dir)
    print(f"\n{cross_validation.summary(found)}\n")
    print(f"report: {output_dir / cross_validation.PAGE}")
    print(f"labels to check: {output_dir / audit.PAGE}, {output_dir / 'audit.csv'}")


def _build_folds(output_dir: Path) -> list[Records]:
    """The records of each fold; the songs are rendered once."""
    config = configs.build_config(FLAGS)
    catalogue = bars.load_collection(config, FLAGS)
    count = config.split.folds or _FOLDS
    splits = {
        str(number + 1): replace(config.split, folds=count, fold=number) for number in range(count)
    }
    built = same_songs.build_each(catalogue, config, splits, output_dir / "records", FLAGS)
    return list(built.values())


def run() -> None:
    """The installed program."""
    launch(main, doc=sys.modules[__name__].__doc__ or "", flag_names=CROSS_VALIDATE)
