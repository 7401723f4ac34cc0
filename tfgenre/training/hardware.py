"""The hardware to train on: devices, number formats and compilation; resolves auto."""

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
    """Sets up the process to build and train networks as the config says; restores it at the end.

    Two changes are permanent: GPUs that --device=cpu hides, and the cluster that
    --strategy=multiworker joins.

    Args:
        config: the hardware settings.
        seed: for initial weights and orders.

    Raises:
        UserError: if a GPU is required and the Keras backend sees none, GPUs can no longer be
            hidden, or the other workers cannot be reached.
    """
    if config.strategy == "multiworker":
        multiworker.join()
    if config.device == "gpu" and not gpus():
        if _are_hidden():
            raise UserError(
                "--device=gpu: GPUs are hidden from this process, as by an earlier --device=cpu: "
                "train in a new process."
            )
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
        if keras.backend.backend() == "jax" and _is_distributed(config):
            stack.enter_context(multiworker.distributed())
        yield


def precision(config: HardwareConfig) -> str:
    """The Keras dtype policy; auto is bfloat16 where the device is fast at it, else float32."""
    if config.precision != "auto":
        return config.precision
    if config.device != "cpu" and (found := gpus()):
        return "mixed_bfloat16" if all(map(_has_bfloat16, found)) else "float32"
    return "mixed_bfloat16" if _cpu_flags() & _BFLOAT16_FLAGS else "float32"


def jit_compile(config: HardwareConfig) -> bool | str:
    """The jit_compile argument of Keras' `compile`."""
    return "auto" if config.jit_compile == "auto" else config.jit_compile == "yes"


def steps_per_call(config: HardwareConfig) -> int:
    """How many steps TensorFlow makes before it comes back to Python.

    That halves what Python adds to a step, 1 to 2 ms, but a program on a CPU, whose steps are long,
    would not stop when it is asked to. JAX gains nothing.
    """
    return 10 if keras.backend.backend() == "tensorflow" and _usable_gpus(config) else 1


def gpus() -> list[Any]:
    """The GPUs that the Keras backend sees, as TensorFlow or JAX devices."""
    if keras.backend.backend() == "jax":
        import jax

        return [device for device in jax.local_devices() if device.platform == "gpu"]
    return list(tf.config.get_visible_devices("GPU"))


def strategy(config: HardwareConfig) -> AbstractContextManager[Any]:
    """The scope to build a network in: for one device, or for all devices of this machine."""
    if keras.backend.backend() == "jax" or not _is_distributed(config):
        return nullcontext()  # JAX distributes batches wherever the network was built
    return tf.distribute.MirroredStrategy(_mirrors(config)).scope()


def worker(config: HardwareConfig) -> Worker:
    """Which worker this process is; call it within `prepared`."""
    if not _is_distributed(config):
        return Worker()
    if keras.backend.backend() == "jax":
        import jax

        return Worker(jax.process_index(), jax.process_count(), jax.device_count())
    return Worker(num_devices=len(_mirrors(config)))


def name() -> str:
    """The device, for a person."""
    found = gpus()
    if found and keras.backend.backend() == "jax":
        return f"{len(found)} x {found[0].device_kind}"
    if found:
        details = tf.config.experimental.get_device_details(found[0])
        return f"{len(found)} x {details.get('device_name', 'GPU')}"
    return f"CPU ({_cpu_name()})"


def peak_memory_mb() -> int:
    """The peak resident memory of this process, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def peak_device_memory_mb() -> int | None:
    """The peak memory on the first GPU, in MB; None without a GPU."""
    found = gpus()
    if not found:
        return None
    if keras.backend.backend() == "jax":
        return int(found[0].memory_stats()["peak_bytes_in_use"]) >> 20
    return int(tf.config.experimental.get_memory_info("GPU:0")["peak"]) >> 20


def _usable_gpus(config: HardwareConfig) -> list[Any]:
    return gpus() if config.device != "cpu" else []


def _is_distributed(config: HardwareConfig) -> bool:
    """Whether each batch is divided among several devices."""
    if config.strategy == "auto":
        return len(_usable_gpus(config)) > 1
    return config.strategy != "one"


def _mirrors(config: HardwareConfig) -> list[str]:
    """The names of the devices among which TensorFlow divides a batch."""
    kind = "GPU" if _usable_gpus(config) else "CPU"
    return [device.name for device in tf.config.list_logical_devices(kind)]


def _hide_gpus() -> None:
    if keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_platforms", "cpu")
    else:
        with suppress(RuntimeError):  # TensorFlow already uses them
            tf.config.set_visible_devices([], "GPU")
    if gpus():
        raise UserError(
            "--device=cpu: this process already uses its GPU and cannot release it: train in a new "
            "process."
        )


def _are_hidden() -> bool:
    if keras.backend.backend() == "jax":
        import jax

        return bool(jax.config.jax_platforms == "cpu")
    return bool(tf.config.list_physical_devices("GPU")) and not gpus()


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
    """A field of Linux's /proc/cpuinfo; "" on other systems."""
    path = Path("/proc/cpuinfo")
    for line in path.read_text().splitlines() if path.exists() else ():
        name, _, value = line.partition(":")
        if name.strip() == field:
            return value.strip()
    return ""
