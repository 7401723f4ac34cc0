"""Building: the same bytes whatever happens on the way, and nothing lost."""

import fcntl
import os
import shutil
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests import songs
from tests.builds import bytes_of, load, plan_of
from tfgenre.audio import tags
from tfgenre.building import build, changes
from tfgenre.building.local import LocalRunner
from tfgenre.building.plan import make_plan
from tfgenre.config import BuildConfig, RenderConfig, SplitConfig
from tfgenre.datasets import Track
from tfgenre.errors import UserError
from tfgenre.records import contents, example, manifest, sampling, tfds, verify
from tfgenre.records.folder import Records
from tfgenre.records.shards import shard_index
from tfgenre.tagging import log


@pytest.fixture(scope="module")
def plan(collection):
    return plan_of(collection, num_shards=5)


@pytest.fixture(scope="module")
def undisturbed(plan, tmp_path_factory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("undisturbed")
    build.build(plan, folder, runner=LocalRunner(1))
    return bytes_of(folder)


def build_and_interrupt(plan, folder: Path) -> None:
    """Ctrl-C after eight of the twelve songs."""
    done = []

    def interrupt(count):
        done.append(count)
        if len(done) == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build.build(plan, folder, runner=LocalRunner(1), on_track=interrupt)


@pytest.mark.parametrize("num_workers", [2, 5])
def test_bytes_do_not_depend_on_workers(plan, undisturbed, tmp_path, num_workers):
    build.build(plan, tmp_path, runner=LocalRunner(num_workers))
    assert bytes_of(tmp_path) == undisturbed


def test_an_interrupted_build_goes_on(plan, undisturbed, tmp_path):
    build_and_interrupt(plan, tmp_path)
    finished = {p: p.stat().st_mtime_ns for p in tmp_path.glob("*.tfrecord*")}
    assert finished
    assert not (tmp_path / manifest.NAME).exists()
    before: list[int] = []
    now: list[int] = []
    runner = LocalRunner(2)
    build.build(plan, tmp_path, runner=runner, on_track=now.append, on_found=before.append)
    assert bytes_of(tmp_path) == undisturbed
    assert 0 < sum(before) == plan.num_tracks - sum(now)
    assert {p: p.stat().st_mtime_ns for p in finished} == finished


def test_a_finished_build_is_left_alone(plan, tmp_path):
    first = build.build(plan, tmp_path, runner=LocalRunner(2))
    times = {p: p.stat().st_mtime_ns for p in tmp_path.iterdir()}
    assert build.build(plan, tmp_path, runner=LocalRunner(2)) == first
    assert {p: p.stat().st_mtime_ns for p in tmp_path.iterdir()} == times


def test_another_build_in_the_folder_is_refused(plan, collection, tmp_path):
    build.build(plan, tmp_path, runner=LocalRunner(2))
    before = bytes_of(tmp_path)
    other = plan_of(collection, num_shards=5, render=RenderConfig(pixels_per_second=25))
    with pytest.raises(UserError, match=r"pixels_per_second \(50 there, 25 asked for\)"):
        build.build(other, tmp_path, runner=LocalRunner(2))
    assert bytes_of(tmp_path) == before
    foreign = {"mine.txt", "imagenet-train.tfrecord-00000-of-01024"}
    for name in foreign:
        (tmp_path / name).write_text("not ours")
    build.build(other, tmp_path, runner=LocalRunner(2), overwrite=True)
    assert foreign < bytes_of(tmp_path).keys()
    build.build(plan, tmp_path, runner=LocalRunner(2), overwrite=True)
    assert bytes_of(tmp_path) == before | dict.fromkeys(foreign, b"not ours")


def test_a_second_build_at_once_is_refused(plan, tmp_path):
    refused = []

    def build_again(count):
        with pytest.raises(UserError, match="Another make_records is running"):
            build.build(plan, tmp_path, runner=LocalRunner(1))
        with pytest.raises(UserError, match="Another make_records is running"):
            build.build(plan, tmp_path, runner=LocalRunner(1), overwrite=True)
        refused.append(count)

    build.build(plan, tmp_path, runner=LocalRunner(1), on_track=build_again)
    assert len(refused) == 12


def test_a_unit_whose_shard_is_lost_is_done_again(plan, undisturbed, tmp_path):
    build_and_interrupt(plan, tmp_path)
    shards = sorted(tmp_path.glob("*.tfrecord*"))
    shards[0].unlink()
    shards[1].write_bytes(shards[1].read_bytes()[:-100])
    build.build(plan, tmp_path, runner=LocalRunner(2))
    assert bytes_of(tmp_path) == undisturbed


@pytest.mark.parametrize(
    "content", ["{", "[]", "{}", "{'splits': {}, 'skipped': []}", "of another unit", "index"]
)
def test_a_unit_whose_report_is_damaged_is_done_again(plan, undisturbed, tmp_path, content):
    build_and_interrupt(plan, tmp_path)
    one, other = sorted(tmp_path.glob(".build/*/unit-*.json"))[:2]
    if content == "of another unit":
        content = other.read_text()
    if content == "index":
        one.with_suffix(".npy").write_bytes(other.with_suffix(".npy").read_bytes())
    else:
        one.write_text(content.replace("'", '"'))
    build.build(plan, tmp_path, runner=LocalRunner(2))
    assert bytes_of(tmp_path) == undisturbed


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"config": 3}'])
def test_a_damaged_note_of_another_build_is_told(plan, tmp_path, content):
    note = tmp_path / ".build" / "0123" / "plan.json"
    note.parent.mkdir(parents=True)
    note.write_text(content)
    with pytest.raises(UserError, match="--overwrite"):
        build.build(plan, tmp_path, runner=LocalRunner(1))
    build.build(plan, tmp_path, runner=LocalRunner(2), overwrite=True)
    assert not (tmp_path / ".build").exists()


