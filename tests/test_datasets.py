"""Collections as they lie on disk."""

from pathlib import Path

import mutagen.wave
import pytest
from mutagen.easyid3 import EasyID3
from mutagen.id3 import ID3, TCON, TPE1

from tests import songs
from tfgenre import datasets
from tfgenre.datasets import fma, fma_tables, folder, jamendo, tags
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


def tagged(path: Path, **values: str) -> Path:
    songs.write(path, songs.tone(0.5))
    if values:
        found = EasyID3()
        for name, value in values.items():
            found[name] = value
        found.save(path)
    return path


def test_folder_has_a_genre_a_folder(tmp_path):
    tagged(tmp_path / "Rock" / "live" / "b.mp3", artist="Them")
    tagged(tmp_path / "Rock" / "a.MP3")
    tagged(tmp_path / "Jazz" / "é 中🎵.mp3")
    (tmp_path / "Rock" / "cover.jpg").touch()
    (tmp_path / "Rock" / "._a.mp3").touch()
    (tmp_path / "Empty").mkdir()
    tagged(tmp_path / "loose.mp3")
    catalogue = folder.load(tmp_path)
    assert catalogue.genres == ("Jazz", "Rock")
    assert catalogue.tracks == (
        Track(id="Jazz/é 中🎵.mp3", path="Jazz/é 中🎵.mp3", genre="Jazz"),
        Track(id="Rock/a.MP3", path="Rock/a.MP3", genre="Rock"),
        Track(id="Rock/live/b.mp3", path="Rock/live/b.mp3", genre="Rock", artist="Them"),
    )
    assert catalogue.num_artists_known == 1


def test_genres_are_chosen_in_the_order_given(collection):
    catalogue = datasets.load("folder", collection, genres=("Tones", "Noise"))
    assert catalogue.genres == ("Tones", "Noise")
    assert len(catalogue.tracks) == 12


@pytest.mark.parametrize(
    ("genres", "sentence"),
    [
        (("Tones", "Polka"), r"'Polka'; the genres are: Noise \(6\), Tones \(6\)"),
        (("Tones",), "at least two genres, got Tones"),
    ],
)
def test_genres_that_cannot_be(collection, genres, sentence):
    with pytest.raises(UserError, match=sentence):
        datasets.load("folder", collection, genres=genres)


@pytest.mark.parametrize("dataset", ["folder", "fma_small", "jamendo"])
def test_a_collection_that_is_not_there(dataset, tmp_path):
    with pytest.raises(UserError, match="No such folder"):
        datasets.load(dataset, tmp_path / "none")
    with pytest.raises(UserError, match=r"under|missing"):
        datasets.load(dataset, tmp_path)


def test_songs_among_and_below_paths(collection, tmp_path):
    odd = tmp_path / "song.xyz"
    odd.touch()
    found = folder.find_songs([str(collection / "Tones"), str(odd)])
    assert found == [str(collection / "Tones" / f"{n}.wav") for n in range(6)] + [str(odd)]
    with pytest.raises(UserError, match="No such file or folder"):
        folder.find_songs([str(tmp_path / "none")])
    with pytest.raises(UserError, match="No songs"):
        folder.find_songs([])


@pytest.fixture
def fma_dir(tmp_path) -> Path:
    (tmp_path / "genres.csv").write_text(GENRES_CSV)
    for number, genre in enumerate(["Punk", "hip hop", "Polka", "", "Old-Time / Historic"]):
        values = {"genre": genre} if genre else {}
        tagged(tmp_path / f"fma_small/000/{number:06}.mp3", artist=f"artist {number}", **values)
    tagged(tmp_path / "fma_small/README.mp3", genre="Rock")
    return tmp_path


def test_fma_genres_go_to_their_top_level(fma_dir):
    catalogue = fma.load(fma_dir, subset="small", genres_from="id3")
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


def test_fma_reads_the_subset_asked_for(fma_dir):
    tagged(fma_dir / "fma_medium/000/000000.mp3", genre="Rock")
    for subset, ids in [("small", ["000000", "000001", "000004"]), ("medium", ["000000"])]:
        catalogue = fma.load(fma_dir, subset=subset, genres_from="id3")
        assert [track.id for track in catalogue.tracks] == ids


