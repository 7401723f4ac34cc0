"""Genres in songs' tags are written and undone; nothing else changes."""

import json
import os
import shutil
import zipfile
from pathlib import Path

import mutagen
import numpy as np
import pytest
from mutagen.id3 import APIC, ID3, TCON, TIT2, TXXX, TYER, Encoding
from mutagen.ogg import OggPage

from tests import songs
from tfgenre.audio import tags
from tfgenre.audio.song import open_audio
from tfgenre.errors import CannotTag, Failure, UserError
from tfgenre.tagging import log as tag_log
from tfgenre.tagging.id3v2_tag import read_all
from tfgenre.tagging.log import write_genres

RATE_HZ = 48000
KINDS = ("a.mp3", "a.ogg", "a.opus", "a.flac", "a.m4a")
ID3V1 = b"TAG" + b"Old title".ljust(30, b"\0") + b"\0" * 94 + b"\xff"


@pytest.fixture(params=KINDS)
def song(request, tmp_path) -> str:
    return make(tmp_path / request.param)


@pytest.fixture
def mp3(tmp_path) -> str:
    return make(tmp_path / "a.mp3")


def make(path: Path) -> str:
    samples = songs.noise(3.0, rate_hz=RATE_HZ)
    if path.suffix == ".m4a":
        songs.write_with_ffmpeg(path, samples, "ipod", "aac", rate_hz=RATE_HZ)
    else:
        songs.write(path, samples, rate_hz=RATE_HZ, **songs.OPTIONS[path.suffix])
    return str(path)


def samples_of(path: str) -> np.ndarray:
    with open_audio(path) as song:
        return np.concatenate(list(song.blocks))


def easy_tags(path: str) -> dict[str, list[str]]:
    return dict(mutagen.File(path, easy=True).tags or {})


def genres_of(path: str) -> tuple[str, ...]:
    return tags.read(Path(path)).genres


def add_tags(path: str, **values: str) -> None:
    found = mutagen.File(path, easy=True)
    if found.tags is None:
        found.add_tags()
    found.tags.update(values)
    found.save()


def without_tag(path: str) -> bytes:
    with open(path, "rb") as file:
        tags = read_all(file)
    return Path(path).read_bytes()[tags[-1].end if tags else 0 :]


def sound_of(path: str) -> list[bytes]:
    """A file's bytes apart from its tags."""
    content = Path(path).read_bytes()
    if path.endswith(".mp3"):
        return [without_tag(path)]
    if path.endswith(".flac"):
        return [content[content.index(b"\xff\xf8") :]]
    if path.endswith(".m4a"):
        start = content.index(b"mdat")
        return [content[start : start - 4 + int.from_bytes(content[start - 4 : start], "big")]]
    with open(path, "rb") as file:
        pages = []
        while file.tell() < len(content):
            pages.append(OggPage(file))
    head, _, *others = OggPage.to_packets(pages)
    return [head, *others]


@pytest.mark.parametrize("old", [None, "Polka"])
def test_a_genre_is_written_and_undone(song, tmp_path, old):
    add_tags(song, title="A title", artist="Somebody", **({"genre": old} if old else {}))
    os.chmod(song, 0o640)
    content = Path(song).read_bytes()
    before, samples, sound = easy_tags(song), samples_of(song), sound_of(song)
    log = tmp_path / "logs" / "tags.jsonl"
    done = write_genres(song, ["Jazz & Funk"], overwrite=True, log=log)
    assert done == "Jazz & Funk was written to its tag" + (f" instead of {old}" if old else "")
    assert easy_tags(song) == before | {"genre": ["Jazz & Funk"]}
    assert genres_of(song) == ("Jazz & Funk",)
    np.testing.assert_array_equal(samples_of(song), samples)
    assert sound_of(song) == sound
    assert os.stat(song).st_mode & 0o777 == 0o640
    assert list(tag_log.undo(log, dry_run=False)) == [
        (f"{song}: it was restored as it was before Jazz & Funk was written", True)
    ]
    assert Path(song).read_bytes() == content
    assert os.stat(song).st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == sorted([Path(song).name, "logs"])