def test_what_a_build_left_that_was_killed_at_its_very_end_is_removed(plan, tmp_path):
    build.build(plan, tmp_path, runner=LocalRunner(2))
    (tmp_path / ".build" / "0123").mkdir(parents=True)
    build.build(plan, tmp_path, runner=LocalRunner(2))
    assert not (tmp_path / ".build").exists()


def test_one_who_still_works_for_another_plan_publishes_nothing(
    plan, undisturbed, collection, tmp_path
):
    """As a machine of a cluster does that was not reached when its build was called off."""
    other = plan_of(collection, num_shards=5, render=RenderConfig(pixels_per_second=25))
    late, goes_on = threading.Event(), threading.Event()
    errors = []

    class Straggler(LocalRunner):
        def __call__(self, units, job, on_track):
            def work(count):
                late.set()
                goes_on.wait()

            try:
                super().__call__(units, job, work)
            except Exception as error:
                errors.append(error)

    job = other.job(tmp_path)
    job.work_dir.mkdir(parents=True)
    (job.work_dir / "plan.json").write_text("{}")
    straggler = threading.Thread(target=Straggler(1), args=(other.units, job, None))
    straggler.start()
    late.wait()
    building = threading.Thread(
        target=build.build,
        args=(plan, tmp_path),
        kwargs={"runner": LocalRunner(1), "overwrite": True, "on_track": lambda _: goes_on.set()},
    )
    building.start()
    building.join()
    straggler.join()
    assert len(errors) == 1
    assert bytes_of(tmp_path) == undisturbed


def test_the_lock_is_that_of_the_file_that_has_its_name(plan, undisturbed, tmp_path, monkeypatch):
    """Between opening and locking it, the build before may end and remove it."""
    flock = fcntl.flock
    removed: list[str] = []

    def remove_first(file, how):
        if not removed:
            removed.append(file.name)
            os.unlink(file.name)
        flock(file, how)

    monkeypatch.setattr(fcntl, "flock", remove_first)
    build.build(plan, tmp_path, runner=LocalRunner(2))
    assert bytes_of(tmp_path) == undisturbed


