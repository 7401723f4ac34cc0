"""Finds sound files by name."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tfgenre import storage
from tfgenre.audio import archives
from tfgenre.audio.song import SUFFIXES
from tfgenre.errors import UserError


def is_sound_file(path: Path) -> bool:
    """Whether a name is that of a sound file; hidden ones such as macOS's `._song.mp3` are not."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def refuse(error: OSError) -> None:
    """Raises UserError for a folder that cannot be read."""
    raise UserError(f"{error.filename} cannot be read: {error.strerror}.")


def walk(folder: Path, *, on_error: Callable[[OSError], None] = refuse) -> Iterator[Path]:
    """All sound files below a folder, sorted by path; links to folders are not followed.

    Args:
        folder: the folder to search.
        on_error: called with the error of each folder that cannot be read.
    """
    for place, folders, names in storage.walk(folder, on_error=on_error):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if is_sound_file(path := place / name):
                yield path


def find_songs(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """The files among the given paths, and the sound files in the folders among them.

    A file is returned whatever its suffix, also one in an archive, as `music.zip/a.mp3`.

    Raises:
        UserError: if a path does not exist, or no song is found.
    """
    songs: list[str] = []
    for path in map(storage.to_path, paths):
        if path.is_dir():
            songs += map(str, walk(path))
        elif path.exists() or archives.split_path(str(path)):
            songs.append(str(path))
        else:
            raise UserError(f"No such file or folder: {path}")
    if not songs:
        raise UserError("No songs found: pass sound files, or folders that contain some.")
    return songs
