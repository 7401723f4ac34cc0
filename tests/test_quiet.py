"""Keras' own settings: a backend that cannot be used is one sentence."""

import json
import subprocess
import sys

import pytest

from tfgenre.errors import UserError
from tfgenre.quiet import quiet_tensorflow


@pytest.fixture
def keras_home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    return tmp_path


@pytest.mark.parametrize("name", ["torch", "theano", "numpy"])
def test_backends_that_cannot_be_used(keras_home, monkeypatch, name):
    (keras_home / "keras.json").write_text(json.dumps({"backend": name}))
    with pytest.raises(UserError, match=rf"keras\.json says backend '{name}'"), quiet_tensorflow():
        pass
    monkeypatch.setenv("KERAS_BACKEND", name)
    message = rf"KERAS_BACKEND={name}: .* must be tensorflow or jax; set KERAS_BACKEND=tensorflow"
    with pytest.raises(UserError, match=message), quiet_tensorflow():
        pass
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    with quiet_tensorflow():
        pass


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"backend": "tensorflow"}'])
def test_settings_that_are_damaged_or_right(keras_home, content):
    (keras_home / "keras.json").write_text(content)
    with quiet_tensorflow():
        pass


def test_jax_that_is_not_installed(keras_home, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match="JAX is not installed: pip install"), quiet_tensorflow():
        pass


@pytest.mark.parametrize("content", ['{"floatx": "float99"}', "[]"])
def test_settings_that_keras_refuses(keras_home, content):
    """In a new process, as they are read once."""
    (keras_home / "keras.json").write_text(content)
    code = """
import gc
from tfgenre.errors import UserError
from tfgenre.quiet import quiet_tensorflow
try:
    with quiet_tensorflow():
        pass
except UserError as error:
    print(error)
assert gc.isenabled()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    start = f"{keras_home / 'keras.json'} has a value that Keras refuses ("
    assert done.stdout.startswith(start)
    assert done.stdout.endswith("): correct the file, or remove it.\n")
    assert done.stderr == ""