def test_a_finished_build_that_lost_a_shard_says_so(plan, tmp_path):
    build.build(plan, tmp_path, runner=LocalRunner(2))
    shard = min(tmp_path.glob("*.tfrecord*"))
    shard.unlink()
    with pytest.raises(UserError, match=shard.name):
        build.build(plan, tmp_path, runner=LocalRunner(2))


def test_a_changed_collection_is_refused(tmp_path):
    data_dir = songs.write_collection(tmp_path / "songs", songs_per_genre=5, seconds=3.0)
    build.build(plan_of(data_dir, num_shards=2), tmp_path / "records", runner=LocalRunner(2))
    songs.write(data_dir / "Tones" / "new.wav", songs.tone(3.0))
    with pytest.raises(UserError, match="the collection's tracks"):
        build.build(plan_of(data_dir, num_shards=2), tmp_path / "records", runner=LocalRunner(2))


def read(*shards: Path) -> dict[str, np.ndarray]:
    serialized = tf.data.TFRecordDataset([str(shard) for shard in shards]).batch(1000)
    batch = example.parse_batch(next(iter(serialized)))
    return {name: value.numpy() for name, value in batch.items()}


def test_records_hold_every_slice_once(plan, tmp_path):
    built = build.build(plan, tmp_path, runner=LocalRunner(2))
    seen: set[tuple[bytes, int]] = set()
    track_splits: dict[bytes, set[str]] = {}
    for split, found in built.manifest.splits.items():
        rows = read(*tmp_path.glob(f"*-{split}.tfrecord*"))
        assert len(rows["label"]) == found.num_slices
        genres = [built.genres[label] for label in rows["label"]]
        assert [track.decode().split("/")[0] for track in rows["track_id"]] == genres
        seen |= set(zip(rows["track_id"].tolist(), rows["slice_index"].tolist(), strict=True))
        for track in rows["track_id"]:
            track_splits.setdefault(track, set()).add(split)
    assert len(seen) == 24
    assert all(len(splits) == 1 for splits in track_splits.values())


def test_shards_lie_in_key_order_and_match_the_index(plan, tmp_path):
    built = build.build(plan, tmp_path, runner=LocalRunner(2))
    index = sampling.read_index(tmp_path / sampling.NAME)
    for number, split in enumerate(built.manifest.splits):
        for shard in built.manifest.splits[split].shards:
            keys = read(tmp_path / shard.name)["key"]
            assert (np.diff(keys) > 0).all()
            in_shard = index["shard"] == shard_index(shard.name)
            of_shard = in_shard & (index["split"] == number)
            np.testing.assert_array_equal(index["key"][of_shard], keys)
            songs = np.array(list(built.artists()))[index["track"][of_shard]]
            assert songs.tolist() == read(tmp_path / shard.name)["track_id"].tolist()


def test_units_of_another_kind_of_index_are_not_resumed(plan, tmp_path, monkeypatch):
    build_and_interrupt(plan, tmp_path)
    digest = plan.job(tmp_path).plan_digest
    monkeypatch.setattr("tfgenre.building.plan.INDEX_DTYPE", np.dtype("i8"))
    assert plan.job(tmp_path).plan_digest != digest
    before: list[int] = []
    build.build(plan, tmp_path, runner=LocalRunner(2), on_found=before.append)
    assert before == [0]


def test_split_by_slice_divides_songs(tmp_path):
    data_dir = songs.write_collection(tmp_path / "songs", songs_per_genre=3, seconds=40.0)
    plan = plan_of(data_dir, split=SplitConfig(split_by="slice"), num_shards=2)
    built = build.build(plan, tmp_path / "records", runner=LocalRunner(2))
    assert built.manifest.splits["train"].tracks == {"Noise": 3, "Tones": 3}
    assert built.manifest.splits["validation"].tracks == {"Noise": 3, "Tones": 3}
    assert sum(split.num_slices for split in built.manifest.splits.values()) == 6 * 15


