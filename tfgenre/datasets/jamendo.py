"""MTG-Jamendo: official genre splits (TSV) and full songs, `audio/14/214.mp3`."""

from collections.abc import Iterator
from pathlib import Path

from tfgenre.config import SPLITS
from tfgenre.datasets.track import Catalogue, Skipped, Track
from tfgenre.errors import UserError

# The seed's six genres, and the Jamendo tag each of them stands for.
GENRE_OF_TAG = {
    "genre---rock": "Rock",
    "genre---pop": "Pop",
    "genre---hiphop": "Hip-Hop",
    "genre---electronic": "Electronic",
    "genre---classical": "Instrumental",
    "genre---folk": "Folk",
}
_COLUMNS = ("TRACK_ID", "ARTIST_ID", "ALBUM_ID", "PATH", "DURATION", "TAGS")


def load(data_dir: Path) -> Catalogue:
    """Reads the three lists of split 0; a track's genre is the first of its tags that is mapped.

    Args:
        data_dir: holds `splits/split-0/autotagging_genre-*.tsv` and `audio/NN/NNNN.mp3`.

    Raises:
        UserError: if the lists or all the songs are not there.
    """
    tracks: list[Track] = []
    skipped: list[Skipped] = []
    for split in SPLITS:
        table = data_dir / "splits" / "split-0" / f"autotagging_genre-{split}.tsv"
        for row in _rows(table):
            entry = _track(data_dir, split, row)
            if isinstance(entry, Track):
                tracks.append(entry)
            elif entry is not None:
                skipped.append(entry)
    if not tracks:
        raise UserError(
            f"No songs under {data_dir / 'audio'}: expected {data_dir}/audio/14/214.mp3 and so on; "
            "download them with MTG-Jamendo's own script, or give their place as --data_dir."
        )
    return Catalogue(
        data_dir=data_dir,
        tracks=tuple(tracks),
        genres=tuple(sorted({track.genre for track in tracks})),
        skipped=tuple(skipped),
    )


def _rows(table: Path) -> Iterator[list[str]]:
    """Fields of each data row; a row has five columns and then one field a tag."""
    try:
        lines = table.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise UserError(
            f"{table} is missing: copy data/splits of the mtg-jamendo-dataset repository to "
            f"{table.parent.parent}, or mend --data_dir."
        ) from error
    if not lines or tuple(lines[0].split("\t")) != _COLUMNS:
        header = lines[0] if lines else "nothing"
        raise UserError(f"{table} must start with {' '.join(_COLUMNS)}, got {header[:80]!r}.")
    for number, line in enumerate(lines[1:], start=2):
        fields = line.split("\t")
        if len(fields) < len(_COLUMNS):
            raise UserError(f"{table}, line {number}: fewer than six columns, got {line[:80]!r}.")
        yield fields


def _track(data_dir: Path, split: str, row: list[str]) -> Track | Skipped | None:
    """The row's track, why it is skipped, or None if it has none of the genres."""
    track_id, artist, _, name, _, *tags = row
    genre = next((GENRE_OF_TAG[tag] for tag in tags if tag in GENRE_OF_TAG), None)
    if genre is None:
        return None
    path = f"audio/{name}"
    if not (data_dir / path).is_file():
        return Skipped(path, "missing")
    return Track(id=track_id, path=path, genre=genre, artist=artist, split=split)
