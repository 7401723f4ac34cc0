"""Decoding in the graph without tensorflow-io; `with_tfio.py` tests it with tensorflow-io."""

import sys

import pytest

from tfgenre.errors import UserError
from tfgenre.export import graph_audio


def test_without_tensorflow_io(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_io", None)
    with pytest.raises(UserError, match="without tensorflow-io: pip install"):
        graph_audio.check_tensorflow_io()
