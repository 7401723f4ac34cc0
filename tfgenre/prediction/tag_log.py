"""A log of the changes to songs' tags, one per line, so that they can be undone."""

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
        path: the absolute path of the song.
        new: the genre that was written.
        old: the tag's texts before the change; None if the tag did not exist.
        had_block: whether the file had a block of tags before the change.
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
    """Writes a genre into a song, after logging the change.

    Args:
        path: the song.
        genre: the genre to write.
        overwrite: whether to replace a genre that the song already has.
        log: the file to append the change to; None: only report what would be done.

    Returns:
        What was done, for a person.

    Raises:
        CannotTag: if the song cannot be tagged.
        OSError: if a disk is full, or the log cannot be written.
    """
    with _os_errors_as_cannot_tag():
        tagging.check(path)
        existing = tagging.own_genres(path)
        old, had_block = tagging.read(path), tagging.has_block(path)
    if existing == (genre,):
        return f"its tag already says {genre}"
    if existing and not overwrite:
        return f"its tag says {', '.join(existing)} and was kept"
    instead = f" instead of {', '.join(existing)}" if existing else ""
    if log is None:
        return f"{genre} would be written to its tag{instead}"
    _append(log, Change(os.path.abspath(path), genre, old, had_block))
    with _os_errors_as_cannot_tag():
        tagging.write(path, [genre])
    return f"{genre} was written to its tag{instead}"


def new_name() -> str:
    """The name of a new log, with the current time."""
    return time.strftime("runs/tags-%Y%m%d-%H%M%S.jsonl")


def undo(log: Path, *, dry_run: bool) -> Iterator[tuple[str, bool]]:
    """Restores the genre tags that songs had before, the last change first.

    Args:
        log: a log that `write_genre` wrote.
        dry_run: whether to only report what would be done.

    Yields:
        What was done to a song, for a person, and whether it succeeded.

    Raises:
        UserError: if the log cannot be read.
    """
    for change in reversed(read(log)):
        try:
            with _os_errors_as_cannot_tag():
                done = _undo(change, dry_run)
        except CannotTag as error:
            yield f"{change.path}: not restored: {error}", False
        else:
            yield f"{change.path}: {done}", True


def read(log: Path) -> list[Change]:
    """Reads the changes from a log.

    An incomplete last line is ignored: its change was never made.

    Raises:
        UserError: if the file cannot be read, is not such a log, or is damaged.
    """
    try:
        *lines, _ = log.read_text(encoding="ascii").split("\n")
        return [Change(**json.loads(line)) for line in lines]
    except OSError as error:
        raise UserError(f"--undo_tags={log} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, UserError) as error:
        raise UserError(
            f"--undo_tags={log} is not a log of --write_tags, or is damaged: {error}"
        ) from error


def _undo(change: Change, dry_run: bool) -> str:
    current = tagging.read(change.path)
    if current == change.old:
        return "nothing to undo"
    if current != [change.new]:
        raise CannotTag(f"its tag now says {', '.join(current or ['nothing'])}, not {change.new}")
    tagging.check(change.path)
    done = f"restored to {', '.join(change.old)}" if change.old is not None else "removed"
    if dry_run:
        return f"its genre tag would be {done}"
    tagging.write(change.path, change.old, keep_block=change.had_block)
    return f"its genre tag was {done}"


@contextmanager
def _os_errors_as_cannot_tag() -> Iterator[None]:
    """Raises OSErrors about one file or folder as CannotTag, but not those of a full disk."""
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
