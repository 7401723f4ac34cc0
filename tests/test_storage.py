"""Songs and records in remote places, which fsspec's file:// and memory:// stand for."""

import errno
from dataclasses import replace
from pathlib import Path

import pytest
from upath import UPath

from tests.builds import bytes_of, load, plan_of
from tests.commands import make_records, run
from tfgenre import files, storage
from tfgenre.audio import archives
from tfgenre.audio.search import find_songs
from tfgenre.building import build
from tfgenre.building.local import LocalRunner
from tfgenre.building.plan import make_plan
from tfgenre.config import BuildConfig
from tfgenre.datasets import duplicates
from tfgenre.errors import SkipTrack, UserError
from tfgenre.records import verify
from tfgenre.records.folder import Records


@pytest.fixture
def memory():
    place = UPath("memory://bucket")
    place.mkdir(exist_ok=True)
    yield place
    place.fs.rm(place.path, recursive=True)


def test_a_path_on_a_disk_is_pathlibs_own():
    assert storage.to_path("~/Music") == Path.home() / "Music"
    assert isinstance(storage.to_path("a/b"), Path)
    assert not storage.is_remote("C:/a")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nosuch://bucket/a", "nosuch://bucket/a cannot be reached: .*nosuch"),
        ("~nosuchuser/a", "~nosuchuser/a: "),
    ],
)
def test_a_place_nobody_knows(name, said):
    with pytest.raises(UserError, match=said):
        storage.to_path(name)


def test_a_remote_file_takes_its_name_when_it_is_whole(memory):
    files.write_atomically(memory / "a", b"first")

    def half():
        with files.atomic_file(memory / "a") as file:
            file.write(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        half()
    assert {path.name for path in memory.iterdir()} == {"a"}
    assert (memory / "a").read_bytes() == b"first"
    files.write_atomically(memory / "a", b"second")
    assert (memory / "a").read_bytes() == b"second"


def test_records_are_written_to_memory(collection, tmp_path, memory):
    plan = plan_of(collection, num_shards=3)
    build.build(plan, tmp_path, runner=LocalRunner(2))
    built = build.build(plan, memory / "records", runner=LocalRunner(2))
    assert bytes_of(memory / "records") == bytes_of(tmp_path)
    assert build.finished(plan, memory / "records") == built
    build.build(plan, memory / "records", runner=LocalRunner(2), overwrite=True)
    assert bytes_of(memory / "records") == bytes_of(tmp_path)


def test_a_table_of_remote_songs(collection, tmp_path):
    place = f"file://{collection}"
    songs = [f"{place}/{genre}/{n}.wav,{genre}" for genre in ("Noise", "Tones") for n in range(6)]
    (tmp_path / "t.csv").write_text("\n".join(["path,genre", *songs, "s3://other/a.mp3,Noise"]))
    found = load("csv", storage.to_path(place), tracks_csv=str(tmp_path / "t.csv"))
    assert {track.path for track in found.tracks} >= {"Noise/0.wav", "Tones/5.wav"}
    assert [(skip.path, skip.reason) for skip in found.skipped] == [("s3://other/a.mp3", "outside")]


@pytest.mark.parametrize("flag", ["--records_dir", "--data_dir"])
def test_memory_is_no_place_for_a_program(collection, flag):
    done = run("make_records", "--dataset=folder", f"--data_dir={collection}", f"{flag}=memory://a")
    assert done.returncode == 2
    assert f"{flag} would be gone when the program ends" in done.stderr


def test_a_remote_collection_is_that_on_the_disk(collection):
    here = load("folder", collection)
    there = load("folder", storage.to_path(f"file://{collection}"))
    assert there.tracks == here.tracks
    assert duplicates.find(there) == duplicates.find(here) == {}
    assert find_songs([f"file://{collection}/Noise"])[0] == f"file://{collection}/Noise/0.wav"


def test_from_remote_songs_to_remote_records_and_a_network(collection, tmp_path):
    options = ("--num_shards=3", "--num_workers=2")
    make_records(collection, tmp_path / "here", *options)
    remote = f"file://{tmp_path}/there"
    done = make_records(f"file://{collection}", remote, *options)
    assert done.returncode == 0, done.stderr
    assert bytes_of(tmp_path / "there") == bytes_of(tmp_path / "here")
    assert verify.verify(Records.open(remote), num_workers=2) == []
    run_dir = f"--run_dir={tmp_path / 'run'}"
    trained = run(
        "tfgenre_train", f"--records_dir={remote}", run_dir, "--min_steps=0", "--epochs=1"
    )
    assert trained.returncode == 0, trained.stderr
    assert run("tfgenre_evaluate", run_dir).returncode == 0
    song = f"file://{collection}/Tones/1.wav"
    assert song in run("tfgenre_predict", run_dir, song).stdout


def test_tensorflow_says_from_where_it_reads(records_dir, memory):
    from tfgenre import load_dataset

    for path in records_dir.iterdir():
        files.write_atomically(memory / path.name, path.read_bytes())
    with pytest.raises(UserError, match=r"TensorFlow reads from a disk.*, not from memory://"):
        load_dataset(str(memory))


def test_a_remote_song_that_is_not_there():
    with pytest.raises(SkipTrack, match="missing"), archives.on_disk("memory://bucket/none.mp3"):
        pass


@pytest.mark.parametrize("error", [RuntimeError("no route"), OSError(errno.EIO, "no route")])
def test_a_place_that_fails_costs_no_song(monkeypatch, error):
    def fail(name, **options):
        raise error

    monkeypatch.setattr(storage, "open_remote", fail)
    with pytest.raises(UserError, match="no route"), archives.on_disk("memory://bucket/a.mp3"):
        pass


def test_a_collection_that_went_away_ends_the_build(collection, tmp_path):
    catalogue = load("folder", collection)
    plan = make_plan(catalogue, BuildConfig(dataset="folder"))
    plan = replace(plan, data_dir=tmp_path / "unmounted")
    with pytest.raises(UserError, match="unmounted does not exist"):
        build.build(plan, tmp_path / "records", runner=LocalRunner(1))


def test_a_run_must_be_on_a_disk(records_dir):
    done = run("tfgenre_train", f"--records_dir={records_dir}", "--run_dir=memory://run")
    assert done.returncode == 2
    assert "--run_dir=memory://run: must be on a disk" in done.stderr


def test_a_file_to_write(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert storage.to_file("~/music.csv", what="results") == tmp_path / "music.csv"
    with pytest.raises(UserError, match="--results must name a file, not a folder; got"):
        storage.to_file(tmp_path, what="results")
    with pytest.raises(UserError, match=r"--results=s3://music\.csv: must be on a disk"):
        storage.to_file("s3://music.csv", what="results")
