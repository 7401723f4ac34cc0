"""Shows how much of a score is leakage: the same songs, split by slice, by track and by artist.

tfgenre_leak_report --dataset=folder --data_dir=~/Music --epochs=10

Songs are rendered once. The same network is trained on as many slices of each split, for as many
epochs, and tested on 30 % of the songs unless you type --split_ratios. What is finished already is
not done again.
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from absl.flags import FLAGS

from tfgenre import api
from tfgenre.errors import program
from tfgenre.flags import configs, folders
from tfgenre.flags.definitions import LEAK_REPORT
from tfgenre.programs import bars, same_songs
from tfgenre.programs.launch import launch
from tfgenre.quiet import quiet_tensorflow
from tfgenre.records.folder import Records
from tfgenre.training.run_dir import RunDir

_METHODS = ("slice", "track", "artist")
_SPLIT_RATIOS = (70.0, 0.0, 30.0)  # with fewer test songs, the intervals hide most leaks


def main(arguments: list[str]) -> None:
    """Builds, trains and evaluates, and writes the page."""
    chosen = ("split_by", "records_dir", "run_dir")
    configs.refuse(chosen, why="is leak_report's own to choose")
    output_dir = folders.leaks_dir(FLAGS)
    config = configs.train_config(FLAGS)
    built = _build_all(output_dir)
    with quiet_tensorflow(hide_gpus=config.hardware.device == "cpu"):
        from tfgenre.evaluation import leaks
    cap = config.pipeline.slices_per_genre
    at_most = leaks.slices_in_common(built.values(), slices_per_genre=cap)
    found: dict[str, dict[str, Any]] = {}
    for method, records in built.items():
        print(f"\nsplit by {method}")
        run_dir = output_dir / "runs" / method
        api.train(
            records, run_dir, config=config, overwrite=FLAGS.overwrite, at_most=at_most, say=print
        )
        found[method] = api.evaluate(
            run_dir, records_dir=records, batch_size=config.pipeline.batch_size
        )
    last = next(reversed(built.values()))
    report = leaks.compare(found) | {
        "dataset": last.manifest.dataset,
        "genres": list(last.genres),
        "train_slices": sum(at_most),
        "epochs": RunDir(run_dir).read_result()["epochs"],
        "program": program("leak_report"),
        "command": sys.argv[1:],
    }
    leaks.write(report, output_dir)
    print(f"\n{leaks.summary(report)}\n\nreport: {output_dir / 'leaks.html'}")


def _build_all(output_dir: Path) -> dict[str, Records]:
    """Records for each way to split that the collection allows; the songs are rendered once."""
    config = configs.build_config(FLAGS)
    catalogue = bars.load_collection(config, FLAGS)
    methods = _METHODS if catalogue.num_artists_known else _METHODS[:2]
    if not catalogue.num_artists_known:
        print("note: no song's artist is known, so what artists leak cannot be measured")
    split = config.split
    if not configs.is_typed("split_ratios"):
        split = replace(split, split_ratios=_SPLIT_RATIOS)
    splits = {method: replace(split, split_by=method) for method in reversed(methods)}
    built = same_songs.build_each(catalogue, config, splits, output_dir / "records", FLAGS)
    return {method: built[method] for method in methods}


def run() -> None:
    """The installed program."""
    launch(main, doc=sys.modules[__name__].__doc__ or "", flag_names=LEAK_REPORT)
