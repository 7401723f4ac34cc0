"""The sound files among and below some paths."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tfgenre import storage
from tfgenre.audio import archives
from tfgenre.audio.song import SUFFIXES
from tfgenre.errors import UserError


def is_sound_file(path: Path) -> bool:
    """Whether the name says so; hidden files, such as macOS's `._song.mp3`, are none."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def refuse(error: OSError) -> None:
    """Raises UserError for a folder that cannot be read."""
    raise UserError(f"{error.filename} cannot be read: {error.strerror}.")


def walk(folder: Path, *, on_error: Callable[[OSError], None] = refuse) -> Iterator[Path]:
    """All sound files below a folder, sorted by path; links to folders are not followed.

    Args:
        folder: where to look.
        on_error: gets the error of a folder that cannot be read.
    """
    for place, folders, names in storage.walk(folder, on_error=on_error):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if is_sound_file(path := place / name):
                yield path


def find_songs(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """The sound files among and below some paths.

    A file that is named counts whatever its name; also one in an archive, as `music.zip/a.mp3`.

    Raises:
        UserError: if a path is not there, or no song is found.
    """
    songs: list[str] = []
    for path in map(storage.to_path, paths):
        if path.is_dir():
            songs += map(str, walk(path))
        elif path.exists() or archives.split(str(path)):
            songs.append(str(path))
        else:
            raise UserError(f"No such file or folder: {path}")
    if not songs:
        raise UserError("No songs given: name sound files, or folders that hold some.")
    return songs
