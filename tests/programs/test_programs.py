"""The programs as their user runs them: one whole run, and the mistakes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.commands import ROOT, make_records, run


@pytest.fixture(scope="module")
def work(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def records(collection, work) -> str:
    done = make_records(collection, work / "r")
    assert done.returncode == 0, done.stderr
    assert "12 songs, 2 genres, split by track" in done.stdout
    assert done.stderr == ""
    return f"--records_dir={work / 'r'}"


# At a constant rate, so that an epoch does not depend on how many follow it.
TRAINING = ("--epochs=2", "--min_steps=0", "--batch_size=4", "--learning_rate_schedule=constant")


@pytest.fixture(scope="module")
def trained(records, work) -> str:
    run_dir = f"--run_dir={work / 'run'}"
    done = run("tfgenre_train", records, run_dir, *TRAINING)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.count("epoch ") == 3
    return run_dir


def test_training_leaves_everything(trained, work):
    names = {path.name for path in (work / "run").iterdir()}
    assert names >= {"flags.cfg", "metrics.csv", "best.keras", "last.keras", "result.json"}
    assert len((work / "run" / "metrics.csv").read_text().splitlines()) == 3
    result = json.loads((work / "run" / "result.json").read_text())
    assert result["epochs"] == 2
    assert result["best"]["epoch"] in (1, 2)
    assert (work / "run" / "best.keras").stat().st_size < 150 << 20  # without optimizer state


def test_the_same_command_again_says_so(trained, records):
    arguments = (records, trained, *TRAINING)
    done = run("tfgenre_train", *arguments)
    assert done.returncode == 0
    assert "is trained already" in done.stdout
    done = run("tfgenre_train", *arguments, "--epochs=3")
    assert done.returncode == 2
    assert "--epochs (2 there, 3 asked for)" in done.stderr


def test_a_run_is_repeated_from_its_flags(trained, work):
    flags = work / "run" / "flags.cfg"
    done = run("tfgenre_train", f"--flagfile={flags}", f"--run_dir={work / 'again'}", "--epochs=1")
    assert done.returncode == 0, done.stderr
    rows = [(work / name / "metrics.csv").read_text().splitlines() for name in ("run", "again")]
    assert rows[0][1].split(",")[:5] == rows[1][1].split(",")[:5]
    shutil.rmtree(work / "again")


def test_evaluating_writes_figures_and_report(trained, work):
    done = run("tfgenre_evaluate", trained)
    assert done.returncode == 0, done.stderr
    assert "track accuracy" in done.stdout
    found = json.loads((work / "run" / "evaluation-test.json").read_text())
    assert found["split_by"] == "track"
    assert found["num_tracks"] == 2
    page = (work / "run" / "report.html").read_text()
    assert page.count("data:image/png;base64,") == found["num_slices"] + 1  # augmented.png
    assert "<svg" in page
    assert "leaks" not in page
    as_json = run("tfgenre_evaluate", trained, "--split=validation", "--json")
    assert json.loads(as_json.stdout)["split"] == "validation"


def test_predicting(trained, collection, tmp_path):
    (tmp_path / "broken.mp3").write_text("<html>")
    done = run("tfgenre_predict", trained, str(collection / "Tones"), str(tmp_path))
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert len(lines) == 7
    assert "of 2 slices, mean probability 0." in lines[0]
    assert "not_audio" in lines[-1]
    assert "1 of 7 songs could not be used" in done.stderr
    done = run("tfgenre_predict", trained, str(collection / "Tones" / "0.wav"), "--json")
    assert done.returncode == 0
    (found,) = json.loads(done.stdout)
    assert found["genre"] in found["votes"]
    assert sum(found["votes"].values()) == 2
    assert sum(found["probabilities"].values()) == pytest.approx(1)


def test_several_runs_as_one(trained, work, collection):
    first = work / "run"
    shutil.copytree(first, work / "other")
    both = f"--run_dir={first},{work / 'other'}"
    done = run("tfgenre_evaluate", both)
    assert done.returncode == 0, done.stderr
    assert f"report: {work / 'run+other' / 'report.html'}" in done.stdout
    page = (work / "run+other" / "report.html").read_text()
    assert "The probabilities of 2 networks are averaged" in page
    assert f"tfgenre_train --flagfile={work / 'other'}/flags.cfg" in page
    assert "2 networks are averaged" in (work / "run+other" / "model_card.md").read_text()
    one, two = (
        run("tfgenre_predict", flag, str(collection / "Tones" / "0.wav"), "--json")
        for flag in (trained, both)
    )
    expected = json.loads(one.stdout)[0]["probabilities"]
    assert json.loads(two.stdout)[0]["probabilities"] == pytest.approx(expected, abs=1e-4)
    done = run("tfgenre_export", both, "--format=saved_model,tflite,keras")
    assert done.returncode == 0, done.stderr
    assert (work / "run+other" / "export" / "best.keras").exists()
    report = json.loads((work / "run+other" / "export" / "export.json").read_text())
    assert report["run_dir"] == f"{first},{work / 'other'}"


MISTAKES = {
    "missing folder": (
        ("make_records", "--dataset=folder", "--data_dir=/nowhere"),
        "No such folder: /nowhere",
    ),
    "no dataset": (("make_records",), "--dataset is not given"),
    "unknown dataset": (("make_records", "--dataset=gtzan"), "gtzan"),
    "unknown flag": (("make_records", "--dataset=folder", "--colour=red"), "colour"),
    "leftover argument": (("make_records", "--dataset=folder", "songs"), "arguments: songs"),
    "flag out of range": (
        ("make_records", "--dataset=folder", "--pixels_per_second=0"),
        "--pixels_per_second must be between 1 and 5000, got 0",
    ),
    "flag that is no number": (("tfgenre_train", "--epochs=many"), "many"),
    "ratios": (
        ("make_records", "--dataset=folder", "--split_ratios=60,40"),
        "three positive numbers (train,validation,test; validation may be 0), got '60,40'",
    ),
    "shards of nothing": (
        ("make_records", "--dataset=folder", "--shard_mb=0"),
        "--shard_mb must be between 1 and 2048, got 0",
    ),
    "beam's options without beam": (
        ("make_records", "--dataset=folder", "--beam_options=runner=FlinkRunner"),
        "--beam_options are for --runner=beam",
    ),
    "workers of beam": (
        ("make_records", "--dataset=folder", "--runner=beam", "--num_workers=2"),
        "direct_num_workers=2",
    ),
    "option that beam does not know": (
        ("make_records", "--dataset=folder", "--runner=beam", "--beam_options=workers=2"),
        "FnApiRunner knows no option workers",
    ),
    "place nobody knows": (
        ("make_records", "--dataset=folder", "--data_dir=nosuch://music"),
        "--data_dir=nosuch://music cannot be reached",
    ),
    "demo in the cloud": (
        ("make_records", "--dataset=demo", "--data_dir=file:///music"),
        "--data_dir=file:///music: must be on a disk",
    ),
    "nothing to inspect": (("inspect_records", "--records_dir=/nowhere"), "No records in /nowhere"),
    "no records": (("tfgenre_train", "--records_dir=/nowhere"), "No records in /nowhere"),
    "neither records nor dataset": (("tfgenre_train",), "Neither --records_dir nor --dataset"),
    "seed": (("make_records", "--dataset=folder", "--split_seed=-1"), "--split_seed must be"),
    "batch size": (("tfgenre_train", "--records_dir=/", "--batch_size=0"), "--batch_size must be"),
    "decay of nothing": (
        ("tfgenre_train", "--records_dir=/", "--optimizer=sgd", "--weight_decay=0.1"),
        "--weight_decay is for --optimizer=adamw, must be left out otherwise, got 0.1",
    ),
    "home of nobody": (("tfgenre_train", "--records_dir=~nobody-x/r"), "~nobody-x/r"),
    "a file for a folder": (("tfgenre_train", "--records_dir=README.md"), "is not a folder"),
    "flag file that is none": (("tfgenre_train", f"--flagfile={sys.executable}"), "decode"),
    "no run": (("tfgenre_evaluate", "--run_dir=/nowhere"), "No trained network in /nowhere"),
    "no run to predict with": (("tfgenre_predict", "--run_dir=/nowhere", "a"), "No trained"),
    "missing flag file": (("tfgenre_train", "--flagfile=/nowhere.cfg"), "/nowhere.cfg"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_told_in_a_sentence(name):
    command, sentence = MISTAKES[name]
    done = run(*command)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("flag", "sentence"),
    [
        ("--genres=Tones,Polka", "no tracks of genre 'Polka'"),
        ("--genres=Tones", "at least two genres"),
        ("--split_by=artist", "no song's artist is known"),
        ("--split_by=official", "no official split"),
    ],
)
def test_mistakes_about_a_collection(collection, tmp_path, flag, sentence):
    done = make_records(collection, tmp_path, flag)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert sentence in done.stderr


def test_records_that_do_not_fit(trained, records, collection, tmp_path):
    done = run("tfgenre_train", records, f"--run_dir={tmp_path}", "--pixels_per_second=25")
    assert done.returncode == 2
    assert "was built with --pixels_per_second=50" in done.stderr
    assert make_records(collection, tmp_path / "r", "--genres=Tones,Noise").returncode == 0
    done = run("tfgenre_evaluate", trained, f"--records_dir={tmp_path / 'r'}")
    assert done.returncode == 2
    assert "does not fit this network" in done.stderr


def test_evaluating_on_the_same_songs_split_otherwise_is_refused(trained, collection, tmp_path):
    assert make_records(collection, tmp_path / "r", "--split_seed=7").returncode == 0
    done = run("tfgenre_evaluate", trained, f"--records_dir={tmp_path / 'r'}")
    assert done.returncode == 2
    assert "evaluated on songs it was trained on" in done.stderr


def test_a_run_in_the_folder_of_records_is_refused(records, work):
    before = (work / "r" / "manifest.json").read_bytes()
    for more in ([], ["--overwrite"]):
        done = run("tfgenre_train", records, f"--run_dir={work / 'r'}", *more)
        assert done.returncode == 2
        assert "a run needs a folder of its own" in done.stderr
    assert (work / "r" / "manifest.json").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "program", "content"),
    [
        ("best.keras", "tfgenre_predict", b"PK no zip"),
        ("manifest.json", "tfgenre_predict", b'"text"'),
        ("manifest.json", "tfgenre_predict", b'{"format": 2, "config": {}}'),
        ("result.json", "tfgenre_evaluate", b"{"),
        ("flags.cfg", "tfgenre_evaluate", b"\xff\xfe\0"),
    ],
)
def test_damaged_files_of_a_run(trained, work, tmp_path, name, program, content):
    for path in (work / "run").iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / name).unlink()
    (tmp_path / name).write_bytes(content)
    done = run(program, f"--run_dir={tmp_path}", *(["README.md"] if "predict" in program else []))
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert name in done.stderr


def test_inspecting_records(records, tmp_path):
    done = run("inspect_records", records, f"--png={tmp_path / 'new' / 'sheet.png'}")
    assert done.returncode == 0, done.stderr
    assert "all genres" in done.stdout
    assert "label        0 (Noise)" in done.stdout
    assert (tmp_path / "new" / "sheet.png").read_bytes().startswith(b"\x89PNG")
    done = run("inspect_records", records, f"--png={tmp_path}")
    assert (done.returncode, "--png must name a file" in done.stderr) == (2, True)


def test_a_run_that_was_not_finished_is_not_judged(trained, work, tmp_path):
    for path in (work / "run").iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / "result.json").unlink()
    done = run("tfgenre_evaluate", f"--run_dir={tmp_path}")
    assert done.returncode == 2
    assert "was not finished" in done.stderr


@pytest.mark.parametrize("delay_s", [0.2, 0.6, 1.5])
def test_ctrl_c(collection, tmp_path, delay_s):
    command = [str(ROOT / "tools" / "make_records"), "--dataset=folder", "--num_shards=12"]
    command += [f"--data_dir={collection}", f"--records_dir={tmp_path}", "--sample_rate_hz=192000"]
    # Until our first line is run, where Python itself would print a traceback, it is ignored.
    ignoring = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, *command]
    process = subprocess.Popen(ignoring, start_new_session=True, stderr=subprocess.PIPE, text=True)
    time.sleep(delay_s)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode in (-signal.SIGINT, 0, 130)
    assert "Traceback" not in stderr
    assert subprocess.run([sys.executable, *command], capture_output=True).returncode == 0


def test_ctrl_c_ends_a_program_at_once():
    """Where threads of JAX still compute, Python's own end would crash."""
    code = """
import atexit
from tfgenre.programs.launch import launch
def main(arguments):
    atexit.register(print, "Python's own end")
    raise KeyboardInterrupt
launch(main, doc="", flag_names=())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "-c: stopped; the same command finishes the job.\n"


def test_help_names_the_flags_that_matter():
    done = run("make_records", "--help")
    assert done.returncode == 0
    assert "--pixels_per_second" in done.stdout
    assert "--epochs" not in done.stdout


@pytest.mark.parametrize("name", ["tools/describe", "tfgenre_describe"])
def test_help_names_the_program_as_it_was_started(name):
    script = f"import sys; sys.argv = [{name!r}, '--help']; import tfgenre.programs.describe as it"
    command = [sys.executable, "-c", f"{script}; it.run()"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.splitlines()[2].startswith(f"{name} --dataset")


def test_help_whose_reader_has_had_enough():
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, str(ROOT / "tools" / "make_records"), "--help"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_target_that_cannot_be_written(collection, tmp_path):
    (tmp_path / "file").write_text("")
    done = make_records(collection, tmp_path / "file" / "records")
    assert done.returncode == 1
    assert "Not a directory" in done.stderr
    assert "Traceback" not in done.stderr
