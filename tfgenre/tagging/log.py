"""A log of the changes to songs' tags, one per line, so that they can be undone."""

import base64
import errno
import json
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfgenre.audio import tags
from tfgenre.config import check
from tfgenre.errors import CannotTag, Failure, UserError
from tfgenre.tagging import write
from tfgenre.tagging.splices import Splice
from tfgenre.tagging.write import Changed

_DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Change:
    """A change of a song's genre tag.

    Attributes:
        path: the absolute path of the song.
        genres: the genres that were written.
        changed: its bytes, before and after.
    """

    path: str
    genres: tuple[str, ...]
    changed: Changed

    def __post_init__(self) -> None:
        check(isinstance(self.path, str), "path must be text", self.path)
        are_text = all(isinstance(genre, str) for genre in self.genres)
        check(are_text, "genres must be text", self.genres)
        for digest in (self.changed.before, self.changed.after):
            check(bool(_DIGEST.fullmatch(digest)), "a digest must be 64 digits", digest)
        for splice in self.changed.undo:
            numbers = (splice.offset, splice.length)
            is_right = all(isinstance(number, int) and number >= 0 for number in numbers)
            check(is_right, "an offset and a length must be whole numbers", numbers)

    def to_json(self) -> str:
        """One line of a log."""
        undo = [
            [splice.offset, splice.length, base64.b64encode(splice.new).decode()]
            for splice in self.changed.undo
        ]
        values = {"path": self.path, "genres": self.genres, "before": self.changed.before}
        return json.dumps(values | {"after": self.changed.after, "undo": undo})

    @staticmethod
    def from_json(line: str) -> "Change":
        """Reads a line of a log."""
        values: dict[str, Any] = json.loads(line)
        undo = tuple(
            Splice(offset, length, base64.b64decode(old, validate=True))
            for offset, length, old in values["undo"]
        )
        changed = Changed(values["before"], values["after"], undo)
        genres = values["genres"] if "genres" in values else [values["genre"]]  # before 0.2
        return Change(values["path"], tuple(genres), changed)


def write_genres(path: str, genres: Sequence[str], *, overwrite: bool, log: Path | None) -> str:
    """Writes genres into a song, after logging the change.

    Args:
        path: the song.
        genres: the genres to write, one or more, the main one first.
        overwrite: whether to replace a genre that the song already has.
        log: the file to append the change to; None: only report what would be done.

    Returns:
        What was done, for a person.

    Raises:
        CannotTag: if the song cannot be tagged.
        Failure: if the log cannot be written.
        OSError: if a disk is full.
    """
    with _os_errors_as_cannot_tag():
        write.check(path)
        existing = tags.read(Path(path)).genres
    text = ", ".join(genres)
    if existing == tuple(genres):
        return f"its tag already says {text}"
    if existing and not overwrite:
        return f"its tag says {', '.join(existing)} and was kept"
    instead = f" instead of {', '.join(existing)}" if existing else ""
    with _os_errors_as_cannot_tag():
        if log is None:
            write.splices(path, genres)
            return f"{text} would be written to its tag{instead}"
        place, new = os.path.abspath(path), tuple(genres)
        write.write(path, genres, log=lambda done: _append(log, Change(place, new, done)))
    return f"{_written(genres)} to its tag{instead}"


def _written(genres: Sequence[str]) -> str:
    return f"{', '.join(genres)} {'was' if len(genres) == 1 else 'were'} written"


def new_name() -> str:
    """The name of a new log, with the current time."""
    return time.strftime("runs/tags-%Y%m%d-%H%M%S.jsonl")


def undo(log: Path, *, dry_run: bool) -> Iterator[tuple[str, bool]]:
    """Gives songs the bytes that they had before they were tagged, the last change first.

    Args:
        log: a log that `write_genres` wrote.
        dry_run: whether to only report what would be done.

    Yields:
        What was done to a song, for a person, and whether it succeeded.

    Raises:
        UserError: if the log cannot be read.
    """
    done = "would be" if dry_run else "was"
    for change in reversed(read(log)):
        try:
            with _os_errors_as_cannot_tag():
                was_changed = write.undo(change.path, change.changed, dry_run=dry_run)
        except CannotTag as error:
            yield f"{change.path}: not restored: {error}", False
        else:
            restored = f"it {done} restored as it was before {_written(change.genres)}"
            yield f"{change.path}: {restored if was_changed else 'nothing to undo'}", True


def read(log: Path) -> list[Change]:
    """Reads the changes from a log.

    An incomplete last line is ignored: its change was never made.

    Raises:
        UserError: if the file cannot be read, is not such a log, or is damaged.
    """
    try:
        *lines, _ = log.read_text(encoding="ascii").split("\n")
        return [Change.from_json(line) for line in lines]
    except OSError as error:
        raise UserError(f"--undo_tags={log} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError, UserError) as error:
        raise UserError(
            f"--undo_tags={log} is not a log of --write_tags, or is damaged: {error}"
        ) from error


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
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="ascii") as file:
            file.write(change.to_json() + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        reason = error.strerror or str(error)
        raise Failure(f"{log}, the log of --write_tags, cannot be written: {reason}.") from error
