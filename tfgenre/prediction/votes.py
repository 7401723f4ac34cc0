"""How the probabilities of a song's slices decide its genre."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tfgenre.errors import SkipTrack, UserError
from tfgenre.prediction.config import UNSURE, VoteConfig
from tfgenre.prediction.result import Prediction, most_likely
from tfgenre.spectrogram.slices import SLICE_SIZE

_SQUEEZE = 4  # columns of a slice that are averaged into one of its picture


@dataclass(frozen=True)
class SongProbabilities:
    """The network's probabilities for a song, slice by slice.

    Attributes:
        probabilities: float32 [slices, genres].
        indices: each slice's index in the song, int64 [slices].
        pictures: the slices at a quarter of their width, uint8 [slices, 128, 32]; None if they
            were not kept.
        embeddings: what the network's last layer takes, float32 [slices, n]; None if it was not
            asked for.
    """

    probabilities: NDArray[np.float32]
    indices: NDArray[np.int64]
    pictures: NDArray[np.uint8] | None = None
    embeddings: NDArray[np.float32] | None = None

    def split(self, num_genres: int) -> "SongProbabilities":
        """With the probabilities and the embeddings that follow them apart, if any do."""
        if self.probabilities.shape[1] == num_genres:
            return self
        probabilities, embeddings = np.split(self.probabilities, [num_genres], axis=1)
        return replace(self, probabilities=probabilities, embeddings=embeddings)

    def embedding(self) -> NDArray[np.float32]:
        """The mean of the slices' embeddings, float32 [n]."""
        assert self.embeddings is not None
        return self.embeddings.mean(axis=0)


def squeezed(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Slices at a quarter of their width, uint8 [slices, 128, 128] -> [slices, 128, 32]."""
    shape = (len(images), SLICE_SIZE, SLICE_SIZE // _SQUEEZE, _SQUEEZE)
    return images.reshape(shape).mean(axis=-1).astype(np.uint8)


def vote(probabilities: NDArray[np.float32]) -> NDArray[np.int64]:
    """The number of a song's slices for each genre, [slices, genres] -> int64 [genres]."""
    return np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1])


def winner(votes: NDArray[np.int64], mean: NDArray[np.floating]) -> int:
    """The label with the most votes; the higher mean probability breaks ties."""
    return int(np.lexsort((mean, votes))[-1])


def decide(
    path: str, song: SongProbabilities | SkipTrack, *, genres: Sequence[str], config: VoteConfig
) -> Prediction:
    """Decides a song's genre from its slices.

    Args:
        path: the song.
        song: the probabilities of its slices, or why it has none.
        genres: in label order.
        config: how slices decide; hard if its vote is None.

    Raises:
        UserError: if a probability is NaN or infinite.
    """
    if isinstance(song, SkipTrack):
        return Prediction(path, reason=song.reason, detail=song.detail)
    if not np.isfinite(song.probabilities).all():
        raise UserError(
            f"The network predicts NaN or infinity for {path}: train another, with "
            "--precision=float32 or a lower --learning_rate."
        )
    votes, mean = vote(song.probabilities), song.probabilities.mean(axis=0)
    is_hard = config.vote != "mean"
    label = winner(votes, mean) if is_hard else int(mean.argmax())
    probabilities = dict(zip(genres, mean.tolist(), strict=True))
    confidence = float(votes[label] / votes.sum() if is_hard else mean[label])
    return Prediction(
        path,
        genre=genres[label] if confidence >= config.min_confidence else UNSURE,
        best_guess=genres[label],
        confidence=confidence,
        votes=dict(zip(genres, votes.tolist(), strict=True)),
        probabilities=probabilities,
        top=most_likely(genres[label], probabilities, config.top),
    )