def test_several_genres_are_separate_values(song, tmp_path):
    content = Path(song).read_bytes()
    log = tmp_path / "tags.jsonl"
    done = write_genres(song, ["Jazz", "Hip-Hop", "中"], overwrite=False, log=log)
    assert done == "Jazz, Hip-Hop, 中 were written to its tag"
    assert genres_of(song) == ("Jazz", "Hip-Hop", "中")
    assert list(mutagen.File(song, easy=True)["genre"]) == ["Jazz", "Hip-Hop", "中"]
    again = write_genres(song, ["Jazz", "Hip-Hop", "中"], overwrite=True, log=log)
    assert again == "its tag already says Jazz, Hip-Hop, 中"
    write_genres(song, ["Folk"], overwrite=True, log=log)
    assert genres_of(song) == ("Folk",)
    assert all(is_well for _, is_well in tag_log.undo(log, dry_run=False))
    assert Path(song).read_bytes() == content


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("genres", [("Jazz", "Folk"), ("Jazz", "中")])
def test_several_genres_in_each_version_of_id3v2(mp3, tmp_path, version, genres):
    found = ID3()
    found.add(TIT2(encoding=3, text=["A title"]))
    found.save(mp3, v1=2, v2_version=version)
    write_genres(mp3, genres, overwrite=False, log=tmp_path / "log")
    assert ID3(mp3).version[1] == version
    assert ID3(mp3)["TCON"].genres == list(genres)


def test_undoing_gives_back_a_song_without_tags_byte_for_byte(song, tmp_path):
    before = Path(song).read_bytes()
    write_genres(song, ["Jazz"], overwrite=False, log=tmp_path / "log")
    assert genres_of(song) == ("Jazz",)
    list(tag_log.undo(tmp_path / "log", dry_run=False))
    assert Path(song).read_bytes() == before


@pytest.mark.parametrize("end", [b"", ID3V1])
def test_undoing_restores_an_mp3_without_a_block_of_tags_byte_for_byte(mp3, tmp_path, end):
    with open(mp3, "ab") as file:
        file.write(end)
    before = Path(mp3).read_bytes()
    assert before[:3] != b"ID3"
    write_genres(mp3, ["Jazz"], overwrite=False, log=tmp_path / "log")
    assert without_tag(mp3) == before
    title = ID3(mp3).get("TIT2")
    assert (title is not None and str(title)) == ("Old title" if end else False)
    list(tag_log.undo(tmp_path / "log", dry_run=False))
    assert Path(mp3).read_bytes() == before


@pytest.mark.parametrize("version", [3, 4])
def test_an_mp3s_other_frames_audio_and_id3v1_tag_are_unchanged(mp3, tmp_path, version):
    frames = ID3()
    for frame in (
        TIT2(encoding=Encoding.UTF16, text="Ein Stück"),
        TXXX(encoding=Encoding.UTF16, desc="mood", text=["calm", "slow"]),
        TCON(encoding=Encoding.LATIN1, text=["(17)"]),
        APIC(
            encoding=Encoding.LATIN1,
            mime="image/png",
            type=3,
            desc="",
            data=b"\x89PNG" + bytes(9999),
        ),
    ):
        frames.add(frame)
    if version == 3:
        frames.add(TYER(encoding=Encoding.LATIN1, text="1999"))
    frames.save(mp3, v1=0, v2_version=version, v23_sep=None)
    with open(mp3, "ab") as file:
        file.write(ID3V1)
    content, after_tag = Path(mp3).read_bytes(), without_tag(mp3)
    before = ID3(mp3, translate=False, load_v1=False)
    assert genres_of(mp3) == ("Rock",)
    write_genres(mp3, ["Jazz"], overwrite=True, log=tmp_path / "log")
    after = ID3(mp3, translate=False, load_v1=False)
    assert after.version == before.version == (2, version, 0)
    assert {**after, "TCON": None} == {**before, "TCON": None}
    assert without_tag(mp3) == after_tag
    list(tag_log.undo(tmp_path / "log", dry_run=False))
    assert Path(mp3).read_bytes() == content


