"""Songs, artists and folders whose labels may be wrong."""

from typing import Any

from tfgenre.evaluation import audit

GENRES = ("Folk", "Pop")


def track(path: str, artist: str, genre: str, pop: float) -> dict[str, Any]:
    return {
        "id": path,
        "artist": artist,
        "genre": genre,
        "predicted": "Pop" if pop > 0.5 else "Folk",
        "probabilities": [1 - pop, pop],
    }


TRACKS = [
    track("a/1", "Ada", "Folk", 0.2),
    track("a/2", "Ada", "Folk", 0.4),
    track("b/1", "Bo", "Folk", 0.9),
    track("b/2", "Bo", "Folk", 0.72),
    track("c/1", "", "Pop", 0.1),
    track("c/2", "", "Pop", 0.3),
    track("c/3", "Cy", "Pop", 0.0),
]


def test_songs_whose_genre_got_the_least_probability_come_first():
    found = audit.ranked(TRACKS, GENRES)
    assert [each["id"] for each in found] == ["c/3", "b/1", "c/1", "b/2", "c/2", "a/2", "a/1"]
    assert found[1]["own"] == 1 - 0.9


def test_artists_and_folders_with_several_such_songs():
    found = audit.ranked(TRACKS, GENRES)
    (artist,) = audit.groups(found, "artist")
    assert (artist.name, artist.genre, artist.count, artist.predicted) == ("Bo", "Folk", 2, "Pop")
    assert abs(artist.probability - 0.19) < 1e-9
    assert [folder.name for folder in audit.groups(found, "folder")] == ["c", "b"]
