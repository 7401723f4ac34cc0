"""Your own music: one folder per genre, `DIR/<Genre>/**/*.mp3` (or other sound files)."""

from pathlib import Path

from tfgenre.audio import tags
from tfgenre.audio.search import search
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
    found = search(data_dir)
    entries = [_entry(data_dir, path) for path in found.songs]
    loose = sum(isinstance(entry, Skipped) for entry in entries)
    if loose == len(entries):
        raise UserError(
            f"No songs under {data_dir}: expected {data_dir}/<Genre>/*.mp3 "
            "(or .ogg, .flac, .wav, ...), one folder per genre; check --data_dir."
            + f" Songs in that folder itself, which have no genre: {loose:,}."
            * bool(loose)
        )
    left_out = (
        Skipped(_name(data_dir, path), reason, detail.replace(f"{data_dir}/", ""))
        for path, reason, detail in found.left_out
    )
    return Catalogue.from_entries(config, data_dir, (*entries, *left_out))


def _name(data_dir: Path, path: Path) -> str:
    return path.relative_to(data_dir).as_posix()


def _entry(data_dir: Path, path: Path) -> Track | Skipped:
    """A song in a genre's folder, or one beside those folders."""
    name = _name(data_dir, path)
    genre, _, rest = name.partition("/")
    if not rest:
        return Skipped(name, "no_genre", "beside the genres' folders, not in one of them")
    return Track(id=name, path=name, genre=genre, artist=tags.read(path).artist)
