"""Collections as they lie on disk."""

import shutil
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import mutagen.wave
import pytest
from mutagen.apev2 import APEv2
from mutagen.easyid3 import EasyID3
from mutagen.id3 import ID3, TCON, TPE1

from tests import songs
from tests.builds import config_of, load
from tfgenre.audio import archives, tags
from tfgenre.audio.search import find_songs
from tfgenre.datasets import fma, fma_tables, folder, jamendo, tracks_csv
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
    catalogue = folder.load(tmp_path, config_of("folder"))
    assert catalogue.genres == ("Jazz", "Rock")
    assert catalogue.tracks == (
        Track(id="Jazz/é 中🎵.mp3", path="Jazz/é 中🎵.mp3", genre="Jazz"),
        Track(id="Rock/a.MP3", path="Rock/a.MP3", genre="Rock"),
        Track(id="Rock/live/b.mp3", path="Rock/live/b.mp3", genre="Rock", artist="Them"),
    )
    assert catalogue.num_artists_known == 1


def test_genres_are_chosen_in_the_order_given(collection):
    catalogue = load("folder", collection, genres=("Tones", "Noise"))
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
        load("folder", collection, genres=genres)


@pytest.mark.parametrize("dataset", ["folder", "fma_small", "jamendo"])
def test_a_collection_that_is_not_there(dataset, tmp_path):
    with pytest.raises(UserError, match="No such folder"):
        load(dataset, tmp_path / "none")
    with pytest.raises(UserError, match=r"under|missing"):
        load(dataset, tmp_path)


def test_songs_among_and_below_paths(collection, tmp_path):
    odd = tmp_path / "song.xyz"
    odd.touch()
    found = find_songs([str(collection / "Tones"), str(odd)])
    assert found == [str(collection / "Tones" / f"{n}.wav") for n in range(6)] + [str(odd)]
    with pytest.raises(UserError, match="No such file or folder"):
        find_songs([str(tmp_path / "none")])
    with pytest.raises(UserError, match="No songs"):
        find_songs([])


@pytest.fixture
def fma_dir(tmp_path) -> Path:
    (tmp_path / "genres.csv").write_text(GENRES_CSV)
    for number, genre in enumerate(["Punk", "hip hop", "Polka", "", "Old-Time / Historic"]):
        values = {"genre": genre} if genre else {}
        tagged(tmp_path / f"fma_small/000/{number:06}.mp3", artist=f"artist {number}", **values)
    tagged(tmp_path / "fma_small/README.mp3", genre="Rock")
    return tmp_path


def test_fma_genres_go_to_their_top_level(fma_dir):
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


def test_fma_reads_the_subset_asked_for(fma_dir):
    tagged(fma_dir / "fma_medium/000/000000.mp3", genre="Rock")
    for subset, ids in [("small", ["000000", "000001", "000004"]), ("medium", ["000000"])]:
        catalogue = fma.load(fma_dir, config_of(f"fma_{subset}", fma_genres="id3"))
        assert [track.id for track in catalogue.tracks] == ids


