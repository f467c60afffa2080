"""`torch.cuda`: what model files ask of it."""

from __future__ import annotations

from typing import Any

import jax

from normax.nn.device import cuda as _cuda
from normax.nn.random import manual_seed
from normax.torch import classes
from normax.torch.classes import *  # noqa: F403
from normax.torch.corners import MODULES

__all__ = [
    *classes.__all__,
    "amp",
    "current_device",
    "device_count",
    "empty_cache",
    "get_device_capability",
    "get_device_name",
    "is_available",
    "is_bf16_supported",
    "is_initialized",
    "manual_seed",
    "manual_seed_all",
    "memory_allocated",
    "max_memory_allocated",
    "reset_peak_memory_stats",
    "set_device",
    "synchronize",
]

amp = MODULES["cuda.amp"]
is_available, device_count, manual_seed_all = _cuda.is_available, _cuda.device_count, manual_seed


def is_initialized() -> bool:
    """Whether there is a GPU."""
    return is_available()


def is_bf16_supported(*args: Any) -> bool:
    """True: XLA computes in bfloat16 everywhere."""
    return True


def current_device() -> int:
    """The number of the default GPU."""
    return 0


def set_device(device: Any) -> None:
    """Nothing: arrays say by themselves where they lie."""


def get_device_name(device: Any = None) -> str:
    """The GPU's name."""
    return jax.devices("gpu")[0].device_kind


def get_device_capability(device: Any = None) -> tuple[int, int]:
    """The GPU's generation."""
    major, _, minor = str(jax.devices("gpu")[0].compute_capability).partition(".")
    return int(major), int(minor or 0)


def empty_cache() -> None:
    """Nothing: XLA keeps its memory."""


def synchronize(device: Any = None) -> None:
    """Wait for what is being computed."""
    jax.effects_barrier()


def _memory(name: str) -> int:
    stats = jax.devices("gpu")[0].memory_stats() if is_available() else None
    return int((stats or {}).get(name, 0))


def memory_allocated(device: Any = None) -> int:
    """Bytes in use on the GPU."""
    return _memory("bytes_in_use")


def max_memory_allocated(device: Any = None) -> int:
    """The most bytes that were in use on the GPU."""
    return _memory("peak_bytes_in_use")


def reset_peak_memory_stats(device: Any = None) -> None:
    """Nothing: the peak is the process's."""
