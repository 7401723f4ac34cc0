"""Writes a song's predicted genres into its tags."""

from dataclasses import replace
from pathlib import Path

from tfgenre.errors import CannotTag
from tfgenre.prediction.config import UNSURE, TagConfig
from tfgenre.prediction.result import Prediction
from tfgenre.tagging import log as tag_log


def tagged(prediction: Prediction, config: TagConfig) -> Prediction:
    """Writes the predicted genres into the song, and adds the outcome to the prediction.

    Args:
        prediction: of the song; one that is unsure or cannot be used is not tagged.
        config: what is written. With `writes`, it names a `tags_log`.
    """
    if prediction.genre is None:
        return prediction
    if prediction.genre == UNSURE:
        return replace(prediction, tag="not tagged")
    try:
        done = tag_log.write_genres(
            prediction.path,
            prediction.likely(config.tag_probability),
            overwrite=config.overwrite_tags,
            log=Path(config.tags_log) if config.writes and config.tags_log else None,
        )
    except CannotTag as error:
        return replace(prediction, tag=None, tag_error=str(error))
    return replace(prediction, tag=done, tag_error=None)
