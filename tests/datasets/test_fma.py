"""The Free Music Archive: clips, tables and published zip files."""

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.builds import config_of
from tests.datasets.tagged import tagged_song
from tfgenre.audio import archives
from tfgenre.datasets import fma, fma_tables
from tfgenre.datasets.track import Skipped, Track
from tfgenre.errors import UserError

GENRES_CSV = """genre_id,#tracks,parent,title,top_level
12,32923,0,Rock,12
25,9261,12,Punk,12
18,5913,0,Instrumental,1235
1235,14938,0,Instrumental,1235
21,8389,0,Hip-Hop,21
20,100,0,Old-Time / Historic,20
"""

TRACKS_CSV = """,album,artist,set,set,track,track
,title,id,split,subset,duration,genre_top
track_id,,,,,,
0,"of, several
lines",7,training,small,168,Rock
1,,7,validation,small,20,Hip-Hop
2,,8,test,medium,237,Rock
3,,9,training,small,206,
5,,9,training,small,206,Rock
99134,,9,test,small,206,Rock
"""


@pytest.fixture
def fma_dir(tmp_path) -> Path:
    (tmp_path / "genres.csv").write_text(GENRES_CSV)
    for number, genre in enumerate(["Punk", "hip hop", "Polka", "", "Old-Time / Historic"]):
        values = {"genre": genre} if genre else {}
        tagged_song(
            tmp_path / f"fma_small/000/{number:06}.mp3", artist=f"artist {number}", **values
        )
    tagged_song(tmp_path / "fma_small/README.mp3", genre="Rock")
    return tmp_path


@pytest.fixture
def fma_table_dir(fma_dir) -> Path:
    (fma_dir / "fma_metadata").mkdir()
    (fma_dir / "fma_metadata" / "tracks.csv").write_text(TRACKS_CSV)
    tagged_song(fma_dir / "fma_small/099/099134.mp3", genre="Punk")
    return fma_dir


def test_genres_are_mapped_to_their_top_level(fma_dir):
    catalogue = fma.load(fma_dir, config_of("fma_small", fma_genres="id3"))
    assert catalogue.genres == ("Hip-Hop", "Old-Time / Historic", "Rock")
    assert [(track.id, track.genre) for track in catalogue.tracks] == [
        ("000000", "Rock"),
        ("000001", "Hip-Hop"),
        ("000004", "Old-Time / Historic"),
    ]
    assert catalogue.tracks[0].artist == "artist 0"
    assert catalogue.skipped == (
        Skipped("fma_small/000/000002.mp3", "no_genre", "genre tag 'Polka'"),
        Skipped("fma_small/000/000003.mp3", "no_genre", "no genre tag"),
    )


def test_the_requested_subset_is_read(fma_dir):
    tagged_song(fma_dir / "fma_medium/000/000000.mp3", genre="Rock")
    for subset, ids in [("small", ["000000", "000001", "000004"]), ("medium", ["000000"])]:
        catalogue = fma.load(fma_dir, config_of(f"fma_{subset}", fma_genres="id3"))
        assert [track.id for track in catalogue.tracks] == ids


