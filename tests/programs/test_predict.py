"""tfgenre_predict, as a user runs it: tags, plots and mistakes."""

import csv
import json
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from tests import songs
from tests.commands import run, start
from tests.runs import tiny_run
from tfgenre.audio import tags


@pytest.fixture(scope="module")
def run_dir(records_dir, tmp_path_factory) -> str:
    return f"--run_dir={tiny_run(tmp_path_factory.mktemp('run'), records_dir)}"


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


def test_a_killed_program_goes_on_where_it_was(run_dir, music, tmp_path):
    for number in range(40):
        songs.write(music / f"{number}.wav", songs.noise(6.0, seed=number))
    whole, killed = tmp_path / "whole.csv", tmp_path / "killed.csv"
    done = run("tfgenre_predict", run_dir, f"--results={whole}", str(music))
    assert done.returncode == 1
    assert "44 songs, of which 1 cannot be used" in done.stdout
    assert f"The page of the collection: {whole.with_suffix('.html')}" in done.stdout
    assert "broken.ogg" in whole.with_suffix(".html").read_text()
    for num_rows in (3, 25):
        program = start("tfgenre_predict", run_dir, f"--results={killed}", str(music))
        while not killed.exists() or killed.read_bytes().count(b"\n") <= num_rows:
            assert program.poll() is None
            time.sleep(0.01)
        program.kill()
        program.communicate()
    rest = run("tfgenre_predict", run_dir, f"--results={killed}", str(music))
    assert "44 songs, of which 1 cannot be used" in rest.stdout
    assert killed.read_text() == whole.read_text()
    (music / "0.wav").unlink()
    songs.write(music / "1.wav", songs.noise(8.0))
    asked = ("--drop_missing", f"--results={killed}", str(music))
    again = run("tfgenre_predict", run_dir, *asked)
    assert (again.returncode, again.stderr) == (0, "")
    assert "43 songs, of which 1 cannot be used" in again.stdout
    rows = {Path(row["path"]).name: row for row in csv.DictReader(killed.open())}
    assert (len(rows), rows["1.wav"]["slices"], "0.wav" in rows) == (43, "3", False)


def test_top_genres_and_embeddings(run_dir, music, tmp_path):
    asked = (f"--embeddings={tmp_path / 'e.npy'}", "--top=2", str(music / "x"))
    done = run("tfgenre_predict", run_dir, *asked, "--json")
    for song in json.loads(done.stdout):
        first, second = song["top"]
        assert song["probabilities"][first] >= song["probabilities"][second]
    assert np.load(tmp_path / "e.npy").shape == (2, 1)
    table = (tmp_path / "e.paths.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in table] == [
        "path", str(music / "x" / "a.mp3"), str(music / "x" / "b.flac"),
    ]  # fmt: skip
    log = f"--tags_log={tmp_path / 'log'}"
    written = ("--write_tags", log, "--top=2", "--tag_probability=0", str(music / "x"))
    assert run("tfgenre_predict", run_dir, *written).returncode == 0
    assert all(len(tags.read(path).genres) == 2 for path in (music / "x").iterdir())


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (("--results=a.txt", "README.md"), "must name a file that ends in .csv or .jsonl"),
        (("--results=README.csv", "--json", "README.md"), "leave out --output_format"),
        (("--embeddings=a.txt", "README.md"), "must name a file that ends in .npy"),
        (("--drop_missing", "README.md"), "give it as well"),
        (("--top=0", "README.md"), "top must be at least 1"),
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
