"""Finds sound files by name."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tfgenre import storage
from tfgenre.audio import archive_index, archives
from tfgenre.audio.decoders import SUFFIXES
from tfgenre.errors import UserError

_ARCHIVES = frozenset(".7z .bz2 .gz .rar .tar .tgz .xz .zip".split())
_ARCHIVE = ("not_audio", "an archive, which is not searched: unpack it")


class LeftOut(NamedTuple):
    """A path that was found but not searched or listed, and why, as in `errors.SKIP_REASONS`."""

    path: Path
    reason: str
    detail: str


@dataclass(frozen=True)
class Found:
    """What is below a folder.

    Attributes:
        songs: the sound files in the order of os.walk, with names sorted.
        left_out: folders that cannot be read, archives, links to nothing, and links to folders and
            songs that are found without them.
    """

    songs: tuple[Path, ...]
    left_out: tuple[LeftOut, ...]


def is_sound_file(path: Path) -> bool:
    """Whether a name is that of a sound file; hidden ones such as macOS's `._song.mp3` are not."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def refuse(error: OSError) -> None:
    """Raises UserError for a folder that cannot be read."""
    raise UserError(f"{error.filename} cannot be read: {error.strerror}.")


def search(folder: Path) -> Found:
    """Finds all sound files below a folder, also through links to folders; each once."""
    songs: list[Path] = []
    left_out: list[LeftOut] = []

    def unreadable(error: OSError) -> None:
        if str(error.filename) == str(folder):
            refuse(error)
        left_out.append(LeftOut(Path(error.filename), "unreadable", f"a folder: {error.strerror}"))

    def known(link: Path, first: Path) -> None:
        left_out.append(LeftOut(link, "duplicate", f"a link to the folder {first}"))

    for place, folders, names in storage.walk(folder, on_error=unreadable, on_known=known):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths = [place / name for name in names]
        songs += filter(is_sound_file, paths)
        left_out += _links_to_nothing(path for path in paths if not path.suffix)
        left_out += (LeftOut(path, *_ARCHIVE) for path in paths if _is_archive(path))
    songs.sort(key=_order)
    copies = dict(_copies(songs))
    left_out += (LeftOut(path, "duplicate", f"a link to {copies[path]}") for path in copies)
    return Found(
        tuple(path for path in songs if path not in copies),
        tuple(sorted(left_out, key=lambda found: _order(found.path))),
    )


def _order(path: Path) -> list[tuple[bool, str]]:
    """A key that sorts by path, a folder's files before its folders."""
    *folders, name = path.parts
    return [(True, folder) for folder in folders] + [(False, name)]


def _is_archive(path: Path) -> bool:
    return path.suffix.lower() in _ARCHIVES and not path.name.startswith(".")


def _is_link(path: Path) -> bool:
    return not storage.is_remote(path) and path.is_symlink()


def _links_to_nothing(paths: Iterable[Path]) -> Iterator[LeftOut]:
    """Those paths that are broken links, as to a folder on a disk that is not mounted."""
    for path in paths:
        if _is_link(path) and not path.name.startswith(".") and not path.exists():
            detail = f"a link to {os.readlink(path)}, which does not exist"
            yield LeftOut(path, "missing", detail)


def _copies(songs: list[Path]) -> Iterator[tuple[Path, Path]]:
    """The links among songs whose target is another of them, or that of a link before."""
    links = [path for path in songs if _is_link(path) and path.exists()]
    if not links:
        return
    places = {os.path.realpath(path): path for path in songs if not _is_link(path)}
    for link in links:
        first = places.setdefault(os.path.realpath(link), link)
        if first != link:
            yield link, first


def find_songs(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """The files among the given paths, and the sound files in the folders and archives among them.

    A file is returned whatever its suffix, also one in an archive, as `music.zip/a.mp3`. Links to
    nothing are returned as well: they are songs that are missing.

    Raises:
        UserError: if a path does not exist, a folder or archive cannot be read, or no song is
            found.
    """
    songs: list[str] = []
    for path in map(storage.to_path, paths):
        if path.is_dir():
            songs += map(str, _songs_below(path))
        elif _is_archive(path) and path.is_file():
            songs += _songs_in(path)
        elif path.exists() or archives.split_path(str(path)):
            songs.append(str(path))
        else:
            raise UserError(f"No such file or folder: {path}")
    if not songs:
        raise UserError("No songs found: pass sound files, or folders that contain some.")
    return songs


def _songs_in(archive: Path) -> list[str]:
    """The sound files in a zip or tar file."""
    if archive.suffix.lower() not in (".zip", ".tar"):
        raise UserError(f"{archive} is an archive that is not a zip or tar file: unpack it.")
    names = sorted(archive_index.members(str(archive)))
    return [f"{archive}/{name}" for name in names if is_sound_file(Path(name))]


def _songs_below(folder: Path) -> list[Path]:
    found = search(folder)
    for path, reason, detail in found.left_out:
        if reason == "unreadable":
            raise UserError(f"{path} cannot be read: {detail}.")
    missing = (path for path, reason, _ in found.left_out if reason == "missing")
    return sorted([*found.songs, *missing], key=_order)