def test_broken_songs_are_named_and_the_rest_is_built(collection, tmp_path):
    data_dir = songs.write_collection(tmp_path / "songs", songs_per_genre=8, seconds=3.0)
    (data_dir / "Noise" / "zero.mp3").touch()
    (data_dir / "Noise" / "page.mp3").write_text("<html>")
    songs.write(data_dir / "Tones" / "short.wav", songs.tone(1.0))
    built = build.build(
        plan_of(data_dir, num_shards=2), tmp_path / "records", runner=LocalRunner(2)
    )
    reasons = {skip.path: skip.reason for skip in built.manifest.skipped}
    assert reasons == {
        "Noise/page.mp3": "not_audio",
        "Noise/zero.mp3": "empty",
        "Tones/short.wav": "too_short",
    }
    assert sum(split.num_slices for split in built.manifest.splits.values()) == 16
    assert "skipped 1: too_short" in contents.summary(built.manifest)


def test_what_the_errata_name_is_reported_as_known(collection, tmp_path):
    catalogue = load("folder", collection)
    bad = Track("bad", "Noise/bad.wav", "Noise", known_bad=True)
    catalogue = replace(catalogue, tracks=(*catalogue.tracks, bad))
    built = build.build(
        make_plan(catalogue, BuildConfig(dataset="folder")), tmp_path, runner=LocalRunner(1)
    )
    assert [(skip.path, skip.reason) for skip in built.manifest.skipped] == [
        ("Noise/bad.wav", "missing")
    ]
    assert "known: FMA's errata list it" in built.manifest.skipped[0].detail


def test_records_out_of_a_zip_file_are_those_of_the_folder(undisturbed, collection, tmp_path):
    with zipfile.ZipFile(tmp_path / "songs.zip", "w") as archive:
        for path in sorted(collection.rglob("*.wav")):
            archive.write(path, path.relative_to(collection))
    catalogue = load("folder", collection)
    inside = tuple(replace(t, path=f"songs.zip/{t.path}") for t in catalogue.tracks)
    catalogue = replace(catalogue, data_dir=tmp_path, tracks=inside)
    config = BuildConfig(dataset="folder", num_shards=5)
    build.build(make_plan(catalogue, config), tmp_path / "records", runner=LocalRunner(2))
    found = bytes_of(tmp_path / "records")
    shards = [name for name in undisturbed if "tfrecord" in name]
    assert all(found[name] == undisturbed[name] for name in shards)


def test_tensorflow_datasets_reads_the_records(plan, tmp_path):
    tfds = pytest.importorskip("tensorflow_datasets")
    built = build.build(plan, tmp_path, runner=LocalRunner(2))
    builder = tfds.builder_from_directory(tmp_path)
    assert builder.info.features["label"].names == ["Noise", "Tones"]
    for split, expected in built.manifest.splits.items():
        assert builder.info.splits[split].num_examples == expected.num_slices
        found = list(builder.as_dataset(split=split))
        assert len(found) == expected.num_slices
        assert found[0]["image"].shape == (128, 128, 1)
        assert found[0]["image"].dtype == tf.uint8
        names = [builder.info.features["label"].int2str(int(e["label"])) for e in found]
        assert all(
            e["track_id"].numpy().decode().startswith(n) for e, n in zip(found, names, strict=True)
        )


def test_names_that_are_not_utf8(tmp_path):
    data_dir = songs.write_collection(tmp_path / "songs", songs_per_genre=3, seconds=3.0)
    song = data_dir / "Noise" / "0.wav"
    song.rename(song.with_name(os.fsdecode(b"caf\xe9.wav")))
    built = build.build(
        plan_of(data_dir, num_shards=2), tmp_path / "records", runner=LocalRunner(2)
    )
    assert built.manifest.skipped == ()
    assert Records.open(tmp_path / "records") == built


