"""Tagged sound files for tests."""

from pathlib import Path

from mutagen.easyid3 import EasyID3

from tests import songs


def tagged_song(path: Path, **tags: str) -> Path:
    """Writes half a second of sound with ID3 tags, such as artist and genre."""
    songs.write(path, songs.tone(0.5))
    if tags:
        id3 = EasyID3()
        for name, value in tags.items():
            id3[name] = value
        id3.save(path)
    return path
