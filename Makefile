# make demo   installs, makes a small collection, builds records, trains, evaluates, predicts
# make test   installs, then lint, types and tests
# make bench  measures everything and writes docs/benchmarks.md; an hour, on a quiet machine
# make clean  removes the environments, the demo's data and its run

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-tfio bench install sox clean

demo: .venv/installed
	$(BIN)/python tools/demo

install: .venv/installed

test: .venv/installed-dev sox
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n auto --maxprocesses 4 --dist worksteal
	KERAS_BACKEND=jax $(BIN)/pytest -n auto --maxprocesses 2 tests/training/test_train.py -k "within_an_epoch or two_devices or finite"
	@if $(PYTHON) -c 'import sys; sys.exit(sys.version_info >= (3, 13))'; then $(MAKE) test-tfio; \
	else echo "note: tests of tensorflow-io are skipped: it needs Python 3.10 to 3.12"; fi

# tensorflow-io loads with older TensorFlows only: an environment of its own, and one file of tests.
test-tfio: .venv-tfio/installed
	.venv-tfio/bin/pytest tests/export/with_tfio.py

bench: .venv/installed-dev
	$(BIN)/python -m benchmarks.all

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps musicnn==0.1.0  # its weights
	touch $@

.venv-tfio/installed: pyproject.toml
	$(PYTHON) -m venv .venv-tfio
	.venv-tfio/bin/pip install --quiet --disable-pip-version-check --editable '.[tfio]' 'pytest>=8.0'
	touch $@

# Some tests hold our pictures against SoX's; without it they are skipped, and fail in CI.
sox:
	@command -v sox >/dev/null || .ci/install-sox || echo "note: tests against SoX are skipped"

clean:
	rm -rf .venv .venv-tfio data/demo data/records/demo-50px runs/demo