def test_a_songs_own_genre_is_kept(song, tmp_path):
    add_tags(song, genre="Polka")
    before = Path(song).read_bytes()
    assert "says Polka and was kept" in write_genres(
        song, ["Jazz"], overwrite=False, log=tmp_path / "log"
    )
    assert "already says Polka" in write_genres(
        song, ["Polka"], overwrite=True, log=tmp_path / "log"
    )
    assert "Jazz would be written to its tag instead of Polka" in write_genres(
        song, ["Jazz"], overwrite=True, log=None
    )
    assert Path(song).read_bytes() == before
    assert not (tmp_path / "log").exists()


def test_two_changes_are_undone_in_reverse_order(song, tmp_path):
    for genre in ("Jazz", "Folk"):
        write_genres(song, [genre], overwrite=True, log=tmp_path / "log")
    planned = list(tag_log.undo(tmp_path / "log", dry_run=True))
    assert planned[0][0].endswith("it would be restored as it was before Folk was written")
    assert easy_tags(song)["genre"] == ["Folk"]
    assert all(succeeded for _, succeeded in tag_log.undo(tmp_path / "log", dry_run=False))
    assert "genre" not in easy_tags(song)
    again = list(tag_log.undo(tmp_path / "log", dry_run=False))
    assert again[1] == (f"{song}: nothing to undo", True)


def test_a_later_change_by_another_program_is_kept(mp3, tmp_path):
    write_genres(mp3, ["Jazz"], overwrite=False, log=tmp_path / "log")
    add_tags(mp3, title="New")
    changed = Path(mp3).read_bytes()
    for dry_run in (True, False):
        ((done, succeeded),) = tag_log.undo(tmp_path / "log", dry_run=dry_run)
        assert (succeeded, "not restored: it was changed since" in done) == (False, True)
    assert Path(mp3).read_bytes() == changed


def test_a_change_while_a_song_is_copied_is_kept(mp3, tmp_path, monkeypatch):
    copystat = shutil.copystat

    def slow(source, target):
        copystat(source, target)
        with open(mp3, "ab") as file:
            file.write(b"more")

    monkeypatch.setattr(shutil, "copystat", slow)
    with pytest.raises(CannotTag, match="another program changed it"):
        write_genres(mp3, ["Jazz"], overwrite=False, log=tmp_path / "log")
    assert Path(mp3).read_bytes().endswith(b"more")
    assert sorted(os.listdir(tmp_path)) == ["a.mp3", "log"]


