"""The configured hardware settings, and how auto is resolved."""

import pytest

from tfgenre.errors import UserError
from tfgenre.training import hardware
from tfgenre.training.config import HardwareConfig

SLOW, FAST = "GPU without bfloat16", "GPU with bfloat16"


@pytest.mark.parametrize(
    ("options", "cpu_flags", "gpus", "expected"),
    [
        ({"precision": "float32"}, {"amx_bf16"}, [FAST], "float32"),
        ({"precision": "mixed_bfloat16"}, set(), [], "mixed_bfloat16"),
        ({"precision": "mixed_float16"}, {"amx_bf16"}, [SLOW], "mixed_float16"),
        ({}, {"avx2", "avx512_bf16"}, [], "mixed_bfloat16"),
        ({}, {"avx2", "amx_bf16"}, [], "mixed_bfloat16"),
        ({}, {"avx2", "avx512f"}, [], "float32"),
        ({}, set(), [], "float32"),
        ({}, set(), [FAST, FAST], "mixed_bfloat16"),
        ({}, {"amx_bf16"}, [FAST, SLOW], "float32"),
        ({"device": "gpu"}, {"amx_bf16"}, [SLOW], "float32"),
        ({"device": "cpu"}, {"amx_bf16"}, [SLOW], "mixed_bfloat16"),
        ({"device": "cpu"}, {"avx2"}, [FAST], "float32"),
    ],
)
def test_precision(monkeypatch, options, cpu_flags, gpus, expected):
    monkeypatch.setattr(hardware, "_cpu_flags", lambda: cpu_flags)
    monkeypatch.setattr(hardware, "gpus", lambda: gpus)
    monkeypatch.setattr(hardware, "_has_bfloat16", lambda gpu: gpu == FAST)
    assert hardware.precision(HardwareConfig(**options)) == expected


@pytest.mark.parametrize(
    ("hidden", "sentence"), [(True, "hidden from this process"), (False, "sees no GPU")]
)
def test_a_gpu_that_cannot_be_used(monkeypatch, hidden, sentence):
    monkeypatch.setattr(hardware, "gpus", lambda: [])
    monkeypatch.setattr(hardware, "_are_hidden", lambda: hidden)
    config = HardwareConfig(device="gpu")
    with pytest.raises(UserError, match=sentence), hardware.prepared(config, seed=0):
        pass


def test_a_gpu_in_use_cannot_be_hidden(monkeypatch):
    monkeypatch.setattr(hardware, "gpus", lambda: [FAST])
    config = HardwareConfig(device="cpu")
    with pytest.raises(UserError, match="already uses its GPU"), hardware.prepared(config, seed=0):
        pass


@pytest.mark.parametrize(("value", "expected"), [("auto", "auto"), ("yes", True), ("no", False)])
def test_jit_compile(value, expected):
    assert hardware.jit_compile(HardwareConfig(jit_compile=value)) == expected
