"""Experiments, as a user runs them."""

from tests.commands import ROOT, run


def test_smoke(tmp_path):
    """As a user runs it: one experiment works, one does not."""
    broken = tmp_path / "broken.cfg"
    broken.write_text("--dataset=folder\n--genres=A,B\n--dropout_rate=2\n")
    flag_files = f"{ROOT / 'flags' / 'exp13.cfg'},{broken}"
    output_dir = f"--output_dir={tmp_path / 'out'}"
    done = run("experiments", f"--flagfiles={flag_files}", "--smoke", "--epochs=1", output_dir)
    assert done.returncode == 1, done.stderr
    assert "| exp13 | 61 % |" in done.stdout
    assert "tfgenre_train ended with status 2 |" in done.stdout
    assert "--dropout_rate must be between 0 and 0.99, got 2" in done.stderr
    assert (tmp_path / "out" / "experiments.md").exists()
