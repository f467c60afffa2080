"""Where a module's arrays lie and in which dtype."""

from __future__ import annotations

from typing import Any, Self

import jax
import jax.numpy as jnp

from normax.errors import InputError
from normax.nn.cells import in_64_bits
from normax.nn.device import device as find_device
from normax.nn.tree import Tree

__all__ = ["Placement"]


class Placement(Tree):
    """What `Module` inherits to be moved."""

    def to(self, device: Any = None, dtype: Any = None) -> Self:
        """Move the whole tree to a device, a sharding or a floating dtype; returns the module.

        Args:
            device: a JAX device, `"cpu"`, `"cuda:0"`, a `jax.sharding.Sharding`, or a dtype in its place.
            dtype: a floating dtype; integer buffers keep theirs, as in PyTorch.
        """
        if device is not None and not _is_place(device):
            device, dtype = None, device
        if dtype is not None:
            dtype = _floating(dtype)
        place = find_device(device) if isinstance(device, str) else device
        for cell in (*self.parameters(), *self.buffers()):
            if cell.uninitialized:
                cell.convert(place, dtype)
                continue
            value = cell.value
            if dtype is not None and jnp.issubdtype(value.dtype, jnp.floating):
                value = value.astype(dtype)
            cell.value = value if place is None else jax.device_put(value, place)
        return self

    def cpu(self) -> Self:
        return self.to("cpu")

    def cuda(self, index: int = 0) -> Self:
        return self.to(f"cuda:{index}")

    def float(self) -> Self:
        return self.to(jnp.float32)

    def double(self) -> Self:
        return self.to(jnp.float64)

    def half(self) -> Self:
        return self.to(jnp.float16)

    def bfloat16(self) -> Self:
        return self.to(jnp.bfloat16)


def _is_place(where: Any) -> bool:
    """Whether `to`'s first argument says where, not in which dtype."""
    if isinstance(where, str):
        try:
            jnp.dtype(where)
        except TypeError:
            return True
        return False
    return isinstance(where, (jax.Device, jax.sharding.Sharding))


def _floating(dtype: Any) -> Any:
    name = str(dtype).removeprefix("torch.")
    try:
        dtype = jnp.dtype(name if "torch." in str(dtype) else dtype)
    except TypeError:
        raise TypeError(f"to: expected a device, a sharding or a floating dtype, got {dtype!r}") from None
    if not jnp.issubdtype(dtype, jnp.floating):
        raise TypeError(f"to: expected a floating dtype, got {dtype}")
    if dtype == jnp.float64 and not in_64_bits():
        raise InputError(
            "float64 needs JAX in 64 bits: `jax.config.update('jax_enable_x64', True)` before the first array"
        )
    return dtype
