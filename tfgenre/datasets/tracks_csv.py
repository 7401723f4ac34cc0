"""Your own music, listed in a table of paths, genres, artists and splits: `--tracks_csv`."""

import os
from collections.abc import Sequence
from pathlib import Path

from tfgenre import storage
from tfgenre.audio import archive_index, archives
from tfgenre.config import SPLITS, BuildConfig
from tfgenre.datasets import tables
from tfgenre.datasets.folder import LICENCE as LICENCE
from tfgenre.datasets.track import Catalogue, Skipped, Track, check_folder, left_out
from tfgenre.errors import UserError


def default_dir(config: BuildConfig) -> str:
    """The table's folder.

    Raises:
        UserError: if --tracks_csv is not given.
    """
    return os.path.dirname(_table(config)) or "."


def load(data_dir: Path, config: BuildConfig) -> Catalogue:
    """Reads a table of songs.

    Args:
        data_dir: the folder that contains the songs; paths in the table are relative to it.
        config: names the table. Its header has path and genre, and optionally artist and split
            (train, validation or test).

    Raises:
        UserError: if the table cannot be read, lacks a column, or has an unknown split.
    """
    path = storage.to_path(_table(config))
    check_folder(data_dir, config)
    with tables.rows(path, dialect=tables.Strict) as rows:
        header = [name.strip().lower() for name in next(rows, [])]
        if [header.count(name) for name in ("path", "genre")] != [1, 1]:
            text = ",".join(header)[:80]
            raise UserError(f"{path} must have one path and one genre column, got {text!r}.")
        entries = [
            _entry(data_dir, dict(zip(header, row, strict=False)), f"{path}, row {number}")
            for number, row in enumerate(rows, start=2)
            if any(row)
        ]
    if not any(isinstance(entry, Track) for entry in entries):
        skipped = [entry for entry in entries if isinstance(entry, Skipped)]
        raise UserError(
            f"{path} lists no songs that are below {data_dir}; check --data_dir. "
            + left_out(skipped, 0)
        )
    return Catalogue.from_entries(config, data_dir, entries, notes=_notes(entries, config))


def _notes(entries: Sequence[Track | Skipped], config: BuildConfig) -> tuple[str, ...]:
    with_split = sum(isinstance(entry, Track) and bool(entry.split) for entry in entries)
    if not with_split or config.split.split_by == "official":
        return ()
    return (
        f"the table's column split, which has a value for {with_split:,} songs, is not used: "
        "--split_by=official uses it",
    )


def _table(config: BuildConfig) -> str:
    if config.collection.tracks_csv is None:
        raise UserError("--dataset=csv needs --tracks_csv, a table with columns path and genre.")
    return config.collection.tracks_csv


def _entry(data_dir: Path, row: dict[str, str], where: str) -> Track | Skipped:
    values = {name: row.get(name, "").strip() for name in ("path", "genre", "artist", "split")}
    name, genre, split = values["path"], values["genre"], values["split"].lower()
    if split and split not in SPLITS:
        raise UserError(f"{where}: split must be one of {', '.join(SPLITS)}, got {split!r}.")
    if os.path.isabs(name) and Path(name).is_relative_to(folder := os.path.abspath(data_dir)):
        name = Path(name).relative_to(folder).as_posix()
    if storage.is_remote(name):
        name = name.removeprefix(f"{data_dir}/")
    if not name:
        return Skipped(where, "missing", "no path")
    if not archive_index.is_safe(name) or storage.is_remote(name):
        return Skipped(name, "outside", where)
    if not genre:
        return Skipped(name, "no_genre", where)
    song = str(data_dir / name)
    is_remote = storage.is_remote(song)  # one request per song is slow; rendering skips the missing
    if not is_remote and not os.path.isfile(song) and archives.split_path(song) is None:
        return Skipped(name, "missing", where)
    return Track(id=name, path=name, genre=genre, artist=values["artist"], split=split)
