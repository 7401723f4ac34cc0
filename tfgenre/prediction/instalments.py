"""Predicts a collection in instalments: only what a file of results does not have yet."""

import collections
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tfgenre.audio import tags
from tfgenre.prediction.config import UNSURE, TagConfig
from tfgenre.prediction.result import Prediction
from tfgenre.prediction.results import Results
from tfgenre.prediction.rows import Row, State, state_of
from tfgenre.prediction.tag_song import tagged

if TYPE_CHECKING:
    from tfgenre.prediction.embeddings import Embeddings
    from tfgenre.prediction.predict import Predicted


def predict_new(
    songs: Sequence[str],
    results: Results,
    *,
    predict: "Callable[[Iterable[str]], Iterator[Predicted]]",
    tag: TagConfig,
    embeddings: "Embeddings | None" = None,
    on_known: Callable[[], object] = lambda: None,
) -> Iterator[Prediction]:
    """Predicts the songs that are new or have changed, and adds them to a file of results.

    A song's size and time are taken before it is read: if it is written meanwhile, it counts as
    changed the next time. Tags are also written into songs that were predicted before.

    Args:
        songs: sound files.
        results: the file.
        predict: predicts songs in order; called if there are any, as loading a network takes
            seconds.
        tag: what is written into songs.
        embeddings: must have a song for it to be known; None: none are made.
        on_known: called for each song that is known and left as it is.

    Yields:
        The predictions of songs that were predicted, then those of songs that were only tagged.
    """
    states = collections.deque[State]()

    def is_known(song: str, state: State) -> bool:
        return results.knows(song, state) and (embeddings is None or embeddings.knows(song, state))

    def new() -> Iterator[str]:
        for song in songs:
            state = state_of(song)
            if not is_known(song, state):
                states.append(state)
                yield song
            elif not tag.write_tags:
                on_known()

    unknown = new()
    for first in itertools.islice(unknown, 1):
        for prediction, slices in predict(itertools.chain([first], unknown)):
            state = states.popleft()
            row = Row(prediction, _own_genres(prediction), state, results.run)
            row = _tagged(row, tag) if tag.write_tags else row
            if embeddings is not None and slices is not None:
                embeddings.add(prediction.path, row.state, slices.embedding())
            results.add(row if tag.writes else replace(row, prediction=prediction))
            yield row.prediction
    if tag.write_tags:
        yield from _tag_known(songs, results, tag, on_known)


def _tag_known(
    songs: Sequence[str], results: Results, tag: TagConfig, on_known: Callable[[], object]
) -> Iterator[Prediction]:
    """Tags the songs that were predicted before and not tagged then."""
    for song in songs:
        state = state_of(song)
        if not results.knows(song, state):
            continue  # tagged when it was predicted
        row = results.find(song, state)
        is_sure = row.prediction.genre not in (None, UNSURE)
        if is_sure and (row.prediction.tag is None or tag.overwrite_tags):
            done = _tagged(row, tag)
            if tag.writes and done != row:
                results.add(done)
            yield done.prediction
        else:
            on_known()


def _own_genres(prediction: Prediction) -> tuple[str, ...]:
    """The genres in a song's tags; none of a song that cannot be used."""
    return () if prediction.genre is None else tags.read(Path(prediction.path)).genres


def _tagged(row: Row, tag: TagConfig) -> Row:
    """Writes the genres into the song, unless it has changed; then it is as it is afterwards."""
    path = row.prediction.path
    if row.prediction.genre in (None, UNSURE):
        return row
    if state_of(path) != row.state:
        changed = "it was changed while it was predicted, so it will be predicted again"
        return replace(row, prediction=replace(row.prediction, tag_error=changed))
    return replace(row, prediction=tagged(row.prediction, tag), state=state_of(path))
