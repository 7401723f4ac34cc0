"""The leak report, as a user runs it."""

import json

from tests.commands import run


def test_the_program(collection, tmp_path):
    """Without artists there are two splits; a second time, nothing is trained again."""
    command = (
        "leak_report",
        "--dataset=folder",
        f"--data_dir={collection}",
        f"--output_dir={tmp_path}",
        "--model=spectral",
        "--epochs=1",
        "--min_steps=0",
        "--batch_size=8",
        "--num_shards=2",
    )
    done = run(*command)
    assert done.returncode == 0, done.stderr
    assert "no song's artist is known" in done.stdout
    assert "slice minus track" in done.stdout
    report = json.loads((tmp_path / "leaks.json").read_text())
    manifest = json.loads((tmp_path / "records" / "track" / "manifest.json").read_text())
    assert manifest["config"]["split"]["split_ratios"] == [70, 0, 30]
    assert list(report["claims"]) == ["slice", "track"]
    trained = [
        json.loads((tmp_path / "runs" / method / "result.json").read_text())["train_slices"]
        for method in ("slice", "track")
    ]
    assert trained[0] == trained[1] == report["train_slices"]
    page = (tmp_path / "leaks.html").read_text()
    assert 'src="http' not in page
    assert "it is not significant" in page or "leakage: the network recognises" in page
    again = run(*command)
    assert again.returncode == 0
    assert "epoch" not in again.stdout
    refused = run(*command, "--split_by=track")
    assert refused.returncode == 2
    assert "--split_by is leak_report's own to choose" in refused.stderr
