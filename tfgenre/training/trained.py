"""A trained network, and how songs are rendered and decided for it; loaded when it is needed."""

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tfgenre.config import RenderConfig
from tfgenre.quiet import quiet_tensorflow
from tfgenre.spectrogram.render import check_renderer
from tfgenre.training.run_dir import RunDir

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class TrainedNetwork:
    """A trained network.

    Attributes:
        run: its folder.
        genres: in label order.
        render: how songs are rendered.
        vote: how slices decide: hard or mean.
    """

    run: RunDir
    genres: tuple[str, ...]
    render: RenderConfig
    vote: str

    @functools.cached_property
    def name(self) -> str:
        """Names the network's weights and how it is used; the same name, the same predictions."""
        return f"{self.run.digest()}/{self.render.max_slices_per_track}/{self.vote}"

    def load(self) -> "keras.Model":
        """The network, uint8 [batch, 128, 128, 1] -> probabilities.

        Raises:
            UserError: if its file is damaged.
        """
        with quiet_tensorflow():
            return self.run.load_best_model(num_genres=len(self.genres))


def open_trained(run: RunDir, *, vote: str | None, max_slices_per_track: int) -> TrainedNetwork:
    """Opens the network of a run.

    Args:
        run: its folder.
        vote: how slices decide; as the run was trained for if None.
        max_slices_per_track: by how many slices a song is decided at most; 0: all.

    Raises:
        UserError: if there is no trained network, or the program that renders for it is missing.
    """
    trained_on = run.read_manifest()
    render = replace(trained_on.render, max_slices_per_track=max_slices_per_track)
    check_renderer(render)
    return TrainedNetwork(run, trained_on.genres, render, vote or run.read_vote())
