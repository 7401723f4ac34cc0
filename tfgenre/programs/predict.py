"""Predicts the genre of songs, and writes it into their tags if asked to.

tfgenre_predict --run_dir=runs/demo song.mp3 ~/Music/new
tfgenre_predict --run_dir=runs/demo --results=music.csv ~/Music
tfgenre_predict --run_dir=runs/demo --write_tags --dry_run ~/Music/new
tfgenre_predict --undo_tags=runs/tags-20260131-120000.jsonl
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from absl.flags import FLAGS
from tqdm import tqdm

from tfgenre import api
from tfgenre.errors import UserError
from tfgenre.flags import configs, folders
from tfgenre.flags.definitions import PREDICT
from tfgenre.prediction import overview
from tfgenre.prediction.config import PredictConfig, TagConfig
from tfgenre.prediction.result import Prediction, lines
from tfgenre.programs.launch import launch
from tfgenre.tagging import log as tag_log


def main(arguments: list[str]) -> int:
    """Predicts the songs among the arguments; 1 if one could not be used or tagged."""
    tag = configs.from_flags(TagConfig, FLAGS)
    if tag.undo_tags is not None:
        return _undo(Path(tag.undo_tags), arguments, dry_run=tag.dry_run)
    config = configs.from_flags(PredictConfig, FLAGS)
    config = replace(config, tag=config.tag.with_log())
    log = config.tag.tags_log
    output_format = _output_format(config)
    run_dir = folders.trained(FLAGS)
    genres = run_dir.read_manifest().genres
    overviews: list[overview.Overview] = []
    with tqdm(unit="song", desc="predicting", disable=None) as bar:
        predictions = api.predict(
            run_dir,
            arguments,
            config=config,
            plot_dir=folders.plot_dir(FLAGS),
            batch_size=configs.batch_size(FLAGS),
            num_workers=configs.num_workers(FLAGS),
            on_found=bar.reset,
            on_known=bar.update,
            on_overview=overviews.append,
        )
        failed = _print(predictions, bar, output_format=output_format, genres=genres)
    for found in overviews:
        print("\n".join(found.lines()))
        print(f"The page of the collection: {overview.page_of(config.results or '')}")
    if log is not None and Path(log).exists():
        print(f"What was written is undone by --undo_tags={log}", file=sys.stderr)
    if failed:
        words = "used or tagged" if config.tag.write_tags else "used"
        print(f"{failed} of {bar.total} songs could not be {words}", file=sys.stderr)
    return 1 if failed else 0


def _print(
    predictions: Iterator[Prediction],
    bar: "tqdm[NoReturn]",
    *,
    output_format: str | None,
    genres: Sequence[str],
) -> int:
    """Prints predictions as they come, if there is a format, and returns how many songs failed."""
    failed = 0

    def counted() -> Iterator[Prediction]:
        nonlocal failed
        for prediction in predictions:
            failed += prediction.failed
            bar.update()
            yield prediction

    for line in lines(counted(), output_format=output_format or "table", genres=genres):
        if output_format is not None:
            tqdm.write(line, file=sys.stdout)
    return failed


def _undo(log: Path, arguments: list[str], *, dry_run: bool) -> int:
    """Undoes the changes in a log; 1 if some could not be undone."""
    if arguments:
        raise UserError(
            f"--undo_tags={log} knows its songs: leave out {' '.join(arguments)}, or the flag."
        )
    failed = 0
    for line, is_well in tag_log.undo(log, dry_run=dry_run):
        failed += not is_well
        print(line)
    if failed:
        print(f"{failed} changes could not be undone", file=sys.stderr)
    return 1 if failed else 0


def _output_format(config: PredictConfig) -> str | None:
    """How predictions are printed; None: they are in --results, and not printed."""
    if FLAGS.json and FLAGS.output_format not in (None, "json"):
        raise UserError(
            f"--json and --output_format={FLAGS.output_format} contradict each other: give one of "
            "them."
        )
    asked = "json" if FLAGS.json else FLAGS.output_format
    if config.results is None or config.tag.dry_run:
        return asked or "table"
    if asked is not None:
        raise UserError(
            f"--results={config.results} takes the predictions, in the format of its name: leave "
            "out --output_format and --json."
        )
    return None


def run() -> None:
    """The installed program."""
    launch(
        main,
        doc=sys.modules[__name__].__doc__ or "",
        flag_names=PREDICT,
        takes_paths=True,
    )
