"""Predicts a collection: at once, or in instalments that a file of results keeps."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfgenre.config import RenderConfig, check_range
from tfgenre.prediction import overview
from tfgenre.prediction.config import PredictConfig
from tfgenre.prediction.instalments import predict_new
from tfgenre.prediction.overview import Overview
from tfgenre.prediction.result import Prediction
from tfgenre.prediction.results import Results
from tfgenre.prediction.rows import NOT_THERE, Row, state_of
from tfgenre.prediction.tag_song import tagged
from tfgenre.quiet import quiet_tensorflow

if TYPE_CHECKING:
    import keras

    from tfgenre.prediction.embeddings import Embeddings
    from tfgenre.prediction.predict import Predicted


@dataclass(frozen=True, kw_only=True)
class Collection:
    """Songs, and how they are predicted.

    Attributes:
        songs: sound files.
        genres: in label order.
        render: how slices are rendered.
        config: how they decide, and what is written; it names the way to vote.
        load_network: slices -> probabilities; called once, if there are songs to predict.
        run: names the network and how it is used, for files that are continued.
        plot_dir: takes a plot of each song; None: none are drawn.
        batch_size: slices per step at most.
        num_workers: render processes.
    """

    songs: Sequence[str]
    genres: Sequence[str]
    render: RenderConfig
    config: PredictConfig
    load_network: "Callable[[], keras.Model]"
    run: str
    plot_dir: Path | None
    batch_size: int
    num_workers: int

    def __post_init__(self) -> None:
        check_range("batch_size", self.batch_size, 1)


def predict_collection(
    collection: Collection,
    *,
    on_known: Callable[[], object] = lambda: None,
    on_overview: Callable[[Overview], object] = lambda overview: None,
) -> Iterator[Prediction]:
    """Predicts a collection, and writes what its config asks for.

    Args:
        collection: the songs, and how they are predicted.
        on_known: called for each song that the file of results has already.
        on_overview: called in the end, if there is a file of results, with what is in it.

    Returns:
        The predictions, each as soon as it is known, in the order of the songs; without those that
        the file of results has already.

    Raises:
        UserError: at once, if the network or a file cannot be used.
    """
    config = collection.config
    with contextlib.ExitStack() as stack:
        results = stack.enter_context(_results(collection)) if config.results else None
        is_needed = results is None or config.embeddings is not None
        predict = _Predict(collection, collection.load_network() if is_needed else None)
        embeddings = stack.enter_context(predict.embeddings()) if config.embeddings else None
        if results is None:
            predictions = _at_once(collection, predict, embeddings)
        else:
            predictions = _in_instalments(
                collection, predict, results, embeddings, on_known, on_overview
            )
        return _closing(stack.pop_all(), predictions)


def _results(collection: Collection) -> Results:
    config = collection.config
    return Results(
        Path(config.results or ""),
        genres=collection.genres,
        config=config.vote,
        run=collection.run,
    )


def _closing(
    stack: contextlib.ExitStack, predictions: Iterator[Prediction]
) -> Iterator[Prediction]:
    with stack:
        yield from predictions


def _at_once(
    collection: Collection, predict: "_Predict", embeddings: "Embeddings | None"
) -> Iterator[Prediction]:
    tag = collection.config.tag.with_log()
    for prediction, slices in predict(collection.songs):
        if embeddings is not None and slices is not None:
            embeddings.add(prediction.path, state_of(prediction.path), slices.embedding())
        yield tagged(prediction, tag) if tag.write_tags else prediction


def _in_instalments(
    collection: Collection,
    predict: "_Predict",
    results: Results,
    embeddings: "Embeddings | None",
    on_known: Callable[[], object],
    on_overview: Callable[[Overview], object],
) -> Iterator[Prediction]:
    yield from predict_new(
        collection.songs,
        results,
        predict=predict,
        tag=collection.config.tag.with_log(),
        embeddings=embeddings,
        on_known=on_known,
    )
    if embeddings is not None:
        embeddings.tidy()
    results.tidy(keep=_is_there if collection.config.drop_missing else None)
    found = overview.of(results.rows(), genres=collection.genres)
    overview.write_page(found, results.path)
    on_overview(found)


def _is_there(row: Row) -> bool:
    return state_of(row.prediction.path) != NOT_THERE


class _Predict:
    """Predicts songs by a network that is loaded when the first is to be predicted."""

    def __init__(self, collection: Collection, network: "keras.Model | None") -> None:
        self._collection, self._network = collection, network

    def __call__(self, songs: Iterable[str]) -> "Iterator[Predicted]":
        network = self._network or self._collection.load_network()
        with quiet_tensorflow():
            from tfgenre.prediction.predict import predict
            from tfgenre.prediction.vote_plot import Plots
        asked = self._collection
        plots = None
        if asked.plot_dir is not None:
            plots = Plots(asked.plot_dir, asked.songs, genres=asked.genres, render=asked.render)
        for predicted in predict(
            network,
            songs,
            genres=asked.genres,
            render=asked.render,
            vote=asked.config.vote,
            keep_pictures=plots is not None,
            batch_size=asked.batch_size,
            num_workers=min(asked.num_workers, len(asked.songs)),
        ):
            if plots is not None and predicted.slices is not None:
                plots.add(predicted.slices, predicted.prediction)
            yield predicted

    def embeddings(self) -> "Embeddings":
        """Opens the file of embeddings, which the network gives from now on."""
        from tfgenre.prediction.embeddings import Embeddings, with_embeddings

        assert self._network is not None
        self._network = with_embeddings(self._network)
        config = self._collection.config
        return Embeddings(
            Path(config.embeddings or ""),
            size=self._network.output_shape[-1] - len(self._collection.genres),
            run=self._collection.run,
            goes_on=config.results is not None,
        )
