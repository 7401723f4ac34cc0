"""The benchmarks run at their smallest size; their speed is not tested."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import child, inputs, tables
from benchmarks.measuring import Result, Sample, read
from benchmarks.ways import Done, Way
from tfgenre.records import manifest

ROOT = Path(__file__).parents[1]
WAYS = {
    "render": "sox,native2",
    "input": "generator,ours,webdataset",
    "cold": "ours,torch",
    "ram": "ram_5000,ours_5000",
    "fit": "ten",
    "train": "records_bfloat16",
    "models": "spectral",
    "predict": "best_ten,program",
    "build": "two",
    "long": "sox_ten,build_ten",
}


def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


@pytest.mark.parametrize("name", WAYS)
def test_a_trial(name, tmp_path, sox):
    out = tmp_path / "out.json"
    done = run(name, "--smoke", f"--ways={WAYS[name]}", f"--scratch_dir={tmp_path}", f"--out={out}")
    assert done.returncode == 0, done.stderr
    result = read(out)
    assert result.samples.keys() | result.missing.keys() == set(WAYS[name].split(","))
    assert set(result.missing) <= {"webdataset", "torch"}
    for (sample,) in result.samples.values():
        assert min(sample.amount, sample.wall_s, sample.cpu_s, sample.peak_mb) > 0
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["input", "--ways=oars"], "--ways must be among generator, .*; got oars"),
        (["input", "more"], "Unexpected arguments: more"),
        (["all", "--only=tram"], "--only must be among render, .*; got tram"),
    ],
)
def test_mistakes(arguments, words):
    done = run(*arguments)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert re.search(words, done.stdout + done.stderr)


def test_the_page_is_that_of_its_samples(tmp_path):
    shutil.copytree(ROOT / "docs" / "benchmarks", tmp_path / "benchmarks")
    done = run("all", "--only=", f"--out_dir={tmp_path}")
    assert done.returncode == 0, done.stderr
    written = (tmp_path / "benchmarks.md").read_text()
    assert written == (ROOT / "docs" / "benchmarks.md").read_text()


def test_made_up_records_are_whole(tmp_path):
    records = inputs.write_records(tmp_path, num_slices=50, num_shards=3)
    assert [shard.slices for shard in records.manifest.splits["train"].shards] == [16, 17, 17]
    assert manifest.read(tmp_path) == records.manifest


RESULT = Result(
    name="x",
    unit="songs",
    titles={"one": "the one", "two": "the other", "three": "a third"},
    references=("one",),
    machine="a machine",
    samples={
        "one": (Sample(10, 2.0, 1.0, 100), Sample(10, 1.0, 1.0, 300)),
        "two": (Sample(10, 1.0, 2.0, 50, {"first s": 0.5}), Sample(10, 0.25, 2.0, 50)),
    },
    missing={"three": "not measured: needs luck"},
)


def test_ratios_are_of_rounds():
    low, median, high = RESULT.ratios("two", "one")
    assert (low, median, high) == (2.5, 3.0, 3.5)
    assert RESULT.ratios("two", "one", "cpu_s").tolist() == [0.5, 0.5, 0.5]
    assert RESULT.peak_mb("one") == 200


def test_tables():
    assert tables.text(RESULT).splitlines() == [
        "way        songs/s  songs/CPU s  peak MB        wall, of one         CPU, of one  first s",
        "the one        7.5         10.0      200  1.00 (1.00 - 1.00)  1.00 (1.00 - 1.00)         ",
        "the other     25.0          5.0       50  3.00 (2.50 - 3.50)  0.50 (0.50 - 0.50)     0.50",
        "a third: not measured: needs luck",
    ]
    first, second, *_ = tables.markdown(RESULT).splitlines()
    assert first.startswith("| way | songs/s |")
    assert second == "| - | -: | -: | -: | -: | -: | -: |"


def test_a_way_is_warmed_up_and_then_measured():
    calls = []

    def start(**settings):
        def turn():
            calls.append(settings)
            return Done(len(calls), {"it": 1})

        return turn

    found = child.measured(Way("", start), {"number": 3})
    assert (found["amount"], found["extra"]) == (2, {"it": 1})
    assert child.measured(Way("", start, warm_up=False), {})["amount"] == 3
    assert calls == [{"number": 3}, {"number": 3}, {}]
