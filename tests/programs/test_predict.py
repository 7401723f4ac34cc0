"""tfgenre_predict, as a user runs it: tags, plots and mistakes."""

import csv
import json
import shutil
from pathlib import Path

import keras
import pytest

from tests import songs
from tests.commands import run
from tfgenre.audio import tags
from tfgenre.records import manifest
from tfgenre.training.run_dir import RunDir


@pytest.fixture(scope="module")
def run_dir(records_dir, tmp_path_factory) -> str:
    """A run with a tiny, untrained network."""
    folder = RunDir(tmp_path_factory.mktemp("run"))
    manifest.write(manifest.read(records_dir), folder.path)
    folder.flags.write_text("--vote=hard\n")
    image = keras.Input((128, 128, 1), dtype="uint8")
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(image))
    model = keras.Model(image, keras.layers.Dense(2, activation="softmax")(pooled))
    model.save(folder.best_model)
    return f"--run_dir={folder.path}"


@pytest.fixture
def music(tmp_path) -> Path:
    folder = tmp_path / "music"
    songs.write(folder / "x" / "a.mp3", songs.noise(6.0, rate_hz=44100), rate_hz=44100)
    songs.write(folder / "x" / "b.flac", songs.noise(6.0))
    songs.write(folder / "c.wav", songs.noise(6.0))
    (folder / "broken.ogg").write_text("<html>")
    return folder


def test_tags_are_written_and_undone(run_dir, music, tmp_path):
    files = {path: path.read_bytes() for path in music.rglob("*.*")}
    log = tmp_path / "new" / "log.jsonl"
    dry = run("tfgenre_predict", run_dir, "--write_tags", "--dry_run", "--json", str(music))
    assert dry.returncode == 1
    predicted = {Path(song["path"]).name: song for song in json.loads(dry.stdout)}
    assert predicted["a.mp3"]["tag"].endswith("would be written to its tag")
    assert "files only" in predicted["c.wav"]["tag_error"]
    assert {path: path.read_bytes() for path in files} == files
    done = run(
        "tfgenre_predict", run_dir, "--write_tags", f"--tags_log={log}", "--output_format=csv",
        f"--plot={tmp_path / 'plots'}", str(music),
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "2 of 4 songs could not be used or tagged" in done.stderr
    assert f"--undo_tags={log}" in done.stderr
    rows = {Path(row["path"]).name: row for row in csv.DictReader(done.stdout.splitlines())}
    for path in (music / "x" / "a.mp3", music / "x" / "b.flac"):
        assert tags.read(path).genres == (rows[path.name]["genre"],)
    plots = sorted(path.relative_to(tmp_path / "plots") for path in tmp_path.rglob("*.png"))
    assert plots == [Path("c.wav.png"), Path("x/a.mp3.png"), Path("x/b.flac.png")]
    undone = run("tfgenre_predict", f"--undo_tags={log}")
    assert (undone.returncode, undone.stderr) == (0, "")
    assert undone.stdout.count("it was restored as it was before") == 2
    assert {path: path.read_bytes() for path in files} == files


def test_unsure_songs_and_songs_in_archives_are_not_tagged(run_dir, music, tmp_path):
    archive = Path(shutil.make_archive(str(tmp_path / "songs"), "zip", music / "x"))
    song = str(music / "x" / "a.mp3")
    more = ("--write_tags", "--min_confidence=1", "--vote=mean", song)
    done = run("tfgenre_predict", run_dir, *more, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "a.mp3: unsure (perhaps " in done.stdout
    assert done.stdout.endswith("; not tagged\n")
    done = run("tfgenre_predict", run_dir, "--write_tags", str(archive / "a.mp3"), cwd=tmp_path)
    assert done.returncode == 1
    assert "cannot be tagged: it is in an archive" in done.stdout
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (("--json", "--output_format=csv"), "contradict each other"),
        (("--undo_tags=none.jsonl",), "--undo_tags=none.jsonl cannot be read"),
        (("--undo_tags=none.jsonl", "README.md"), "leave out README.md"),
        (("--plot=README.md", "README.md"), "--plot=README.md is not a folder"),
        (("--write_tags", "--tags_log=tests", "README.md"), "must name a file"),
    ],
)
def test_mistakes(run_dir, flags, sentence):
    done = run("tfgenre_predict", run_dir, *flags)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