def test_fma_table_that_is_no_table(fma_dir):
    (fma_dir / "genres.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match="not FMA's table of genres"):
        fma.load(fma_dir, subset="small", genres_from="id3")


@pytest.mark.parametrize(
    ("text", "expected"),
    [(["(17)"], "Rock"), (["(17)Rock"], "Rock"), (["17"], "Rock"), (["Hip-Hop\0"], "Hip-Hop")],
)
def test_spellings_of_genre_tags(tmp_path, text, expected):
    path = tagged(tmp_path / "song.mp3")
    found = ID3()
    found.add(TCON(encoding=1, text=text))
    found.save(path)
    assert tags.read(path).genres == (expected,)


def test_tags_of_wav_files(tmp_path):
    path = songs.write(tmp_path / "song.wav", songs.tone(0.5))
    found = mutagen.wave.WAVE(path)
    found.add_tags()
    found.tags.add(TPE1(encoding=3, text=["Them"]))
    found.tags.add(TCON(encoding=3, text=["Rock"]))
    found.save()
    assert tags.read(path) == tags.Tags(artist="Them", genres=("Rock",))


def test_tags_of_what_is_no_song(tmp_path):
    (tmp_path / "page.mp3").write_text("<html>")
    assert tags.read(tmp_path / "page.mp3") == tags.Tags()
    assert tags.read(tmp_path / "none.mp3") == tags.Tags()


JAMENDO = (
    "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS\r\n"
    "track_0000214\tartist_14\talbum_31\t14/214.mp3\t124.6\tgenre---punkrock\tgenre---rock\r\n"
    "track_0000215\tartist_14\talbum_31\t15/215.mp3\t151.4\tgenre---metal\r\n"
    "track_0000216\tartist_15\talbum_32\t16/216.mp3\t234.9\tgenre---pop\tgenre---rock\r\n"
    "track_0000217\tartist_15\talbum_32\t17/217.mp3\t234.9\tgenre---classical\r\n"
)


@pytest.fixture
def jamendo_dir(tmp_path) -> Path:
    splits = tmp_path / "splits" / "split-0"
    splits.mkdir(parents=True)
    header = JAMENDO.splitlines(keepends=True)[0]
    for split in ("train", "validation", "test"):
        text = JAMENDO if split == "train" else header
        (splits / f"autotagging_genre-{split}.tsv").write_text(text, newline="")
    for name in ("14/214", "15/215", "16/216"):
        tagged(tmp_path / "audio" / f"{name}.mp3")
    return tmp_path


def test_jamendo_takes_the_first_mapped_tag(jamendo_dir):
    catalogue = jamendo.load(jamendo_dir)
    assert catalogue.tracks == (
        Track("track_0000214", "audio/14/214.mp3", "Rock", "artist_14", "train", 124.6),
        Track("track_0000216", "audio/16/216.mp3", "Pop", "artist_15", "train", 234.9),
    )
    assert catalogue.skipped == (Skipped("audio/17/217.mp3", "missing"),)
    assert catalogue.has_official_split


@pytest.mark.parametrize("text", ["", "<html>\n", "TRACK_ID\tARTIST_ID\r\n"])
def test_jamendo_table_that_is_none(jamendo_dir, text):
    table = jamendo_dir / "splits" / "split-0" / "autotagging_genre-test.tsv"
    table.write_text(text)
    with pytest.raises(UserError, match="must start with TRACK_ID ARTIST_ID"):
        jamendo.load(jamendo_dir)


def test_real_fma_clips(shared_data):
    catalogue = fma.load(shared_data / "fma", subset="small", genres_from="id3")
    found = [track.genre for track in catalogue.tracks]
    assert found == ["Rock", "Folk", "Electronic", "Instrumental", "Rock", "Instrumental"]
    assert len(fma_tables.read_top_level_genres(shared_data / "fma")) == 163


def test_real_songs(shared_data):
    catalogue = folder.load(shared_data / "songs")
    assert len(catalogue.tracks) == 19
    assert len(catalogue.genres) == 6
