"""Your own music by a table: `--dataset=csv --tracks_csv=F` with path, genre, artist and split."""

import os
from pathlib import Path

from tfgenre import storage
from tfgenre.audio import archive_index, archives
from tfgenre.config import SPLITS
from tfgenre.datasets import tables
from tfgenre.datasets.track import Catalogue, Skipped, Track
from tfgenre.errors import UserError


def load(data_dir: Path, *, tracks_csv: str | None) -> Catalogue:
    """Reads a table of songs.

    Args:
        data_dir: the folder that its paths are relative to, and below which they lie.
        tracks_csv: the table: a header with path and genre, and maybe artist and split (train,
            validation or test).

    Raises:
        UserError: if the table cannot be read or lacks a column, or a row a value.
    """
    if tracks_csv is None:
        raise UserError("--dataset=csv needs --tracks_csv: a table with the columns path, genre.")
    path = storage.to_path(tracks_csv)
    with tables.rows(path, dialect=tables.Strict) as rows:
        header = [name.strip().lower() for name in next(rows, [])]
        if [header.count(name) for name in ("path", "genre")] != [1, 1]:
            found = ",".join(header)[:80]
            raise UserError(f"{path} must have one column path and one genre, got {found!r}.")
        entries = [
            _entry(data_dir, dict(zip(header, row, strict=False)), f"{path}, row {number}")
            for number, row in enumerate(rows, start=2)
            if any(row)
        ]
    if not any(isinstance(entry, Track) for entry in entries):
        raise UserError(f"{path} names no song that is below {data_dir}; check --data_dir.")
    return Catalogue.of(data_dir, entries)


def _entry(data_dir: Path, row: dict[str, str], where: str) -> Track | Skipped:
    values = {name: row.get(name, "").strip() for name in ("path", "genre", "artist", "split")}
    name, genre, split = values["path"], values["genre"], values["split"].lower()
    if split and split not in SPLITS:
        raise UserError(f"{where}: split must be one of {', '.join(SPLITS)}, got {split!r}.")
    if os.path.isabs(name) and Path(name).is_relative_to(place := os.path.abspath(data_dir)):
        name = Path(name).relative_to(place).as_posix()
    if storage.is_remote(name):
        name = name.removeprefix(f"{data_dir}/")
    if not name:
        return Skipped(where, "missing", "no path")
    if not archive_index.is_safe(name) or storage.is_remote(name):
        return Skipped(name, "outside", where)
    if not genre:
        return Skipped(name, "no_genre", where)
    song = str(data_dir / name)
    is_remote = storage.is_remote(song)  # to ask for each takes long: rendering will tell
    if not is_remote and not os.path.isfile(song) and archives.split(song) is None:
        return Skipped(name, "missing", where)
    return Track(id=name, path=name, genre=genre, artist=values["artist"], split=split)
