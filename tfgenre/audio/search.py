"""Finds sound files by name."""

import os
from collections.abc import Iterable, Iterator, Sequence
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
        folders: each folder with sound files, and their names, sorted: a folder before those in it.
        left_out: folders that cannot be read, archives, links to nothing, and links to folders and
            songs that are found without them.
    """

    folders: tuple[tuple[Path, tuple[str, ...]], ...]
    left_out: tuple[LeftOut, ...]

    @property
    def songs(self) -> tuple[Path, ...]:
        """The sound files, in the order of os.walk."""
        return tuple(folder / name for folder, names in self.folders for name in names)


def _is_sound_file(name: str) -> bool:
    """Whether a name is that of a sound file; hidden ones such as macOS's `._song.mp3` are not."""
    return os.path.splitext(name)[1].lower() in SUFFIXES and not name.startswith(".")


def refuse(error: OSError) -> None:
    """Raises UserError for a folder that cannot be read."""
    raise UserError(f"{error.filename} cannot be read: {error.strerror}.")


def search(folder: Path) -> Found:
    """Finds all sound files below a folder, also through links to folders; each once."""
    found: list[tuple[Path, list[str]]] = []
    left_out: list[LeftOut] = []

    def unreadable(error: OSError) -> None:
        if str(error.filename) == str(folder):
            refuse(error)
        left_out.append(LeftOut(Path(error.filename), "unreadable", f"a folder: {error.strerror}"))

    def known(link: Path, first: Path) -> None:
        left_out.append(LeftOut(link, "duplicate", f"a link to the folder {first}"))

    for place, folders, names in storage.walk(folder, on_error=unreadable, on_known=known):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found.append((place, sorted(filter(_is_sound_file, names))))
        others = [place / name for name in names if not _is_sound_file(name)]
        left_out += _links_to_nothing(path for path in others if not path.suffix)
        left_out += (LeftOut(path, *_ARCHIVE) for path in others if _is_archive(path))
    found.sort(key=lambda folder: folder[0].parts)  # links to folders were followed last
    copies = dict(_copies(found))
    left_out += (LeftOut(path, "duplicate", f"a link to {copies[path]}") for path in copies)
    if copies:
        found = [(place, [n for n in names if place / n not in copies]) for place, names in found]
    return Found(
        tuple((place, tuple(names)) for place, names in found if names),
        tuple(sorted(left_out, key=lambda each: _order(each.path))),
    )


def _order(path: Path) -> list[tuple[bool, str]]:
    """A key that sorts by path, a folder's files before its folders."""
    *folders, name = path.parts
    return [(True, folder) for folder in folders] + [(False, name)]


def _is_archive(path: Path) -> bool:
    return path.suffix.lower() in _ARCHIVES and not path.name.startswith(".")


def _is_link(path: Path | str) -> bool:
    return not storage.is_remote(path) and os.path.islink(path)


def _links_to_nothing(paths: Iterable[Path]) -> Iterator[LeftOut]:
    """Those paths that are broken links, as to a folder on a disk that is not mounted."""
    for path in paths:
        if _is_link(path) and not path.name.startswith(".") and not path.exists():
            detail = f"a link to {os.readlink(path)}, which does not exist"
            yield LeftOut(path, "missing", detail)


def _copies(found: list[tuple[Path, list[str]]]) -> Iterator[tuple[Path, Path]]:
    """The links among songs whose target is another of them, or that of a link before."""
    links = [path for path in _paths(found) if _is_link(path) and os.path.exists(path)]
    if not links:
        return
    places = {os.path.realpath(path): path for path in _paths(found) if not _is_link(path)}
    for link in links:
        first = places.setdefault(os.path.realpath(link), link)
        if first != link:
            yield Path(link), Path(first)


def _paths(found: Iterable[tuple[Path, Sequence[str]]]) -> Iterator[str]:
    """Songs as text, which takes a tenth of the time and memory of paths."""
    for folder, names in found:
        if storage.is_remote(folder) or str(folder) == ".":
            yield from (str(folder / name) for name in names)
        else:
            yield from (os.path.join(folder, name) for name in names)


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
            songs += _songs_below(path)
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
    return [f"{archive}/{name}" for name in names if _is_sound_file(os.path.basename(name))]


def _songs_below(folder: Path) -> list[str]:
    found = search(folder)
    for path, reason, detail in found.left_out:
        if reason == "unreadable":
            raise UserError(f"{path} cannot be read: {detail}.")
    songs = list(_paths(found.folders))
    missing = [path for path, reason, _ in found.left_out if reason == "missing"]
    if not missing:
        return songs
    return list(map(str, sorted([*map(Path, songs), *missing], key=_order)))
