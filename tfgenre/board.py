"""What TensorBoard shows of a run: its figures epoch by epoch, and some slices as augmented."""

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tfgenre.progress import Row
from tfgenre.run_dir import RunDir


class Board:
    """Writes events to the run's tensorboard folder."""

    def __init__(self, run_dir: RunDir) -> None:
        self._writer = tf.summary.create_file_writer(str(run_dir.tensorboard))

    def epoch(self, row: Row) -> None:
        """An epoch's figures."""
        with self._writer.as_default(step=row["epoch"]):
            for name, value in row.items():
                if name != "epoch":
                    tf.summary.scalar(name, value)
        self._writer.flush()

    def slices(self, name: str, images: NDArray[np.uint8]) -> None:
        """Some slices, uint8 [some, 128, 128, 1]."""
        with self._writer.as_default(step=0):
            tf.summary.image(name, images, max_outputs=len(images))
