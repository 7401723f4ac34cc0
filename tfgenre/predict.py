"""Songs in, genres out: rendered as for training, judged slice by slice, decided by vote."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from tfgenre import scoring
from tfgenre.config import RenderConfig
from tfgenre.errors import SkipTrack
from tfgenre.workers import Rendered, RenderWorker, map_with_workers


@dataclass(frozen=True)
class Prediction:
    """What the network makes of a song, or why it was not asked.

    Attributes:
        path: the song.
        genre: the one with the most slices; None if the song cannot be used.
        votes: slices for each genre.
        probabilities: mean over the slices for each genre.
        reason: one of `errors.SKIP_REASONS`, None if the song was used.
        detail: what was wrong.
    """

    path: str
    genre: str | None = None
    votes: dict[str, int] | None = None
    probabilities: dict[str, float] | None = None
    reason: str | None = None
    detail: str | None = None

    def line(self) -> str:
        """The prediction for a person."""
        if self.genre is None or self.votes is None or self.probabilities is None:
            return f"{self.path}: cannot be used: {self.reason} ({self.detail})"
        share = self.votes[self.genre] / sum(self.votes.values())
        return (
            f"{self.path}: {self.genre}  {share:.0%} of {sum(self.votes.values())} slices, "
            f"mean probability {self.probabilities[self.genre]:.2f}"
        )

    def as_json(self) -> dict[str, Any]:
        """The prediction for a machine: what is known of it."""
        return {name: value for name, value in vars(self).items() if value is not None}


def predict(
    model: keras.Model,
    songs: Sequence[str],
    *,
    genres: Sequence[str],
    config: RenderConfig,
    batch_size: int,
    num_workers: int,
) -> Iterator[Prediction]:
    """Yields each song's prediction, in order, while the next songs are rendered.

    Args:
        model: slices -> probabilities.
        songs: sound files.
        genres: in label order.
        config: as the network's training slices were rendered.
        batch_size: slices a step.
        num_workers: render processes.
    """

    def work(worker: RenderWorker, path: str) -> Rendered:
        return worker(path)

    rendered = map_with_workers(work, songs, config=config, num_workers=num_workers)
    for path, found in zip(songs, rendered, strict=True):
        if isinstance(found, SkipTrack):
            yield Prediction(path, reason=found.reason, detail=found.detail)
            continue
        images = found.images[..., np.newaxis]
        batches = np.split(images, range(batch_size, len(images), batch_size))
        probabilities = np.concatenate([model.predict_on_batch(batch) for batch in batches])
        votes, mean = scoring.vote(probabilities), probabilities.mean(axis=0)
        yield Prediction(
            path,
            genre=genres[scoring.winner(votes, mean)],
            votes=dict(zip(genres, votes.tolist(), strict=True)),
            probabilities=dict(zip(genres, mean.tolist(), strict=True)),
        )
