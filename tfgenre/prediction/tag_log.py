"""What was written into songs' tags, line by line, so that it can be undone."""

import errno
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tfgenre.config import check
from tfgenre.errors import UserError
from tfgenre.files import naming
from tfgenre.prediction import tagging
from tfgenre.prediction.tagging import CannotTag


@dataclass(frozen=True)
class Change:
    """A change of a song's genre tag.

    Attributes:
        path: the song, from the root.
        new: the genre that was written.
        old: the tag's texts before; None if there was no such tag.
        had_block: whether the file had a block of tags.
    """

    path: str
    new: str
    old: list[str] | None
    had_block: bool

    def __post_init__(self) -> None:
        texts = self.old if self.old is not None else []
        check(isinstance(self.path, str), "path must be text", self.path)
        check(isinstance(self.new, str), "new must be text", self.new)
        check(isinstance(self.had_block, bool), "had_block must be true or false", self.had_block)
        is_list = isinstance(texts, list) and all(isinstance(text, str) for text in texts)
        check(is_list, "old must be a list of texts or null", self.old)


def write_genre(path: str, genre: str, *, overwrite: bool, log: Path | None) -> str:
    """Writes a genre into a song, unless it has one; the log knows of it before the song does.

    Args:
        path: the song.
        genre: what to write.
        overwrite: whether also over a genre it has.
        log: the file to add a line to; None: only tell what would be done.

    Returns:
        What was done, for a person.

    Raises:
        CannotTag: if it cannot be written.
    """
    with _named_trouble():
        tagging.check(path)
        there = tagging.own_genres(path)
        old, had_block = tagging.read(path), tagging.has_block(path)
    if there == (genre,):
        return f"its tag says {genre} already"
    if there and not overwrite:
        return f"its tag says {', '.join(there)} and is kept"
    instead = f" instead of {', '.join(there)}" if there else ""
    if log is None:
        return f"{genre} would be written to its tag{instead}"
    _append(log, Change(os.path.abspath(path), genre, old, had_block))
    with _named_trouble():
        tagging.write(path, [genre])
    return f"{genre} is written to its tag{instead}"


def new_name() -> str:
    """A name for a new log, by the time."""
    return time.strftime("runs/tags-%Y%m%d-%H%M%S.jsonl")


def undo(log: Path, *, dry_run: bool) -> Iterator[tuple[str, bool]]:
    """Gives songs back the genre tags they had, the last change first.

    Args:
        log: what `write_genre` wrote.
        dry_run: whether to only tell what would be done.

    Yields:
        What was done to a song, for a person, and whether all is well with it.

    Raises:
        UserError: if the log cannot be read.
    """
    for change in reversed(read(log)):
        try:
            with _named_trouble():
                done = _undo(change, dry_run)
        except CannotTag as error:
            yield f"{change.path}: left as it is: {error}", False
        else:
            yield f"{change.path}: {done}", True


def read(log: Path) -> list[Change]:
    """The changes of a log; a last line that was not finished was not followed by a change.

    Raises:
        UserError: if it is none, or damaged.
    """
    try:
        *lines, _ = log.read_text(encoding="ascii").split("\n")
        return [Change(**json.loads(line)) for line in lines]
    except OSError as error:
        raise UserError(f"--undo_tags={log} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, UserError) as error:
        raise UserError(
            f"--undo_tags={log} is no log of --write_tags, or is damaged: {error}"
        ) from error


def _undo(change: Change, dry_run: bool) -> str:
    found = tagging.read(change.path)
    if found == change.old:
        return "its tag is as it was already"
    if found != [change.new]:
        raise CannotTag(f"it now says {', '.join(found or ['nothing'])}, not {change.new}")
    tagging.check(change.path)
    before = f"the genre {', '.join(change.old)}" if change.old is not None else "no genre"
    if dry_run:
        return f"{before} would be given back"
    tagging.write(change.path, change.old, keep_block=change.had_block)
    return f"{before} is given back"


@contextmanager
def _named_trouble() -> Iterator[None]:
    """Makes CannotTag of what is wrong with one file or folder, but not of a full disk."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise CannotTag(error.strerror or str(error)) from error


def _append(log: Path, change: Change) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    with naming(log), log.open("a", encoding="ascii") as file:
        file.write(json.dumps(asdict(change)) + "\n")
        file.flush()
        os.fsync(file.fileno())
