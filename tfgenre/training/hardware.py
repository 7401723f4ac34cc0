"""On what a network is trained: devices, number formats, compilation, told from what is there."""

import resource
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from tfgenre.errors import UserError
from tfgenre.training import multiworker, process_state
from tfgenre.training.config import HardwareConfig
from tfgenre.training.multiworker import Worker

_BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}


@contextmanager
def prepared(config: HardwareConfig, *, seed: int) -> Iterator[None]:
    """Within, networks are made and trained as the config says; then all is as it was before.

    Two things stay for the whole process: GPUs that --device=cpu has hidden, and the cluster that
    --strategy=multiworker has joined.

    Raises:
        UserError: if a GPU was asked for and there is none that the Keras backend can use, GPUs
            can no longer be hidden, or the other workers cannot be found.
    """
    if config.strategy == "multiworker":
        multiworker.join()
    if config.device == "gpu" and not gpus():
        raise UserError(
            f"--device=gpu: {keras.backend.backend()} sees no GPU; install its CUDA libraries (pip "
            "install 'tfgenre[gpu]'), or give --device=auto."
        )
    if config.device == "cpu":
        _hide_gpus()
    with ExitStack() as stack:
        stack.enter_context(process_state.dtype_policy(precision(config)))
        stack.enter_context(process_state.seeded(seed))
        if config.deterministic:
            stack.enter_context(process_state.op_determinism())
        if keras.backend.backend() == "jax" and _is_spread(config):
            stack.enter_context(multiworker.distributed())
        yield


def precision(config: HardwareConfig) -> str:
    """The Keras dtype policy: what was asked for, or bfloat16 where it pays."""
    if config.precision != "auto":
        return config.precision
    if config.device != "cpu" and (found := gpus()):
        return "mixed_bfloat16" if all(map(_has_bfloat16, found)) else "float32"
    return "mixed_bfloat16" if _cpu_flags() & _BFLOAT16_FLAGS else "float32"


def jit_compile(config: HardwareConfig) -> bool | str:
    """What Keras' compile takes."""
    return "auto" if config.jit_compile == "auto" else config.jit_compile == "yes"


def gpus() -> list[Any]:
    """The GPUs that the Keras backend sees: TensorFlow's or JAX's devices."""
    if keras.backend.backend() == "jax":
        import jax

        return [device for device in jax.local_devices() if device.platform == "gpu"]
    return list(tf.config.get_visible_devices("GPU"))


def strategy(config: HardwareConfig) -> AbstractContextManager[Any]:
    """The scope to make a network in: of all devices of this machine, or of one."""
    if keras.backend.backend() == "jax" or not _is_spread(config):
        return nullcontext()  # JAX spreads what it is given, wherever it was made
    return tf.distribute.MirroredStrategy(_mirrors(config)).scope()


def worker(config: HardwareConfig) -> Worker:
    """Which of the processes that train together is running, after `prepare`."""
    if not _is_spread(config):
        return Worker()
    if keras.backend.backend() == "jax":
        import jax

        return Worker(jax.process_index(), jax.process_count(), jax.device_count())
    return Worker(num_devices=len(_mirrors(config)))


def name() -> str:
    """The device in words."""
    found = gpus()
    if found and keras.backend.backend() == "jax":
        return f"{len(found)} x {found[0].device_kind}"
    if found:
        details = tf.config.experimental.get_device_details(found[0])
        return f"{len(found)} x {details.get('device_name', 'GPU')}"
    return f"CPU ({_cpu_name()})"


def peak_memory_mb() -> int:
    """The largest resident size this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def peak_device_memory_mb() -> int | None:
    """The most memory that was taken on the first GPU, in MB; None if there is none."""
    found = gpus()
    if not found:
        return None
    if keras.backend.backend() == "jax":
        return int(found[0].memory_stats()["peak_bytes_in_use"]) >> 20
    return int(tf.config.experimental.get_memory_info("GPU:0")["peak"]) >> 20


def _found(config: HardwareConfig) -> list[Any]:
    return gpus() if config.device != "cpu" else []


def _is_spread(config: HardwareConfig) -> bool:
    """Whether each batch is divided among several devices."""
    if config.strategy == "auto":
        return len(_found(config)) > 1
    return config.strategy != "one"


def _mirrors(config: HardwareConfig) -> list[str]:
    """The names of the devices that TensorFlow divides a batch among."""
    kind = "GPU" if _found(config) else "CPU"
    return [device.name for device in tf.config.list_logical_devices(kind)]


def _hide_gpus() -> None:
    if keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_platforms", "cpu")
    else:
        with suppress(RuntimeError):  # TensorFlow has started on them already
            tf.config.set_visible_devices([], "GPU")
    if gpus():
        raise UserError(
            "--device=cpu: this process has begun to use its GPU, which cannot be undone: train in "
            "a new one."
        )


def _has_bfloat16(gpu: Any) -> bool:
    if keras.backend.backend() == "jax":
        return float(gpu.compute_capability) >= 8
    details = tf.config.experimental.get_device_details(gpu)
    return bool(details.get("compute_capability", (0,)) >= (8,))


def _cpu_flags() -> set[str]:
    return set(_cpu_info("flags").split())


def _cpu_name() -> str:
    return _cpu_info("model name") or "unknown"


def _cpu_info(field: str) -> str:
    """A field of Linux' /proc/cpuinfo; "" elsewhere."""
    path = Path("/proc/cpuinfo")
    for line in path.read_text().splitlines() if path.exists() else ():
        name, _, value = line.partition(":")
        if name.strip() == field:
            return value.strip()
    return ""