def test_a_split_without_tracks_is_refused(tmp_path):
    data_dir = songs.write_collection(tmp_path, songs_per_genre=1)
    with pytest.raises(UserError, match="test split is left without tracks"):
        plan_of(data_dir)


def test_a_split_whose_songs_are_all_broken_is_refused(tmp_path):
    data_dir = songs.write_collection(tmp_path / "songs", songs_per_genre=3, seconds=1.0)
    with pytest.raises(
        UserError, match=r"train split is left without slices .* Skipped: 6 too_short"
    ):
        build.build(plan_of(data_dir), tmp_path / "records", runner=LocalRunner(2))


def test_num_shards_grow_with_the_collection(collection):
    assert plan_of(collection).config.num_shards == 2
    assert plan_of(collection, num_shards=7).config.num_shards == 7


def test_damaged_manifest_is_the_users_to_know(tmp_path):
    with pytest.raises(UserError, match=r"manifest.json is missing"):
        manifest.read(tmp_path)
    (tmp_path / manifest.NAME).write_text('{"format": 99}')
    with pytest.raises(UserError, match="another version"):
        manifest.read(tmp_path)


@pytest.mark.parametrize("dataset", ["folder", "csv"])
def test_a_song_that_was_mended_is_noticed(tmp_path, dataset):
    data_dir = songs.write_collection(tmp_path / "songs", songs_per_genre=5, seconds=3.0)
    rows = (path.relative_to(data_dir).as_posix() for path in sorted(data_dir.rglob("*.wav")))
    table = tmp_path / "songs.csv"
    table.write_text("path,genre\n" + "".join(f"{row},{row[:5]}\n" for row in rows))
    broken = data_dir / "Noise" / "1.wav"
    mended = broken.read_bytes()
    broken.write_bytes(mended[:44] + bytes(len(mended) - 44))  # silent, and as long

    def plan():
        options = {"tracks_csv": str(table)} if dataset == "csv" else {}
        catalogue = load(dataset, data_dir, **options)
        return make_plan(catalogue, replace(catalogue.config, num_shards=2))

    first = build.build(plan(), tmp_path / "records", runner=LocalRunner(2))
    assert [skip.path for skip in first.manifest.skipped] == ["Noise/1.wav"]
    broken.write_bytes(mended)
    sentence = r"the collection's tracks: 1 changed \(such as Noise/1.wav\): .*--overwrite"
    with pytest.raises(UserError, match=sentence):
        build.build(plan(), tmp_path / "records", runner=LocalRunner(2))
    again = build.build(plan(), tmp_path / "records", runner=LocalRunner(2), overwrite=True)
    assert again.manifest.skipped == ()
    assert build.build(plan(), tmp_path / "records", runner=LocalRunner(2)) == again


def test_a_song_that_changes_while_a_build_is_stopped_is_noticed(tmp_path):
    data_dir = songs.write_collection(tmp_path / "songs", seconds=3.0)
    build_and_interrupt(plan_of(data_dir, num_shards=5), tmp_path / "records")
    songs.write(data_dir / "Noise" / "1.wav", songs.noise(3.0, seed=99))
    with pytest.raises(UserError, match=r"the collection's tracks: give another .*--overwrite"):
        build.build(plan_of(data_dir, num_shards=5), tmp_path / "records", runner=LocalRunner(1))


def test_tags_that_are_written_do_not_make_records_stale(tmp_path):
    data_dir = tmp_path / "songs"
    for genre in ("Noise", "Tones"):
        for number in range(3):
            song = data_dir / genre / f"{number}.flac"
            songs.write(song, songs.noise(3.0, seed=number + 3 * (genre == "Noise")))
    built = build.build(plan_of(data_dir), tmp_path / "records", runner=LocalRunner(2))
    for path in sorted(data_dir.rglob("*.flac")):
        log.write_genres(str(path), [path.parent.name], overwrite=False, log=tmp_path / "log.jsonl")
        assert tags.read(path).genres == (path.parent.name,)
    assert build.build(plan_of(data_dir), tmp_path / "records", runner=LocalRunner(2)) == built


