"""MTG-Jamendo: track lists, folders and published tar files."""

import shutil
import tarfile
from pathlib import Path

import pytest

from tests.builds import config_of
from tests.datasets.tagged import tagged_song
from tfgenre.audio import archives
from tfgenre.datasets import jamendo
from tfgenre.datasets.track import Skipped, Track
from tfgenre.errors import UserError

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
        tagged_song(tmp_path / "audio" / f"{name}.mp3")
    return tmp_path


def test_the_first_tag_of_a_genre_is_taken(jamendo_dir):
    catalogue = jamendo.load(jamendo_dir, config_of("jamendo"))
    assert catalogue.tracks == (
        Track("track_0000214", "audio/14/214.mp3", "Rock", "artist_14", "train", 124.6),
        Track("track_0000216", "audio/16/216.mp3", "Pop", "artist_15", "train", 234.9),
    )
    assert catalogue.skipped == (Skipped("17/217.mp3", "missing"),)
    assert all(track.split for track in catalogue.tracks)


def test_songs_of_a_single_genre(jamendo_dir):
    catalogue = jamendo.load(jamendo_dir, config_of("jamendo", jamendo_genres="single"))
    assert [track.id for track in catalogue.tracks] == ["track_0000214"]


def test_published_tar_files(jamendo_dir):
    shutil.rmtree(jamendo_dir / "audio")
    tagged_song(jamendo_dir / "song.mp3")
    with tarfile.open(jamendo_dir / "raw_30s_audio-14.tar", "w") as archive:
        archive.add(jamendo_dir / "song.mp3", "14/214.mp3")
    catalogue = jamendo.load(jamendo_dir, config_of("jamendo"))
    assert [track.path for track in catalogue.tracks] == ["raw_30s_audio-14.tar/14/214.mp3"]
    assert [skip.path for skip in catalogue.skipped] == ["16/216.mp3", "17/217.mp3"]
    with archives.on_disk(str(jamendo_dir / catalogue.tracks[0].path)) as path:
        assert Path(path).read_bytes() == (jamendo_dir / "song.mp3").read_bytes()


def test_low_quality_audio(jamendo_dir):
    tagged_song(jamendo_dir / "audio-low/14/214.low.mp3")
    catalogue = jamendo.load(jamendo_dir, config_of("jamendo", jamendo_audio="audio-low"))
    assert [track.path for track in catalogue.tracks] == ["audio-low/14/214.low.mp3"]


def test_other_track_lists(jamendo_dir):
    shutil.copytree(jamendo_dir / "splits/split-0", jamendo_dir / "data/splits/split-3")
    shutil.rmtree(jamendo_dir / "splits")
    assert len(jamendo.load(jamendo_dir, config_of("jamendo", official_split=3)).tracks) == 2
    with pytest.raises(UserError, match="split-1 is missing"):
        jamendo.load(jamendo_dir, config_of("jamendo", official_split=1))
    (jamendo_dir / "autotagging_genre.tsv").write_text(JAMENDO, newline="")
    catalogue = jamendo.load(jamendo_dir, config_of("jamendo", official_split=1))
    assert [track.split for track in catalogue.tracks] == ["", ""]
    assert "4 tracks listed (no splits)" in catalogue.notes[0]


def test_paths_outside_the_folder_are_skipped(jamendo_dir):
    table = jamendo_dir / "splits/split-0/autotagging_genre-train.tsv"
    table.write_text(JAMENDO.replace("16/216.mp3", "../../etc/passwd"), newline="")
    assert (
        Skipped("../../etc/passwd", "outside")
        in jamendo.load(jamendo_dir, config_of("jamendo")).skipped
    )


def test_counts_of_the_published_lists(shared_data, tmp_path):
    (tmp_path / "splits").symlink_to(shared_data / "jamendo" / "splits")
    tagged_song(tmp_path / "audio" / "41" / "241.mp3")
    catalogue = jamendo.load(tmp_path, config_of("jamendo"))
    assert len(catalogue.tracks) + len(catalogue.skipped) == 36_504
    assert catalogue.notes == (
        "55,094 tracks listed (32,572 / 11,043 / 11,479); 31,564 have one of the genres, "
        "4,940 several, 18,590 none",
    )


@pytest.mark.parametrize("seconds", ["nan", "inf", "-3", "long"])
def test_invalid_durations(jamendo_dir, seconds):
    table = jamendo_dir / "splits/split-0/autotagging_genre-train.tsv"
    table.write_text(JAMENDO.replace("124.6", seconds), newline="")
    sentence = f"line 2: the duration must be in seconds, got '{seconds}'"
    with pytest.raises(UserError, match=sentence):
        jamendo.load(jamendo_dir, config_of("jamendo"))


@pytest.mark.parametrize("text", ["", "<html>\n", "TRACK_ID\tARTIST_ID\r\n"])
def test_a_list_with_another_header(jamendo_dir, text):
    table = jamendo_dir / "splits" / "split-0" / "autotagging_genre-test.tsv"
    table.write_text(text)
    with pytest.raises(UserError, match="must start with TRACK_ID ARTIST_ID"):
        jamendo.load(jamendo_dir, config_of("jamendo"))
