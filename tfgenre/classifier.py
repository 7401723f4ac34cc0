"""A trained network in Python: one song after another, as in a notebook.

run = tfgenre.load_run("runs/best")
song = run.predict("song.mp3")
song.plot()
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tfgenre.config import RenderConfig, check, check_range
from tfgenre.errors import SkipTrack, UserError
from tfgenre.prediction.config import VoteConfig
from tfgenre.prediction.result import Prediction
from tfgenre.prediction.votes import SongProbabilities, decide
from tfgenre.spectrogram.render import render, render_samples
from tfgenre.storage import AnyPath
from tfgenre.training.averaged import open_runs
from tfgenre.training.trained import open_trained

if TYPE_CHECKING:
    import keras

    from tfgenre.prediction.vote_plot import SongFigure
    from tfgenre.spectrogram.render import Slices


@dataclass(frozen=True, kw_only=True)
class PredictedSong(Prediction):
    """The prediction for a song, with what it was made from.

    Attributes:
        slices: the probabilities of its slices, with pictures; None if the song cannot be used.
        render: how they were rendered.
        genres: in label order.
    """

    slices: SongProbabilities | None
    render: RenderConfig
    genres: tuple[str, ...]

    def plot(self) -> "SongFigure":
        """The song's spectrogram, and the probability of each genre over time.

        Raises:
            UserError: if the song could not be used.
        """
        from tfgenre.prediction import vote_plot

        if self.slices is None:
            raise UserError(f"{self.line()}: there is nothing to plot.")
        figure = vote_plot.draw(self.slices, genres=self.genres, render=self.render)
        vote_plot.set_title(figure, self)
        return figure


class Classifier:
    """A trained network, for one song at a time; `tfgenre.predict` is for many.

    Attributes:
        genres: in label order.
        render: how songs are rendered.
    """

    def __init__(
        self,
        model: "keras.Model",
        *,
        genres: Sequence[str],
        render: RenderConfig,
        vote: VoteConfig,
    ) -> None:
        """See `load_run`.

        Args:
            model: uint8 [batch, 128, 128, 1] -> probabilities.
            genres: in label order.
            render: how songs are rendered.
            vote: how slices decide.
        """
        self.genres, self.render = tuple(genres), render
        self._model, self._vote = model, vote

    def predict(
        self, song: "AnyPath | NDArray[np.floating]", *, sample_rate_hz: int | None = None
    ) -> PredictedSong:
        """Predicts a song's genre.

        Args:
            song: a sound file, or samples, float [samples] or [samples, channels], full scale 1.
            sample_rate_hz: that of the samples; None for a file, which knows its own.

        Returns:
            The prediction; its genre is None if the song cannot be used, and its reason says why.

        Raises:
            UserError: if the samples or their rate are not as above.
        """
        name = os.fspath(song) if isinstance(song, (str, os.PathLike)) else "samples"
        found = self._probabilities(song, sample_rate_hz)
        prediction = decide(name, found, genres=self.genres, config=self._vote)
        slices = None if isinstance(found, SkipTrack) else found
        return PredictedSong(
            **vars(prediction), slices=slices, render=self.render, genres=self.genres
        )

    def _probabilities(
        self, song: "AnyPath | NDArray[np.floating]", sample_rate_hz: int | None
    ) -> SongProbabilities | SkipTrack:
        from tfgenre.prediction.predict import predict_rendered

        try:
            return predict_rendered(self._model, self._render(song, sample_rate_hz))
        except SkipTrack as error:
            return error

    def _render(
        self, song: "AnyPath | NDArray[np.floating]", sample_rate_hz: int | None
    ) -> "Slices":
        if isinstance(song, (str, os.PathLike)):
            rule = "sample_rate_hz must be left out for a file"
            check(sample_rate_hz is None, rule, sample_rate_hz)
            return render(os.fspath(song), self.render)
        samples = np.asarray(song)
        is_sound = samples.dtype.kind == "f" and samples.ndim in (1, 2)
        rule = "samples must be float, [samples] or [samples, channels]"
        check(is_sound, rule, f"{samples.dtype} {list(samples.shape)}")
        check(sample_rate_hz is not None, "sample_rate_hz must be given with samples", None)
        return render_samples(samples, sample_rate_hz or 0, self.render)


def load_run(
    run_dir: AnyPath | Sequence[AnyPath],
    *,
    vote: str | None = None,
    min_confidence: float = 0.0,
    top: int = 1,
    max_slices_per_track: int = 0,
) -> Classifier:
    """Loads a trained network, to predict one song after another.

    Args:
        run_dir: the folder of the run; several: their probabilities are averaged.
        vote: hard or mean; as the run was trained for if None.
        min_confidence: a song below this is 'unsure', see `VoteConfig`.
        top: how many genres to give, the most likely first.
        max_slices_per_track: by how many slices a song is decided at most; 0: all.

    Raises:
        UserError: if there is no trained network in the folder.
    """
    check_range("max_slices_per_track", max_slices_per_track, 0)
    run = open_runs(run_dir)
    trained = open_trained(run, vote=vote, max_slices_per_track=max_slices_per_track)
    config = VoteConfig(vote=trained.vote, min_confidence=min_confidence, top=top)
    return Classifier(trained.load(), genres=trained.genres, render=trained.render, vote=config)
