"""A genre written into a song, compared and undone."""

from pathlib import Path

import numpy as np

from tfgenre.audio import tags
from tfgenre.audio.song import open_audio
from tfgenre.tagging import log


def samples_of(path: Path) -> np.ndarray:
    with open_audio(str(path)) as song:
        return np.concatenate(list(song.blocks))


def written_and_undone(path: Path, *, genre: str = "Jazz", has_sound: bool = True) -> bytes:
    """The bytes of a song with another genre; the song has its own again."""
    before = path.read_bytes()
    samples = samples_of(path) if has_sound else np.zeros(0)
    changes = path.parent / f"{path.name}.jsonl"
    changes.unlink(missing_ok=True)
    done = log.write_genres(str(path), [genre], overwrite=True, log=changes)
    assert f"{genre} was written to its tag" in done
    assert tags.read(path).genres == (genre,)
    if has_sound:
        np.testing.assert_array_equal(samples_of(path), samples)
    after = path.read_bytes()
    ((_, is_undone),) = log.undo(changes, dry_run=False)
    assert is_undone
    assert path.read_bytes() == before
    return after
