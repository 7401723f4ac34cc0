"""Your own music: a folder a genre, `DIR/<Genre>/**/*.mp3` (and every other kind of sound file)."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tfgenre import archives, audio, storage
from tfgenre.datasets import tags
from tfgenre.datasets.track import Catalogue, Skipped, Track
from tfgenre.errors import UserError


def load(data_dir: Path) -> Catalogue:
    """Reads the names and the artist tags of all sound files under DIR/<Genre>.

    Raises:
        UserError: if there is no sound file in any genre's folder.
    """
    skipped: list[Skipped] = []

    def skip(error: OSError) -> None:
        place = Path(error.filename).relative_to(data_dir).as_posix()
        skipped.append(Skipped(place, "unreadable", "a folder"))

    found = _sound_files(data_dir, on_error=skip)
    tracks = tuple(_track(data_dir, genre, path) for genre, path in found)
    if not tracks:
        raise UserError(
            f"No songs under {data_dir}: expected {data_dir}/<Genre>/*.mp3 "
            "(or .ogg, .flac, .wav, ...), a folder a genre; check --data_dir."
        )
    return Catalogue.of(data_dir, (*tracks, *skipped))


def is_sound_file(path: Path) -> bool:
    """Whether the name says so; hidden files, such as macOS's `._song.mp3`, are none."""
    return path.suffix.lower() in audio.SUFFIXES and not path.name.startswith(".")


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


def find_songs(paths: Iterable[str]) -> list[str]:
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


def _sound_files(
    data_dir: Path, *, on_error: Callable[[OSError], None]
) -> Iterator[tuple[str, Path]]:
    for folder in sorted(data_dir.iterdir()):
        if folder.is_dir() and not folder.name.startswith("."):
            for path in walk(folder, on_error=on_error):
                yield folder.name, path


def _track(data_dir: Path, genre: str, path: Path) -> Track:
    name = path.relative_to(data_dir).as_posix()
    return Track(id=name, path=name, genre=genre, artist=tags.read(path).artist)
