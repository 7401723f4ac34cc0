"""Your own music: one folder per genre, `DIR/<Genre>/**/*.mp3` (or other sound files)."""

from collections.abc import Callable, Iterator
from pathlib import Path

from tfgenre.audio import tags
from tfgenre.audio.search import walk
from tfgenre.config import BuildConfig
from tfgenre.datasets.track import Catalogue, Skipped, Track, check_folder
from tfgenre.errors import UserError

LICENCE = (
    "Your own music: you are responsible for having the right to copy, analyse or distribute the "
    "songs, and data derived from them."
)


def default_dir(config: BuildConfig) -> str:
    """The collection's folder if --data_dir is not given."""
    return f"data/{config.dataset}"


def load(data_dir: Path, config: BuildConfig) -> Catalogue:
    """Reads the names and artist tags of all sound files under DIR/<Genre>.

    Raises:
        UserError: if the folder is missing, or no genre's folder contains a sound file.
    """
    check_folder(data_dir, config)
    skipped: list[Skipped] = []

    def skip(error: OSError) -> None:
        name = Path(error.filename).relative_to(data_dir).as_posix()
        skipped.append(Skipped(name, "unreadable", "a folder"))

    files = _sound_files(data_dir, on_error=skip)
    tracks = tuple(_track(data_dir, genre, path) for genre, path in files)
    if not tracks:
        raise UserError(
            f"No songs under {data_dir}: expected {data_dir}/<Genre>/*.mp3 "
            "(or .ogg, .flac, .wav, ...), one folder per genre; check --data_dir."
        )
    return Catalogue.from_entries(config, data_dir, (*tracks, *skipped))


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
