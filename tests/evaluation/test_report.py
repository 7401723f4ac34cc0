"""The report in a real browser, on a phone and on a screen."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tfgenre.config import RenderConfig
from tfgenre.evaluation.evaluate_run import evaluate_run
from tfgenre.training import process_state
from tfgenre.training.claim import claim
from tfgenre.training.config import ModelConfig, TrainConfig
from tfgenre.training.model import build_model
from tfgenre.training.run_dir import RunDir

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
PROBE = """<script>
addEventListener("load", () => {
  const found = {
    scrolls: document.documentElement.scrollWidth > innerWidth,
    width: innerWidth,
    images: [...document.images].map(image => image.naturalWidth),
    plots: [...document.querySelectorAll("svg")].map(svg => svg.getBoundingClientRect().height),
    tables: document.querySelectorAll("table").length,
    headings: [...document.querySelectorAll("h2")].map(heading => heading.textContent),
  };
  document.body.innerHTML = "<pre id=found>" + JSON.stringify(found) + "</pre>";
});
</script>"""


@pytest.fixture(scope="module")
def page(records, tmp_path_factory) -> Path:
    """The report of a run whose network was not trained."""
    path = tmp_path_factory.mktemp("run")
    run_dir = RunDir(path)
    claim(run_dir, TrainConfig(), records)
    with process_state.seeded(0):
        build_model(ModelConfig(), num_genres=2, render=RenderConfig()).save(run_dir.best_model)
    epoch = "1,0.5,0.7,0.5,0.7,0.001,90.0,1.0\n2,0.6,0.6,0.6,0.6,0.001,90.0,1.0\n"
    run_dir.metrics.write_text(
        "epoch,train_accuracy,train_loss,validation_accuracy,validation_loss,learning_rate,"
        f"slices_per_second,seconds\n{epoch}"
    )
    result = {
        "epochs": 2,
        "stopped_early": "",
        "best": {"epoch": 2},
        "weights": 1,
        "train_slices": 14,
        "validation_slices": 8,
        "seconds": 1.0,
        "peak_memory_mb": 1,
        "precision": "float32",
        "device": "CPU",
        "input_wait_share": None,
        "versions": {"tfgenre": "1", "tensorflow": "2", "keras": "3"},
    }
    run_dir.result.write_text(json.dumps(result))
    evaluate_run(run_dir, records, split="test", batch_size=16)
    return run_dir.report("test")


@pytest.mark.skipif(BROWSER is None, reason="no Chromium")
@pytest.mark.parametrize("width", [500, 1400])
def test_it_renders_without_errors(page, tmp_path, width):
    """Nothing is wider than the window, every image has a size, the console is empty."""
    instrumented = tmp_path / "report.html"
    instrumented.write_text(page.read_text().replace("</body>", f"{PROBE}</body>"))
    done = subprocess.run(
        [
            str(BROWSER),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--window-size={width},900",
            "--enable-logging=stderr",
            "--virtual-time-budget=5000",
            "--dump-dom",
            str(instrumented),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    output = re.search(r"<pre id=\"found\">(.*?)</pre>", done.stdout)
    assert output, done.stderr
    found = json.loads(output[1].replace("&gt;", ">").replace("&amp;", "&"))
    assert not found["scrolls"], found["width"]
    assert found["images"]
    assert min(found["images"]) > 0
    assert len(found["plots"]) == 2
    assert min(found["plots"]) > 50
    assert "Results by genre" in found["headings"]
    assert "CONSOLE" not in done.stderr


def test_it_is_self_contained(page):
    text = page.read_text()
    assert not re.search(r"(?:src|href)=\"(?!data:|#)", text)
    assert "@import" not in text


def test_the_model_card_is_beside_it(page):
    card = (page.parent / "model_card.md").read_text()
    _, front, text = card.split("---\n")
    assert text.startswith("# Model card: genres of folder")
    (entry,) = yaml.safe_load(front)["model-index"][0]["results"]
    assert entry["dataset"]["type"] == "folder"
    assert 0 <= entry["metrics"][0]["value"] <= 1
    assert "| song accuracy, by vote | " in card