def test_fma_table_that_is_no_table(fma_dir):
    (fma_dir / "genres.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match="not FMA's table of genres"):
        fma.load(fma_dir, config_of("fma_small", fma_genres="id3"))


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
def fma_table_dir(fma_dir) -> Path:
    (fma_dir / "fma_metadata").mkdir()
    (fma_dir / "fma_metadata" / "tracks.csv").write_text(TRACKS_CSV)
    tagged(fma_dir / "fma_small/099/099134.mp3", genre="Punk")
    return fma_dir


def test_fma_by_its_table(fma_table_dir):
    catalogue = fma.load(fma_table_dir, config_of("fma_small", fma_genres="tracks"))
    assert catalogue.tracks == (
        Track("000000", "fma_small/000/000000.mp3", "Rock", "7", "train", 30.0),
        Track("000001", "fma_small/000/000001.mp3", "Hip-Hop", "7", "validation", 20.0),
        Track("000002", "fma_small/000/000002.mp3", "Rock", "8", "test", 30.0),
        Track("099134", "fma_small/099/099134.mp3", "Rock", "9", "test", 30.0, known_bad=True),
    )
    assert catalogue.skipped == (
        Skipped("fma_small/000/000003.mp3", "no_genre", "tracks.csv names no top-level genre"),
        Skipped("fma_small/000/000004.mp3", "no_genre", "not in tracks.csv"),
        Skipped("000/000005.mp3", "missing", "not in fma_small"),
    )


def test_fma_by_tags_takes_the_rest_from_its_table(fma_table_dir):
    catalogue = fma.load(fma_table_dir, config_of("fma_small", fma_genres="id3"))
    assert catalogue.tracks[0] == Track(
        "000000", "fma_small/000/000000.mp3", "Rock", "7", "train", 30.0
    )
    assert catalogue.tracks[2].artist == "artist 4"


@pytest.mark.parametrize("genres_from", ["tracks", "id3"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_fma_out_of_its_zip_files(fma_table_dir, tmp_path_factory, genres_from, method):
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
def test_fma_genres_that_share_a_tag(fma_dir, text):
    tagged(fma_dir / "fma_small/000/000009.mp3", genre=text)
    catalogue = fma.load(fma_dir, config_of("fma_small", fma_genres="id3"))
    (track,) = [track for track in catalogue.tracks if track.id == "000009"]
    assert track.genre == ("Hip-Hop" if "Hop" in text else "Rock")


@pytest.mark.parametrize("seconds", ["nan", "inf", "-3", "long"])
def test_lengths_that_are_none(fma_table_dir, jamendo_dir, seconds):
    path = fma_table_dir / "fma_metadata" / "tracks.csv"
    path.write_text(TRACKS_CSV.replace(",168,", f",{seconds},"))
    with pytest.raises(UserError, match="not FMA's table of tracks"):
        fma.load(fma_table_dir, config_of("fma_small", fma_genres="tracks"))
    table = jamendo_dir / "splits/split-0/autotagging_genre-train.tsv"
    table.write_text(JAMENDO.replace("124.6", seconds), newline="")
    with pytest.raises(UserError, match=f"line 2: no duration: '{seconds}'"):
        jamendo.load(jamendo_dir, config_of("jamendo"))


def test_a_damaged_metadata_archive_is_the_users_to_know(fma_dir):
    (fma_dir / "genres.csv").unlink()
    path = fma_dir / "fma_metadata.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("fma_metadata/genres.csv", GENRES_CSV * 100)
    content = bytearray(path.read_bytes())
    content[80:120] = bytes(40)
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"genres\.csv cannot be read"):
        fma.load(fma_dir, config_of("fma_small", fma_genres="id3"))


def test_fma_without_its_table(fma_dir):
    with pytest.raises(UserError, match=r"tracks\.csv is missing: put fma_metadata\.zip"):
        fma.load(fma_dir, config_of("fma_small", fma_genres="tracks"))
    (fma_dir / "tracks.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match="not FMA's table of tracks"):
        fma.load(fma_dir, config_of("fma_small", fma_genres="tracks"))
    with pytest.raises(UserError, match=r"Download fma_large.zip \(93 GiB, 106,574 clips\)"):
        fma.load(fma_dir / "fma_small" / "001", config_of("fma_large", fma_genres="id3"))


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


@pytest.mark.parametrize(
    "tag",
    [
        b"ID3\x02\0\0\0\0\0\x0bTCO\0\0\x05\0(17)",
        b"ID3\x03\0\0\0\0\0\x17TCON\0\0\0\x0d\0\0\x01\xff\xfeR\0o\0c\0k\0\0\0",
        b"ID3\x04\0\0\0\0\0\x19TCON\0\0\0\x0f\0\0\x03Rock\0Punk\0\0\0\0\0",
    ],
)
def test_tags_of_every_version(tmp_path, tag):
    path = songs.write(tmp_path / "song.mp3", songs.tone(0.5))
    path.write_bytes(tag + path.read_bytes())
    assert tags.read(path).genres[0] == "Rock"


def test_tags_at_the_end(tmp_path):
    path = songs.write(tmp_path / "song.mp3", songs.tone(0.5))
    with path.open("ab") as file:
        file.write(b"TAG" + b"title".ljust(30, b"\0") + b"Them".ljust(30, b"\0"))
        file.write(bytes(64) + b"\x11")
    assert tags.read(path) == tags.Tags(artist="Them", genres=("Rock",))
    other = songs.write(tmp_path / "other.mp3", songs.tone(0.5))
    ape = APEv2()
    ape["Genre"], ape["Artist"] = "Hip Hop", "They"
    ape.save(other)
    assert tags.read(other) == tags.Tags(artist="They", genres=("Hip Hop",))


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
    catalogue = jamendo.load(jamendo_dir, config_of("jamendo"))
    assert catalogue.tracks == (
        Track("track_0000214", "audio/14/214.mp3", "Rock", "artist_14", "train", 124.6),
        Track("track_0000216", "audio/16/216.mp3", "Pop", "artist_15", "train", 234.9),
    )
    assert catalogue.skipped == (Skipped("17/217.mp3", "missing"),)
    assert all(track.split for track in catalogue.tracks)


def test_jamendo_songs_of_a_single_genre(jamendo_dir):
    catalogue = jamendo.load(jamendo_dir, config_of("jamendo", jamendo_genres="single"))
    assert [track.id for track in catalogue.tracks] == ["track_0000214"]


def test_jamendo_out_of_tar_files(jamendo_dir):
    shutil.rmtree(jamendo_dir / "audio")
    tagged(jamendo_dir / "song.mp3")
    with tarfile.open(jamendo_dir / "raw_30s_audio-14.tar", "w") as archive:
        archive.add(jamendo_dir / "song.mp3", "14/214.mp3")
    catalogue = jamendo.load(jamendo_dir, config_of("jamendo"))
    assert [track.path for track in catalogue.tracks] == ["raw_30s_audio-14.tar/14/214.mp3"]
    assert [skip.path for skip in catalogue.skipped] == ["16/216.mp3", "17/217.mp3"]
    with archives.on_disk(str(jamendo_dir / catalogue.tracks[0].path)) as path:
        assert Path(path).read_bytes() == (jamendo_dir / "song.mp3").read_bytes()


def test_jamendo_low_quality(jamendo_dir):
    tagged(jamendo_dir / "audio-low/14/214.low.mp3")
    catalogue = jamendo.load(jamendo_dir, config_of("jamendo", jamendo_audio="audio-low"))
    assert [track.path for track in catalogue.tracks] == ["audio-low/14/214.low.mp3"]


def test_jamendo_other_lists(jamendo_dir):
    shutil.copytree(jamendo_dir / "splits/split-0", jamendo_dir / "data/splits/split-3")
    shutil.rmtree(jamendo_dir / "splits")
    assert len(jamendo.load(jamendo_dir, config_of("jamendo", official_split=3)).tracks) == 2
    with pytest.raises(UserError, match="split-1 is missing"):
        jamendo.load(jamendo_dir, config_of("jamendo", official_split=1))
    (jamendo_dir / "autotagging_genre.tsv").write_text(JAMENDO, newline="")
    catalogue = jamendo.load(jamendo_dir, config_of("jamendo", official_split=1))
    assert [track.split for track in catalogue.tracks] == ["", ""]
    assert "4 tracks listed (no splits)" in catalogue.notes[0]


def test_jamendo_paths_that_lead_out(jamendo_dir):
    table = jamendo_dir / "splits/split-0/autotagging_genre-train.tsv"
    table.write_text(JAMENDO.replace("16/216.mp3", "../../etc/passwd"), newline="")
    assert (
        Skipped("../../etc/passwd", "outside")
        in jamendo.load(jamendo_dir, config_of("jamendo")).skipped
    )


def test_jamendo_counts(shared_data, tmp_path):
    (tmp_path / "splits").symlink_to(shared_data / "jamendo" / "splits")
    tagged(tmp_path / "audio" / "41" / "241.mp3")
    catalogue = jamendo.load(tmp_path, config_of("jamendo"))
    assert len(catalogue.tracks) + len(catalogue.skipped) == 36_504
    assert catalogue.notes == (
        "55,094 tracks listed (32,572 / 11,043 / 11,479); of the genres, 31,564 have a single one, "
        "4,940 several, 18,590 none",
    )


def test_a_table_of_songs(tmp_path):
    for name in ("a.wav", "b.wav", "deep/c.wav"):
        songs.write(tmp_path / name, songs.tone(0.5))
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.write(tmp_path / "a.wav", "d.wav")
    table = tmp_path / "tracks.csv"
    table.write_text(
        "\ufeffGenre,path,split,artist\n"
        f'"Old-Time / Historic",a.wav,train,Them\nRock,{tmp_path}/deep/c.wav,Test,\n\n'
        "Rock,more.zip/d.wav,,\nRock,../b.wav,,\nRock,/etc/passwd,,\nRock,gone.wav\n,b.wav,,\n"
    )
    catalogue = tracks_csv.load(tmp_path, config_of("csv", tracks_csv=str(table)))
    assert catalogue.tracks == (
        Track("a.wav", "a.wav", "Old-Time / Historic", "Them", "train"),
        Track("deep/c.wav", "deep/c.wav", "Rock", "", "test"),
        Track("more.zip/d.wav", "more.zip/d.wav", "Rock"),
    )
    assert [(skip.path, skip.reason) for skip in catalogue.skipped] == [
        ("../b.wav", "outside"),
        ("/etc/passwd", "outside"),
        ("gone.wav", "missing"),
        ("b.wav", "no_genre"),
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read"),
        (b"", "must have one column path and one genre, got ''"),
        (b"file,label\n", "got 'file,label'"),
        (b"path,genre,split\na.wav,Rock,dev\n", "row 2: split must be one of .* got 'dev'"),
        (b"path,genre\n\xff\xfe,Rock\n", "cannot be read"),
        (b"path,genre,genre\na.wav,Rock,Jazz\n", "one column path and one genre"),
        (b'path,genre\n"a.wav,Rock\nb.wav,Rock\n', r"cannot be read \(after row 1\)"),
        (b"path,genre\ngone.wav,Rock\n", "names no song that is below"),
    ],
)
def test_tables_that_cannot_be(tmp_path, content, sentence):
    if content is not None:
        (tmp_path / "tracks.csv").write_bytes(content)
    with pytest.raises(UserError, match=sentence):
        tracks_csv.load(tmp_path, config_of("csv", tracks_csv=str(tmp_path / "tracks.csv")))
    with pytest.raises(UserError, match="needs --tracks_csv"):
        tracks_csv.load(tmp_path, config_of("csv"))


@pytest.mark.parametrize("text", ["", "<html>\n", "TRACK_ID\tARTIST_ID\r\n"])
def test_jamendo_table_that_is_none(jamendo_dir, text):
    table = jamendo_dir / "splits" / "split-0" / "autotagging_genre-test.tsv"
    table.write_text(text)
    with pytest.raises(UserError, match="must start with TRACK_ID ARTIST_ID"):
        jamendo.load(jamendo_dir, config_of("jamendo"))


def test_real_fma_clips(shared_data):
    catalogue = fma.load(shared_data / "fma", config_of("fma_small", fma_genres="id3"))
    found = [track.genre for track in catalogue.tracks]
    assert found == ["Rock", "Folk", "Electronic", "Instrumental", "Rock", "Instrumental"]
    assert len(fma_tables.read_top_level_genres(shared_data / "fma")) == 163


def test_real_songs(shared_data):
    catalogue = folder.load(shared_data / "songs", config_of("folder"))
    assert len(catalogue.tracks) == 19
    assert len(catalogue.genres) == 6