def test_a_crash_damages_neither_song_nor_log(song, tmp_path, monkeypatch):
    before = Path(song).read_bytes()

    def crash(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", crash)
        with pytest.raises(KeyboardInterrupt):
            write_genres(song, ["Jazz"], overwrite=False, log=tmp_path / "log")
    assert Path(song).read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == sorted([Path(song).name, "log"])
    with (tmp_path / "log").open("a") as file:
        file.write('{"path": "/mus')
    ((done, succeeded),) = tag_log.undo(tmp_path / "log", dry_run=False)
    assert succeeded
    assert "nothing to undo" in done


def test_a_link_remains_a_link(mp3, tmp_path):
    link = tmp_path / "link.mp3"
    link.symlink_to(mp3)
    write_genres(str(link), ["Jazz"], overwrite=False, log=tmp_path / "log")
    assert link.is_symlink()
    assert genres_of(mp3) == ("Jazz",)


def test_songs_that_cannot_be_tagged(mp3, tmp_path):
    def reason(path: Path | str) -> str:
        with pytest.raises(CannotTag) as caught:
            write_genres(str(path), ["Jazz"], overwrite=True, log=tmp_path / "log")
        return str(caught.value)

    os.chmod(mp3, 0o444)
    assert reason(mp3) == "it is read-only"
    wav = songs.write(tmp_path / "a.wav", songs.noise(1.0))
    assert "mp3, ogg, opus, flac and m4a files only" in reason(wav)
    damaged = tmp_path / "damaged.flac"
    damaged.write_bytes(b"fLaC" + bytes(100))
    assert reason(damaged) == "its metadata blocks are damaged"
    with zipfile.ZipFile(tmp_path / "songs.zip", "w") as archive:
        archive.write(mp3, "a.mp3")
    assert "in an archive" in reason(tmp_path / "songs.zip" / "a.mp3")
    assert reason(tmp_path / "none.mp3") == "No such file or directory"
    os.mkfifo(tmp_path / "pipe.mp3")
    assert reason(tmp_path / "pipe.mp3") == "it is not a regular file"
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize(
    ("genre", "why"),
    [
        ("Caf\udce9", "is not text, so no tag can hold it"),
        ("17", "'17' would be read back as 'Rock'"),
        ("A\0B", "would be read back as 'A, B'"),
    ],
)
def test_genres_that_no_tag_can_hold(mp3, tmp_path, genre, why):
    before = Path(mp3).read_bytes()
    with pytest.raises(CannotTag) as caught:
        write_genres(mp3, [genre], overwrite=True, log=tmp_path / "log")
    assert why in str(caught.value)
    assert Path(mp3).read_bytes() == before
    assert os.listdir(tmp_path) == ["a.mp3"]


def test_a_log_that_cannot_be_written(mp3, tmp_path):
    before = Path(mp3).read_bytes()
    with pytest.raises(Failure, match="the log of --write_tags, cannot be written: Is a directory"):
        write_genres(mp3, ["Jazz"], overwrite=True, log=tmp_path)
    assert Path(mp3).read_bytes() == before


def test_invalid_logs(mp3, tmp_path):
    log = tmp_path / "log"
    with pytest.raises(UserError, match="cannot be read: No such file"):
        tag_log.read(log)
    write_genres(mp3, ["Jazz"], overwrite=True, log=log)
    line = log.read_text()
    assert tag_log.read(log)[0].genres == ("Jazz",)
    values = json.loads(line)
    del (before := dict(values))["genres"]  # as version 0.1 wrote it
    log.write_text(json.dumps(before | {"genre": "Jazz"}) + "\n")
    assert tag_log.read(log)[0].genres == ("Jazz",)
    for content in (
        "text\n",
        "[1]\n",
        '{"path": 1}\n',
        json.dumps(values | {"path": 1}) + "\n",
        json.dumps(values | {"before": "12"}) + "\n",
        json.dumps(values | {"undo": [["a", 1, ""]]}) + "\n",
        json.dumps(values | {"undo": [[-1, 1, ""]]}) + "\n",
        json.dumps(values | {"undo": [[0, 1, "%"]]}) + "\n",
        json.dumps({"path": "/a", "new": "Jazz", "old": None, "had_block": True}) + "\n",
    ):
        log.write_text(content)
        with pytest.raises(UserError, match="is not a log of --write_tags, or is damaged"):
            tag_log.read(log)


def test_a_log_that_does_not_give_back_the_song(mp3, tmp_path):
    log = tmp_path / "log"
    write_genres(mp3, ["Jazz"], overwrite=True, log=log)
    written = Path(mp3).read_bytes()
    values = json.loads(log.read_text())
    for undo in ([], [[0, 1 << 40, ""]]):
        log.write_text(json.dumps(values | {"undo": undo}) + "\n")
        ((done, succeeded),) = tag_log.undo(log, dry_run=False)
        assert not succeeded
        assert "not restored: " in done
        assert Path(mp3).read_bytes() == written
