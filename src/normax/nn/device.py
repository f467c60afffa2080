"""Devices, with the two calls that PyTorch programs make."""

from __future__ import annotations

import jax

from normax.errors import InputError

__all__ = ["cuda", "device"]


def device(spec: str | jax.Device = "cpu") -> jax.Device:
    """The JAX device that PyTorch's notation names: `"cpu"`, `"cuda"`, `"cuda:1"`, `"tpu:0"`.

    Args:
        spec: its name, by default the CPU; a JAX device is returned as it is.

    Returns:
        A `jax.Device`.

    Raises:
        InputError: if there is no such device; the message lists those there are.

    Example:
        >>> device("cpu").platform
        'cpu'
    """
    if not isinstance(spec, str):
        return spec
    kind, _, index = spec.partition(":")
    try:
        return jax.devices("gpu" if kind == "cuda" else kind)[int(index or 0)]
    except (RuntimeError, IndexError, ValueError):
        there = ", ".join(f"{d.platform}:{d.id}" for d in jax.devices())
        raise InputError(f"device: no device {spec!r}; there are {there}") from None


class cuda:
    """`cuda.is_available()` and `cuda.device_count()`, as PyTorch programs ask them.

    Example:
        >>> cuda.is_available() == (cuda.device_count() > 0)
        True
    """

    @staticmethod
    def device_count() -> int:
        try:
            return len(jax.devices("gpu"))
        except RuntimeError:
            return 0

    @staticmethod
    def is_available() -> bool:
        return cuda.device_count() > 0
