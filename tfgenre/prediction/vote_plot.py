"""Plots a song: its spectrogram, and below it each genre's probability over time."""

import io
import math
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tfgenre.config import RenderConfig
from tfgenre.files import atomic_file
from tfgenre.plots import drawable, plain, save
from tfgenre.prediction.result import Prediction
from tfgenre.prediction.votes import SongProbabilities
from tfgenre.spectrogram import axis
from tfgenre.spectrogram.slices import SLICE_SIZE

_COLOURS = ("#2f6fde", "#c2410c", "#2e8b57", "#8b5cf6", "#b8860b", "#db2777", "#0891b2", "#52525b")
_STYLES = ("-", "--", ":")
_MOST_COLUMNS = 4096


class Plots:
    """A folder of plots, each where its song is below the folder that holds all songs."""

    def __init__(
        self, folder: Path, songs: Sequence[str], *, genres: Sequence[str], render: RenderConfig
    ) -> None:
        """Nothing is written yet.

        Args:
            folder: takes the plots.
            songs: all songs there will be.
            genres: in label order.
            render: how slices are rendered.
        """
        self._folder, self._genres, self._render = folder, genres, render
        self._top = os.path.commonpath([os.path.dirname(os.path.abspath(song)) for song in songs])

    def add(self, song: SongProbabilities, prediction: Prediction) -> None:
        """Plots a song, of which there are pictures."""
        figure = draw(song, genres=self._genres, render=self._render)
        name = os.path.relpath(os.path.abspath(prediction.path), self._top)
        write(figure, prediction, self._folder / f"{name}.png")


class SongFigure(Figure):
    """A figure that notebooks show although pyplot does not know it."""

    def _repr_png_(self) -> bytes:
        content = io.BytesIO()
        save(self, content, format="png", dpi=100)
        return content.getvalue()


def draw(song: SongProbabilities, *, genres: Sequence[str], render: RenderConfig) -> SongFigure:
    """Plots a song.

    Args:
        song: the probabilities of its slices, with pictures.
        genres: in label order.
        render: how the slices were rendered.
    """
    slice_s = SLICE_SIZE / render.columns_per_second
    figure = SongFigure(figsize=(11, 5.5), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2, 3))
    _draw_picture(above, song, slice_s)
    above.set_yticks(*zip(*axis.ticks(render).items(), strict=True))
    _draw_probabilities(below, song, genres, slice_s)
    figure.legend(loc="outside right center", frameon=False)
    return figure


def write(figure: Figure, prediction: Prediction, path: Path) -> None:
    """Writes the plot of a song as a PNG file.

    Args:
        figure: the plot, from `draw`.
        prediction: the song's prediction, for the title.
        path: the file to write; its folder is created.
    """
    set_title(figure, replace(prediction, path=path.stem))
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as file:
        save(figure, file, format="png", dpi=100)


def set_title(figure: Figure, prediction: Prediction) -> None:
    """Puts a song's prediction above its plot."""
    figure.suptitle(prediction.line(), parse_math=False, fontsize=10, wrap=True)


def _draw_picture(axes: Axes, song: SongProbabilities, slice_s: float) -> None:
    """Draws the slices at their places in the song; white is loud, blue was not predicted."""
    assert song.pictures is not None
    step = math.ceil((song.indices[-1] + 1) * song.pictures.shape[2] / _MOST_COLUMNS)
    pictures = song.pictures[:, :, ::step]
    height, width = pictures.shape[1:]
    canvas = np.full((height, song.indices[-1] + 1, width), np.nan, np.float32)
    canvas[:, song.indices] = pictures.transpose(1, 0, 2)
    extent = (0, canvas.shape[1] * slice_s, 0, 1)
    image = canvas.reshape(height, -1)
    axes.imshow(image, cmap="gray", aspect="auto", extent=extent, vmin=0, vmax=255)
    axes.set(ylabel="frequency")
    axes.set_facecolor("#dbeafe")


def _draw_probabilities(
    axes: Axes, song: SongProbabilities, genres: Sequence[str], slice_s: float
) -> None:
    """Draws one line per genre, constant over a slice, with gaps where none was predicted."""
    edges_s = np.arange(song.indices[-1] + 2) * slice_s
    for label, genre in enumerate(genres):
        values = np.full(len(edges_s) - 1, np.nan)
        values[song.indices] = song.probabilities[:, label]
        axes.stairs(
            values,
            edges_s,
            baseline=None,
            label=_legend_label(genre),
            color=_COLOURS[label % len(_COLOURS)],
            linestyle=_STYLES[label // len(_COLOURS) % len(_STYLES)],
            linewidth=1.6,
        )
    axes.set(xlabel="seconds", ylabel="probability", ylim=(-0.02, 1.02), xlim=(0, edges_s[-1]))
    plain(axes)


def _legend_label(genre: str) -> str:
    """A genre's name; legends hide those that begin with _."""
    return drawable(genre).removeprefix("_") or "?"
