# make demo   installs, makes a small collection, builds records, trains, evaluates, predicts
# make test   installs, then lint, types and tests
# make clean  removes the environment, the demo's data and its run

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test install sox clean

demo: .venv/installed
	$(BIN)/python tools/demo

install: .venv/installed

test: .venv/installed-dev sox
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest
	KERAS_BACKEND=jax $(BIN)/pytest tests/test_train.py -k "stopped or two_devices"

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

# Some tests hold our pictures against SoX's; without it they are skipped, and fail in CI.
sox:
	@command -v sox >/dev/null || .ci/install-sox || echo "note: tests against SoX are skipped"

clean:
	rm -rf .venv data/demo data/records/demo-50px runs/demo
