"""Several runs as one."""

import keras
import numpy as np
import pytest

from tests.runs import untrained_run
from tfgenre.errors import UserError
from tfgenre.export.export import float32
from tfgenre.training.averaged import AveragedRuns, open_runs


@pytest.fixture
def runs(records_dir, tmp_path):
    """Two runs of different weights, the second in reduced precision."""
    first = untrained_run(tmp_path / "a", records_dir)
    second = untrained_run(tmp_path / "b", records_dir, dtype="mixed_bfloat16")
    model = keras.saving.load_model(second.best_model)
    last = model.layers[-1]
    last.set_weights([-2 * weight for weight in last.get_weights()])
    model.save(second.best_model)
    return first, second


def test_the_mean_of_the_probabilities(runs):
    images = np.random.default_rng(0).integers(0, 256, (3, 128, 128, 1), "uint8")
    each = [run.load_best_model(num_genres=2)(images) for run in runs]
    found = open_runs(runs).load_best_model(num_genres=2)
    np.testing.assert_allclose(found(images), sum(each) / 2, atol=1e-6)
    assert not np.allclose(each[0], each[1], atol=0.01)
    exact = float32(found)
    np.testing.assert_allclose(exact(images), found(images), atol=0.02)
    for layer in exact.layers[1:-1]:
        assert {inner.dtype_policy.name for inner in layer.layers} == {"float32"}


def test_one_run_is_itself(runs):
    for given in (runs[0], runs[0].path, [runs[0]], [str(runs[0])]):
        assert open_runs(given).path == runs[0].path
    with pytest.raises(UserError, match="one run or more, got none"):
        open_runs([])


def test_what_is_written_goes_beside_the_first(runs):
    averaged = open_runs(runs)
    assert isinstance(averaged, AveragedRuns)
    assert averaged.path == runs[0].path.parent / "a+b"
    assert not averaged.path.exists()
    assert str(averaged) == f"{runs[0]},{runs[1]}"


def test_runs_that_decide_differently_decide_by_the_mean(runs):
    assert open_runs(runs).read_vote() == runs[0].read_vote()
    runs[0].flags.write_text(runs[0].flags.read_text().replace("--vote=mean", "--vote=hard"))
    assert open_runs(runs).read_vote() == "mean"


@pytest.mark.parametrize(
    ("old", "new", "what"), [('"Tones"', '"Jazz"', "genres"), ('"sox"', '"mel"', "rendering")]
)
def test_runs_that_do_not_fit_together(runs, old, new, what):
    manifest = runs[1].path / "manifest.json"
    assert old in manifest.read_text()
    manifest.write_text(manifest.read_text().replace(old, new))
    with pytest.raises(UserError, match=f"same genres and rendering, got the {what} .* in .*/b"):
        open_runs(runs).read_manifest()
