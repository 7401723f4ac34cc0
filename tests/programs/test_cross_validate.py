"""Cross-validation from the command line: every song is predicted once, by another's network."""

import csv
import json

from tests import songs
from tests.commands import run
from tfgenre.records.folder import Records


def test_the_program(tmp_path):
    data_dir, output_dir = tmp_path / "songs", tmp_path / "out"
    songs.write_collection(data_dir, songs_per_genre=4)
    command = (
        "cross_validate",
        "--dataset=folder",
        f"--data_dir={data_dir}",
        f"--output_dir={output_dir}",
        "--folds=2",
        "--epochs=1",
        "--min_steps=0",
        "--batch_size=8",
    )
    done = run(*command)
    assert done.returncode == 0, done.stderr
    assert "8 songs rendered in" in done.stdout
    assert "8 songs assigned to splits in" in done.stdout
    assert "fold 2 of 2" in done.stdout
    found = json.loads((output_dir / "cross_validation.json").read_text())
    assert found["num_tracks"] == 8
    assert [fold["tracks"] for fold in found["folds"]] == [4, 4]
    with (output_dir / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["path"] for row in rows) == sorted(
        f"{genre}/{number}.wav" for genre in ("Noise", "Tones") for number in range(4)
    )
    for row in rows:
        assert abs(float(row["Noise"]) + float(row["Tones"]) - 1) < 0.001
        other = Records.open(output_dir / "records" / row["fold"])
        assert other.manifest.config["split"]["fold"] == int(row["fold"]) - 1
    right = sum(row["genre"] == row["predicted"] for row in rows)
    assert right / 8 == found["track_accuracy"]
    with (output_dir / "audit.csv").open() as file:
        audited = list(csv.DictReader(file))
    assert sorted(row["path"] for row in audited) == sorted(row["path"] for row in rows)
    own = [float(row["own_probability"]) for row in audited]
    assert own == sorted(own)
    assert "<h2>Songs</h2>" in (output_dir / "audit.html").read_text()
    page = (output_dir / "cross_validation.html").read_text()
    assert "2 folds" in page
    assert "<svg" in page
    again = run(*command)
    assert again.returncode == 0, again.stderr
    assert "rendered in" not in again.stdout
    assert "epoch 1" not in again.stdout
    refused = run(*command, "--fold=1")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "--fold is cross_validate's own to choose" in refused.stderr
