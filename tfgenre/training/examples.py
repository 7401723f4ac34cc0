"""Slices before and after augmentation, to look at."""

import keras
import tensorflow as tf

from tfgenre.records import contact_sheet
from tfgenre.training.augment import Augment
from tfgenre.training.config import AugmentConfig
from tfgenre.training.run_dir import RunDir
from tfgenre.training.summary import TensorBoardLog

_NUM_EXAMPLES = 8


def save_examples(
    batches: tf.data.Dataset, config: AugmentConfig, run_dir: RunDir, log: TensorBoardLog
) -> None:
    """Saves some slices of the first batch for TensorBoard and the report."""
    (images, draws), _ = next(iter(batches))
    both = {"plain": images, "augmented": Augment(config)(images, draws)}
    rows = []
    for name, batch in both.items():
        slices = keras.ops.convert_to_numpy(batch)[:_NUM_EXAMPLES]
        log.slices(name, slices)
        rows.append([one.tobytes() for one in slices])
    contact_sheet.draw(rows, ["original", "augmented"], title="").save(run_dir.augmented)
