"""The public API: what the programs call, with paths and options in and objects out.

    load_collection -> build -> train -> evaluate, predict, export_model

Options are keyword arguments with the names of flags, or one config object. TensorFlow is imported
when it is needed, after all that can be checked without it.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tfgenre import datasets, storage
from tfgenre.audio.search import find_songs
from tfgenre.building import build as builds
from tfgenre.building.build import Runner
from tfgenre.building.local import LocalRunner
from tfgenre.building.plan import make_plan
from tfgenre.config import BATCH_SIZE, SPLITS, BuildConfig, check_choice, check_range
from tfgenre.datasets import Catalogue
from tfgenre.export.folder import check_export_dir, check_formats, find_records
from tfgenre.options import config_of, options_of
from tfgenre.prediction.collection import Collection, predict_collection
from tfgenre.prediction.config import PredictConfig
from tfgenre.prediction.overview import Overview
from tfgenre.prediction.result import Prediction
from tfgenre.quiet import quiet_tensorflow
from tfgenre.records.folder import Records
from tfgenre.spectrogram.workers import num_processes
from tfgenre.storage import AnyPath
from tfgenre.training.averaged import open_runs
from tfgenre.training.claim import claim, locked
from tfgenre.training.config import TrainConfig
from tfgenre.training.run_dir import RunDir
from tfgenre.training.trained import open_trained

if TYPE_CHECKING:
    from tfgenre.export.export import Exported


def load_collection(
    data_dir: AnyPath | None = None,
    dataset: str | None = None,
    *,
    config: BuildConfig | None = None,
    on_compared: Callable[[int, int], object] = lambda count, total: None,
    **options: Any,
) -> Catalogue:
    """Reads which songs a collection holds; no sound is decoded.

    Args:
        data_dir: its folder; data/DATASET if None.
        dataset: folder (one folder per genre; the default), csv, fma_small ..., jamendo or demo.
        config: dataset and options as an object instead.
        on_compared: called with the number of songs just compared, and that of all.
        **options: such as genres=("Jazz",); the fields of `BuildConfig` and of those in it.

    Raises:
        UserError: if it does not exist, or lacks a genre that is asked for.
    """
    options |= {"dataset": dataset} if dataset else {}
    config = config_of(BuildConfig, config, options, dataset="folder")
    folder = None if data_dir is None else storage.to_path(data_dir)
    return datasets.load(config, folder, on_compared=on_compared)


def build(
    catalogue: Catalogue,
    records_dir: AnyPath,
    *,
    config: BuildConfig | None = None,
    runner: Runner | None = None,
    overwrite: bool = False,
    on_track: Callable[[int], object] = lambda count: None,
    **options: Any,
) -> Records:
    """Renders a collection and writes its records; a stopped build is resumed.

    Args:
        catalogue: the collection, of `load_collection`.
        records_dir: the folder to write.
        config: options as an object instead.
        runner: who renders; as many processes of this machine as it has cores if None.
        overwrite: whether records of another build in that folder are replaced.
        on_track: called with the number of songs just rendered, from any thread.
        **options: such as split_by="track", but not those that decide which songs there are.

    Raises:
        UserError: if it cannot be split as asked, or the folder holds other records.
    """
    config = config_of(BuildConfig, config, options, **options_of(catalogue.config))
    return builds.build(
        make_plan(catalogue, config),
        storage.to_folder(records_dir, what="records_dir"),
        runner=runner or LocalRunner(num_processes(0)),
        on_track=on_track,
        overwrite=overwrite,
    )


def train(
    records_dir: AnyPath,
    run_dir: AnyPath,
    *,
    config: TrainConfig | None = None,
    overwrite: bool = False,
    at_most: Sequence[int] | None = None,
    say: Callable[[str], object] = lambda line: None,
    **options: Any,
) -> RunDir:
    """Trains a network; a stopped run is resumed, a finished one is left as it is.

    Args:
        records_dir: the records to train on.
        run_dir: the folder of the run.
        config: options as an object instead.
        overwrite: whether another run in that folder is replaced.
        at_most: how many slices of each label to train on; None means all.
        say: takes lines about the run, one per epoch and some before.
        **options: such as epochs=10; the fields of `TrainConfig` and of the configs in it.

    Returns:
        The run's folder; its `read_result()` says how training went.

    Raises:
        UserError: if the records cannot be trained on, or the folder is another run's.
    """
    config = config_of(TrainConfig, config, options)
    records, run = Records.open(records_dir), RunDir(run_dir)
    with locked(run):
        if not claim(run, config, records, overwrite=overwrite):
            with quiet_tensorflow(hide_gpus=config.hardware.device == "cpu"):
                from tfgenre.training.train import train as train_run
            train_run(records, run, config, at_most=at_most, say=say)
    return run


def evaluate(
    run_dir: AnyPath | Sequence[AnyPath],
    *,
    records_dir: AnyPath | None = None,
    split: str = "test",
    batch_size: int = BATCH_SIZE,
) -> dict[str, Any]:
    """Scores a trained network on songs it was not trained on, and writes a report.

    Args:
        run_dir: the run's folder, which takes report.html; several: their mean, in a folder A+B.
        records_dir: what it is evaluated on; the records it was trained on if None.
        split: which of their splits.
        batch_size: slices per step.

    Returns:
        The figures of `evaluation.evaluate.score`, such as track_accuracy_vote, and intervals.

    Raises:
        UserError: if the run is not finished, or the records do not fit it.
    """
    check_choice("split", split, SPLITS)
    check_range("batch_size", batch_size, 1)
    run = open_runs(run_dir)
    run.check_finished()
    records = Records.open(records_dir or run.read_records_dir())
    with quiet_tensorflow():
        from tfgenre.evaluation.evaluate_run import evaluate_run
    return evaluate_run(run, records, split=split, batch_size=batch_size)


def predict(
    run_dir: AnyPath | Sequence[AnyPath],
    songs: AnyPath | Iterable[AnyPath],
    *,
    config: PredictConfig | None = None,
    plot_dir: AnyPath | None = None,
    batch_size: int = BATCH_SIZE,
    num_workers: int = 0,
    on_found: Callable[[int], object] = lambda count: None,
    on_known: Callable[[], object] = lambda: None,
    on_overview: Callable[[Overview], object] = lambda overview: None,
    **options: Any,
) -> Iterator[Prediction]:
    """Predicts the genre of songs, each as soon as it is known, in their order.

    Args:
        run_dir: the folder of the run; several: their probabilities are averaged.
        songs: sound files, and folders that hold some.
        config: options as an object instead.
        plot_dir: a folder that takes a picture of each song; None: none are drawn.
        batch_size: slices per step at most.
        num_workers: render processes; 0: one per core.
        on_found: called once, with the number of songs.
        on_known: called for each song that `results` has already; it is not yielded.
        on_overview: called in the end with what is in `results`, if it is given.
        **options: such as vote="mean"; the fields of `PredictConfig` and of the configs in it. Give
            tags_log with write_tags, so that you know what undoes it.

    Raises:
        UserError: at once, if there is no trained network or a path is not there.
    """
    config = config_of(PredictConfig, config, options)
    plots = None if plot_dir is None else storage.to_folder(plot_dir, what="plot", on_disk=True)
    limit = config.slices_per_track(plotted=plots is not None)
    trained = open_trained(open_runs(run_dir), vote=config.vote.vote, max_slices_per_track=limit)
    collection = Collection(
        songs=find_songs([songs] if isinstance(songs, (str, os.PathLike)) else songs),
        genres=trained.genres,
        render=trained.render,
        config=config.with_vote(trained.vote),
        load_network=trained.load,
        run=trained.name if config.is_continued else "",
        plot_dir=plots,
        batch_size=batch_size,
        num_workers=num_processes(num_workers),
    )
    on_found(len(collection.songs))
    return predict_collection(collection, on_known=on_known, on_overview=on_overview)


def export_model(
    run_dir: AnyPath | Sequence[AnyPath],
    export_dir: AnyPath | None = None,
    *,
    formats: Sequence[str] = ("saved_model",),
    records_dir: AnyPath | None = None,
    overwrite: bool = False,
) -> "dict[str, Exported]":
    """Writes a trained network for use without tfgenre.

    Args:
        run_dir: the folder of the run; several: their probabilities are averaged.
        export_dir: where to; export in the run's folder if None.
        formats: of `config.EXPORT_FORMATS`.
        records_dir: to measure the loss of TensorFlow Lite on; the run's own if None.
        overwrite: whether another export in that folder is replaced.

    Returns:
        What was written, by format.

    Raises:
        UserError: if there is no trained network, or a format lacks what writes it.
    """
    formats, run = check_formats(formats), open_runs(run_dir)
    run.read_manifest()
    folder = storage.to_folder(export_dir or run.export, what="export_dir", on_disk=True)
    check_export_dir(folder, overwrite=overwrite)
    records = find_records(run, records_dir, formats=formats)
    with quiet_tensorflow():  # conversions print to stderr, too
        from tfgenre.export.export import export

        return export(run, folder, formats=formats, records=records)