def test_all_kinds_of_changes_are_named(collection, records):
    catalogue = load("folder", collection)
    first, second, *rest = catalogue.tracks
    tracks = [replace(first, sound="1-0"), replace(second, artist="Them"), *rest[1:]]
    assert changes.changes([*tracks, Track("new", "new", "Noise")], records) == (
        "1 changed (such as Noise/0.wav), 1 of another genre or artist (such as Noise/1.wav), "
        "1 added (such as new), 1 removed (such as Noise/2.wav)"
    )


def test_records_of_a_version_that_did_not_measure_songs(collection, plan, tmp_path):
    built = build.build(plan, tmp_path, runner=LocalRunner(2))
    table = tmp_path / "tracks.csv"
    lines = table.read_text().splitlines()
    table.write_text("".join(f"{line.rpartition(',')[0]}\n" for line in lines))
    assert changes.changes(load("folder", collection).tracks, built) == ""
    assert set(built.artists().values()) == {""}


def test_a_split_is_without_tracks_because_songs_are_left_out(tmp_path):
    data_dir = songs.write_collection(tmp_path / "songs", songs_per_genre=1, seconds=3.0)
    names = ["Noise/0.wav", "Tones/0.wav", *(f"Noise/gone {n}.wav" for n in range(7))]
    for number in range(1, 4):
        names.append(f"Tones/{number}.wav")
        shutil.copy(data_dir / "Tones" / "0.wav", data_dir / names[-1])
    table = tmp_path / "songs.csv"
    table.write_text("path,genre\n" + "".join(f"{name},{name[:5]}\n" for name in names))
    catalogue = load("csv", data_dir, tracks_csv=str(table))
    sentence = "split is left without .*: see why songs are skipped, .* "
    sentence += r"Skipped: 7 missing, 3 duplicate, of 12 songs\."
    with pytest.raises(UserError, match=sentence):
        make_plan(catalogue, catalogue.config)


def test_tensorflow_datasets_reads_the_names_of_all_genres(tmp_path):
    tfds = pytest.importorskip("tensorflow_datasets")
    names = ["Blues", "Folk, World, & Country", 'Rock "n" Roll', "Zydeco\nor\u2028Cajun"]
    for number, name in enumerate(names * 3):
        songs.write(tmp_path / "songs" / name / f"{number}.wav", songs.noise(3.0, seed=number))
    built = build.build(plan_of(tmp_path / "songs"), tmp_path / "records", runner=LocalRunner(2))
    assert built.genres == (*names[:3], "Zydeco or Cajun")
    found = tfds.builder_from_directory(tmp_path / "records").info.features["label"]
    assert found.names == list(built.genres)
    assert {row["genre"] for row in built.tracks().values()} == set(built.genres)


def test_labels_are_on_a_line_each_whatever_the_genres_are(records, tmp_path):
    tfds.write(replace(records.manifest, genres=("A\nB", "C")), tmp_path)
    assert (tmp_path / "label.labels.txt").read_text() == "A\\nB\nC\n"


def test_a_build_without_validation(collection, tmp_path):
    plan = plan_of(collection, split=SplitConfig(split_ratios=(60, 0, 40)))
    records = build.build(plan, tmp_path, runner=LocalRunner(1))
    assert records.manifest.splits["validation"].num_tracks == 0
    assert records.manifest.splits["train"].num_tracks == 7  # 60 % of 12
    assert "note:" not in contents.summary(records.manifest)
    assert verify.verify(records, num_workers=1) == []
    with pytest.raises(UserError, match=r"The validation split of .* has no slices to read"):
        records.source("validation")
