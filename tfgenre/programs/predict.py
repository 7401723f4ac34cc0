"""Tells the genre of songs, and writes it into their tags if asked to.

tfgenre_predict --run_dir=runs/demo song.mp3 ~/Music/new
tfgenre_predict --run_dir=runs/demo --write_tags --dry_run ~/Music/new
tfgenre_predict --undo_tags=runs/tags-20260131-120000.jsonl
"""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from tfgenre.audio.search import find_songs
from tfgenre.config import RenderConfig
from tfgenre.errors import UserError
from tfgenre.flags import configs, folders
from tfgenre.flags.definitions import FLAGS, PREDICT
from tfgenre.flags.prediction import TAGGING, VOTING
from tfgenre.prediction import tag_log
from tfgenre.prediction.config import UNSURE, TagConfig, VoteConfig
from tfgenre.prediction.result import Prediction, lines
from tfgenre.prediction.tagging import CannotTag
from tfgenre.programs.launch import launch, quiet_tensorflow
from tfgenre.records.manifest import Manifest
from tfgenre.spectrogram.render import check_renderer
from tfgenre.training.run_dir import RunDir


def main(arguments: list[str]) -> int:
    """Predicts the songs among the arguments; 1 if one could not be used or tagged."""
    tag_config = TagConfig(**{name: FLAGS[name].value for name in TAGGING})
    if tag_config.undo_tags is not None:
        return _undo(Path(tag_config.undo_tags), arguments, dry_run=tag_config.dry_run)
    vote_config = VoteConfig(**{name: FLAGS[name].value for name in VOTING})
    output_format, log, plot_dir = _output_format(), _log(tag_config), folders.plot_dir(FLAGS)
    run_dir = RunDir(folders.run_dir(FLAGS))
    trained_on = run_dir.read_manifest()
    songs = find_songs(arguments)
    predictions = _predict(run_dir, trained_on, songs, vote_config, plot_dir)
    if tag_config.write_tags:
        predictions = (_tagged(prediction, tag_config, log) for prediction in predictions)
    failed = _print(predictions, len(songs), output_format=output_format, genres=trained_on.genres)
    if log is not None and log.exists():
        print(f"What was written is undone by --undo_tags={log}", file=sys.stderr)
    if failed:
        words = "used or tagged" if tag_config.write_tags else "used"
        print(f"{failed} of {len(songs)} songs could not be {words}", file=sys.stderr)
    return 1 if failed else 0


def _predict(
    run_dir: RunDir,
    trained_on: Manifest,
    songs: list[str],
    vote_config: VoteConfig,
    plot_dir: Path | None,
) -> Iterator[Prediction]:
    """Loads the network; then come the songs' predictions, drawn if there is a folder for that."""
    batch_size, num_workers = configs.batch_size(FLAGS), configs.num_workers(FLAGS)
    render_config = RenderConfig(**trained_on.config["render"])
    check_renderer(render_config)
    with quiet_tensorflow():
        from tfgenre.prediction import vote_plot
        from tfgenre.prediction.predict import judge_songs
        from tfgenre.prediction.votes import JudgedSong, decide
    judged = judge_songs(
        run_dir.load_best_model(num_genres=len(trained_on.genres)),
        songs,
        config=render_config,
        batch_size=batch_size,
        num_workers=min(num_workers, len(songs)),
        keep_pictures=plot_dir is not None,
    )
    top = os.path.commonpath([os.path.dirname(os.path.abspath(song)) for song in songs])

    def predictions() -> Iterator[Prediction]:
        for path, song in zip(songs, judged, strict=True):
            prediction = decide(path, song, genres=trained_on.genres, config=vote_config)
            if plot_dir is not None and isinstance(song, JudgedSong):
                name = os.path.relpath(os.path.abspath(path), top)
                figure = vote_plot.draw(
                    song,
                    genres=trained_on.genres,
                    pixels_per_second=render_config.pixels_per_second,
                )
                vote_plot.write(figure, prediction, plot_dir / f"{name}.png")
            yield prediction

    return predictions()


def _tagged(prediction: Prediction, config: TagConfig, log: Path | None) -> Prediction:
    """Writes a prediction's genre into its song, and what came of that into the prediction."""
    if prediction.genre is None:
        return prediction
    if prediction.genre == UNSURE:
        return replace(prediction, tag="not tagged")
    try:
        done = tag_log.write_genre(
            prediction.path, prediction.genre, overwrite=config.overwrite_tags, log=log
        )
    except CannotTag as error:
        return replace(prediction, tag_error=str(error))
    return replace(prediction, tag=done)


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
    """Undoes what a log tells; 1 if some of it could not be."""
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


def _log(config: TagConfig) -> Path | None:
    """The file to log changes to; None if nothing is to be changed."""
    if not config.write_tags or config.dry_run:
        return None
    name = config.tags_log or time.strftime("runs/tags-%Y%m%d-%H%M%S.jsonl")
    return folders.output_file("tags_log", name)


def run() -> None:
    """The installed program."""
    launch(
        main,
        doc=sys.modules[__name__].__doc__ or "",
        flag_names=PREDICT,
        takes_paths=True,
    )
