"""Builds, trains and evaluates flag files one after the other, and compares the results.

tfgenre_experiments --flagfiles=flags/exp*.cfg

Flags of make_records and tfgenre_train that are given go to every experiment. What is finished
already is not done again.
"""

import sys
from dataclasses import replace
from pathlib import Path

from absl import flags
from absl.flags import FLAGS

from tfgenre.flags import configs, folders
from tfgenre.flags.definitions import BUILD, EXPERIMENTS, TRAIN
from tfgenre.programs.launch import launch
from tfgenre.records import synthetic
from tfgenre.training.run_dir import RunDir

_NOTE = (
    "The seed counted slices, and shuffled them before it split them, so it had trained on other "
    "slices of the songs it was tested on. Ours are tested on songs of artists that are not in "
    "training, where the collection knows artists."
)
_SMOKE_NOTE = (
    "Smoke: each flag file, for two epochs on a few made-up slices. It shows that all of them "
    "work, and nothing else."
)
_SMOKE_FLAGS = ("--epochs=2", "--min_steps=0", "--batch_size=16")
_SMOKE_PARTITIONS = 2


def main(arguments: list[str]) -> int:
    """Runs the experiments; returns 1 if one failed."""
    from tfgenre.evaluation import experiments

    folders_of_one = ("records_dir", "run_dir")
    configs.refuse(folders_of_one, why="cannot be the same for several experiments")
    flag_files = experiments.find_flag_files(FLAGS.flagfiles)
    values = [configs.read_flags(flag_file) for flag_file in flag_files]
    output_dir = folders.output_dir(FLAGS)
    note = _SMOKE_NOTE if FLAGS.smoke else _NOTE
    outcomes = []
    for number, flag_file in enumerate(flag_files):
        print(f"\n{flag_file} ({number + 1} of {len(flag_files)})", flush=True)
        seeds = experiments.seeds_result(flag_file)
        run_dir, commands = _commands(flag_file, values[number], output_dir)
        failed = next(filter(None, (experiments.run(*command) for command in commands)), "")
        outcomes.append(
            replace(seeds, failed=failed) if failed else experiments.read_outcome(seeds, run_dir)
        )
        experiments.write(outcomes, output_dir, note=note)
    print(f"\n{experiments.table(outcomes)}\n\ntable and plot: {output_dir / 'experiments.md'}")
    return int(any(outcome.failed for outcome in outcomes))


def _commands(
    flag_file: Path, values: flags.FlagValues, output_dir: Path
) -> tuple[RunDir, list[tuple[str, list[str]]]]:
    """The folder of an experiment's run, and the commands that fill it."""
    given = [f"--flagfile={flag_file}"]
    if FLAGS.smoke:
        run_dir = output_dir / "runs" / flag_file.stem
        records_dir = output_dir / "records" / flag_file.stem
        partitions = min(values.partitions, _SMOKE_PARTITIONS)
        synthetic.write_records(
            records_dir, configs.build_config(values), tracks_per_genre=2 * partitions
        )
        places = [f"--records_dir={records_dir}", f"--run_dir={run_dir}"]
        given += [*places, *_SMOKE_FLAGS, f"--partitions={partitions}", "--overwrite"]
        builds = []
    else:
        run_dir = folders.run_dir(values)
        builds = [("tfgenre_make_records", given + _passed_on(BUILD))]
    return RunDir(run_dir), [
        *builds,
        ("tfgenre_train", given + _passed_on(TRAIN)),
        ("tfgenre_evaluate", [f"--run_dir={run_dir}", *_passed_on(("batch_size",))]),
    ]


def _passed_on(names: tuple[str, ...]) -> list[str]:
    """The flags among some that were given, as they would be typed."""
    return [FLAGS[name].serialize() for name in names if FLAGS[name].present]


def run() -> None:
    """The installed program."""
    launch(main, doc=sys.modules[__name__].__doc__ or "", flag_names=EXPERIMENTS)
