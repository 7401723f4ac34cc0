"""Predicts the genre of songs, and writes it into their tags if asked to.

tfgenre_predict --run_dir=runs/demo song.mp3 ~/Music/new
tfgenre_predict --run_dir=runs/demo --write_tags --dry_run ~/Music/new
tfgenre_predict --undo_tags=runs/tags-20260131-120000.jsonl
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from absl.flags import FLAGS
from tqdm import tqdm

from tfgenre import api
from tfgenre.errors import UserError
from tfgenre.flags import configs, folders
from tfgenre.flags.definitions import PREDICT
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
    if config.tag.writes:
        log = folders.output_file("tags_log", config.tag.tags_log or tag_log.new_name())
        config = replace(config, tag=replace(config.tag, tags_log=str(log)))
    output_format = _output_format()
    run_dir = folders.trained(FLAGS)
    genres = run_dir.read_manifest().genres
    found: list[int] = []
    predictions = api.predict(
        run_dir,
        arguments,
        config=config,
        plot_dir=folders.plot_dir(FLAGS),
        batch_size=configs.batch_size(FLAGS),
        num_workers=configs.num_workers(FLAGS),
        on_found=found.append,
    )
    (num_songs,) = found
    failed = _print(predictions, num_songs, output_format=output_format, genres=genres)
    if config.tag.writes and log.exists():
        print(f"What was written is undone by --undo_tags={log}", file=sys.stderr)
    if failed:
        words = "used or tagged" if config.tag.write_tags else "used"
        print(f"{failed} of {num_songs} songs could not be {words}", file=sys.stderr)
    return 1 if failed else 0


def _print(
    predictions: Iterator[Prediction],
    num_songs: int,
    *,
    output_format: str,
    genres: Sequence[str],
) -> int:
    """Prints predictions as they come, and returns how many songs failed."""
    failed = 0
    with tqdm(total=num_songs, unit="song", desc="predicting", disable=None) as bar:

        def counted() -> Iterator[Prediction]:
            nonlocal failed
            for prediction in predictions:
                failed += prediction.failed
                bar.update()
                yield prediction

        for line in lines(counted(), output_format=output_format, genres=genres):
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


def _output_format() -> str:
    if FLAGS.json and FLAGS.output_format not in (None, "json"):
        raise UserError(
            f"--json and --output_format={FLAGS.output_format} contradict each other: give one of "
            "them."
        )
    return "json" if FLAGS.json else FLAGS.output_format or "table"


def run() -> None:
    """The installed program."""
    launch(
        main,
        doc=sys.modules[__name__].__doc__ or "",
        flag_names=PREDICT,
        takes_paths=True,
    )