def test_a_table_of_genres_that_is_not_fmas(fma_dir):
    (fma_dir / "genres.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match="not FMA's table of genres"):
        fma.load(fma_dir, config_of("fma_small", fma_genres="id3"))


def test_genres_from_tracks_csv(fma_table_dir):
    catalogue = fma.load(fma_table_dir, config_of("fma_small", fma_genres="tracks"))
    assert catalogue.tracks == (
        Track("000000", "fma_small/000/000000.mp3", "Rock", "7", "train", 30.0),
        Track("000001", "fma_small/000/000001.mp3", "Hip-Hop", "7", "validation", 20.0),
        Track("000002", "fma_small/000/000002.mp3", "Rock", "8", "test", 30.0),
        Track("099134", "fma_small/099/099134.mp3", "Rock", "9", "test", 30.0, known_bad=True),
    )
    assert catalogue.skipped == (
        Skipped("fma_small/000/000003.mp3", "no_genre", "no top-level genre in tracks.csv"),
        Skipped("fma_small/000/000004.mp3", "no_genre", "not in tracks.csv"),
        Skipped("000/000005.mp3", "missing", "not in fma_small"),
    )


def test_genres_from_tags_and_the_rest_from_tracks_csv(fma_table_dir):
    catalogue = fma.load(fma_table_dir, config_of("fma_small", fma_genres="id3"))
    assert catalogue.tracks[0] == Track(
        "000000", "fma_small/000/000000.mp3", "Rock", "7", "train", 30.0
    )
    assert catalogue.tracks[2].artist == "artist 4"


@pytest.mark.parametrize("genres_from", ["tracks", "id3"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_published_zip_files(fma_table_dir, tmp_path_factory, genres_from, method):
    folder_entries = fma.load(fma_table_dir, config_of("fma_small", fma_genres=genres_from))
    place = tmp_path_factory.mktemp("zips")
    with zipfile.ZipFile(place / "fma_small.zip", "w", method) as archive:
        archive.writestr("fma_small/README.txt", "about")
        for path in sorted((fma_table_dir / "fma_small").rglob("*.mp3")):
            archive.write(path, path.relative_to(fma_table_dir))
    with zipfile.ZipFile(place / "fma_metadata.zip", "w", method) as archive:
        archive.write(fma_table_dir / "genres.csv", "fma_metadata/genres.csv")
        archive.write(fma_table_dir / "fma_metadata/tracks.csv", "fma_metadata/tracks.csv")
    catalogue = fma.load(place, config_of("fma_small", fma_genres=genres_from))
    assert [replace(t, path=f"fma_small.zip/{t.path}") for t in folder_entries.tracks] == list(
        catalogue.tracks
    )
    clip = fma_table_dir / "fma_small/000/000000.mp3"
    with archives.on_disk(str(place / catalogue.tracks[0].path)) as path:
        assert Path(path).read_bytes() == clip.read_bytes()


@pytest.mark.parametrize("text", ["Polka/Rock", "Punk; Jazz", "Rock, Pop", "Polka|Hip-Hop"])
def test_several_genres_in_one_tag(fma_dir, text):
    tagged_song(fma_dir / "fma_small/000/000009.mp3", genre=text)
    catalogue = fma.load(fma_dir, config_of("fma_small", fma_genres="id3"))
    (track,) = [track for track in catalogue.tracks if track.id == "000009"]
    assert track.genre == ("Hip-Hop" if "Hop" in text else "Rock")


@pytest.mark.parametrize("seconds", ["nan", "inf", "-3", "long"])
def test_invalid_durations(fma_table_dir, seconds):
    path = fma_table_dir / "fma_metadata" / "tracks.csv"
    path.write_text(TRACKS_CSV.replace(",168,", f",{seconds},"))
    with pytest.raises(UserError, match="not FMA's table of tracks"):
        fma.load(fma_table_dir, config_of("fma_small", fma_genres="tracks"))


def test_a_damaged_metadata_archive_is_reported(fma_dir):
    (fma_dir / "genres.csv").unlink()
    path = fma_dir / "fma_metadata.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("fma_metadata/genres.csv", GENRES_CSV * 100)
    content = bytearray(path.read_bytes())
    content[80:120] = bytes(40)
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"genres\.csv cannot be read"):
        fma.load(fma_dir, config_of("fma_small", fma_genres="id3"))


def test_a_missing_table_or_folder(fma_dir):
    with pytest.raises(UserError, match=r"tracks\.csv is missing: put fma_metadata\.zip"):
        fma.load(fma_dir, config_of("fma_small", fma_genres="tracks"))
    (fma_dir / "tracks.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match="not FMA's table of tracks"):
        fma.load(fma_dir, config_of("fma_small", fma_genres="tracks"))
    with pytest.raises(UserError, match=r"Download fma_large.zip \(93 GiB, 106,574 clips\)"):
        fma.load(fma_dir / "fma_small" / "001", config_of("fma_large", fma_genres="id3"))


def test_real_clips(shared_data):
    catalogue = fma.load(shared_data / "fma", config_of("fma_small", fma_genres="id3"))
    found = [track.genre for track in catalogue.tracks]
    assert found == ["Rock", "Folk", "Electronic", "Instrumental", "Rock", "Instrumental"]
    assert len(fma_tables.read_top_level_genres(shared_data / "fma")) == 163
