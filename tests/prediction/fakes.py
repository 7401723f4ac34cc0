"""A network and the probabilities of a song, for tests."""

import time

import numpy as np

from tfgenre.prediction.votes import SongProbabilities


class Network:
    """Predicts slices by their brightness; records the sizes of its batches."""

    def __init__(self, *, step_s: float = 0.0) -> None:
        self.sizes: list[int] = []
        self._step_s = step_s

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        assert images.shape[1:] == (128, 128, 1)
        assert images.dtype == np.uint8
        time.sleep(self._step_s)
        self.sizes.append(len(images))
        first = images.mean(axis=(1, 2, 3)) / 255
        return np.stack([first, 1 - first], axis=1).astype(np.float32)


def probabilities_of(*firsts: float) -> SongProbabilities:
    first = np.array(firsts, np.float32)
    pictures = np.arange(len(first) * 128 * 32).reshape(-1, 128, 32).astype(np.uint8)
    return SongProbabilities(np.stack([first, 1 - first], axis=1), np.arange(len(first)), pictures)
