"""Shows how much of a score is leakage: the same songs, split by slice, by track and by artist.

tools/leak_report --dataset=folder --data_dir=~/Music --epochs=10

Songs are rendered once. The same network is trained on as many slices of each split, for as many
epochs. What is finished already is not done again.
"""

import sys
from dataclasses import replace
from pathlib import Path

from tfgenre.building.plan import make_plan
from tfgenre.building.resplit import ResplitRunner
from tfgenre.flags import configs, folders
from tfgenre.flags.definitions import FLAGS, LEAKS
from tfgenre.programs.launch import launch, quiet_tensorflow
from tfgenre.programs.make_records import build_with_bar, load_catalogue
from tfgenre.records.manifest import Manifest
from tfgenre.training.config import TrainConfig
from tfgenre.training.run_dir import RunDir

_METHODS = ("slice", "track", "artist")
Built = dict[str, tuple[Path, Manifest]]


def main(arguments: list[str]) -> None:
    """Builds, trains and judges, and writes the page."""
    chosen = ("split_by", "records_dir", "run_dir")
    configs.refuse(FLAGS, chosen, why="is leak_report's own to choose")
    output_dir = folders.leaks_dir(FLAGS)
    config = configs.train_config(FLAGS)
    built = _build_all(output_dir)
    with quiet_tensorflow():
        from tfgenre.evaluation import leaks
    at_most = leaks.slices_in_common(built, slices_per_genre=config.pipeline.slices_per_genre)
    found = {}
    for method, (records_dir, contents) in built.items():
        print(f"\nsplit by {method}")
        found[method] = _train_and_judge(
            output_dir / "runs" / method, records_dir, contents, config, at_most
        )
    last = next(reversed(built.values()))[1]
    report = leaks.compare(found) | {
        "dataset": last.dataset,
        "genres": list(last.genres),
        "train_slices": sum(at_most),
        "epochs": config.total_epochs,
        "command": sys.argv[1:],
    }
    leaks.write(report, output_dir)
    print(f"\n{leaks.summary(report)}\n\nreport: {output_dir / 'leaks.html'}")


def _build_all(output_dir: Path) -> Built:
    """Records for each way to split that the collection allows; the songs are rendered once."""
    config, runner = configs.build_config(FLAGS), configs.runner(FLAGS)
    catalogue = load_catalogue(config, folders.data_dir(FLAGS))
    methods = _METHODS if catalogue.num_artists_known else _METHODS[:2]
    if not catalogue.num_artists_known:
        print("note: no song's artist is known, so what artists leak cannot be told")
    built: Built = {}
    done = "rendered"
    for method in reversed(methods):
        split = replace(config.split, split_by=method)
        plan = make_plan(catalogue, replace(config, split=split), shard_mb=configs.shard_mb(FLAGS))
        records_dir = output_dir / "records" / method
        print(f"records split by {method}: {records_dir}")
        built[method] = records_dir, build_with_bar(plan, records_dir, runner, done=done)
        runner, done = ResplitRunner(*built[methods[-1]]), "dealt to splits"
    return {method: built[method] for method in methods}


def _train_and_judge(
    path: Path, records_dir: Path, contents: Manifest, config: TrainConfig, at_most: list[int]
) -> dict[str, object]:
    """The figures of a run, trained now or before."""
    from tfgenre.evaluation import report
    from tfgenre.training.train import train

    run_dir = RunDir(path)
    if FLAGS.overwrite:
        run_dir.discard()
    flags = configs.run_flags(FLAGS, records_dir=records_dir, run_dir=path)
    if not run_dir.claim(flags, contents):
        train(records_dir, contents, run_dir, config, at_most=at_most)
    return report.evaluate_run(
        run_dir, records_dir, split="test", batch_size=config.pipeline.batch_size
    )


def run() -> None:
    """The installed program."""
    launch(main, doc=sys.modules[__name__].__doc__ or "", flag_names=LEAKS)
