"""Where a module's arrays lie and in which dtype."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import multihost_utils

from normax.errors import InputError
from normax.nn.cells import Cell, in_64_bits
from normax.nn.device import device as find_device
from normax.nn.sharding import as_mesh, everywhere, placed, shardings
from normax.nn.tree import Tree

if TYPE_CHECKING:
    from normax.nn.module import Module

__all__ = ["Placement"]


class Placement(Tree):
    """What `Module` inherits to be moved."""

    def to(self, device: Any = None, dtype: Any = None, *, shard: Any = None) -> Self:
        """Move the whole tree to a device, a mesh of devices or a floating dtype; returns the module.

        In a run of several processes that share the mesh, all call it together, and process 0's values count.

        Args:
            device: a JAX device, `"cpu"`, `"cuda:0"`, a `jax.sharding.Sharding`, a `jax.sharding.Mesh`, on each of
                whose devices there is then a copy, or a dtype in its place.
            dtype: a floating dtype; integer buffers keep theirs, as in PyTorch.
            shard: which parameters are cut over a mesh, and how: pattern -> `PartitionSpec`, or the name of an axis, in the
                patterns of `nx.penalize`, as `{"*.weight": PartitionSpec("data")}`. Buffers stay whole.

        Raises:
            InputError: for patterns that match nothing, and dimensions that the devices do not divide.
        """
        if device is not None and not _is_place(device):
            device, dtype = None, device
        if dtype is not None:
            dtype = _floating(dtype)
        if shard is not None and not isinstance(device, jax.sharding.Mesh):
            raise InputError(
                "shard: over which devices? Give a mesh: net.to(mesh, shard={'*.weight': 'data'})"
            )
        cells = [*self.parameters(), *self.buffers()]
        places = self._places(device, shard)
        ready = [cell for cell in cells if not cell.uninitialized]
        values = [_in_dtype(cell.value, dtype) for cell in ready]
        for cell, value in zip(ready, _of_main(values, [places(cell) for cell in ready])):
            cell.value = value
        for cell in cells:
            if cell.uninitialized:
                cell.convert(places(cell), dtype)
        return self

    def _places(self, device: Any, shard: Any) -> Callable[[Cell], Any]:
        """Where each cell belongs; None: where it is."""
        if isinstance(device, str):
            device = find_device(device)
        if isinstance(device, jax.sharding.NamedSharding):
            device = jax.sharding.NamedSharding(as_mesh(device.mesh), device.spec)
        if not isinstance(device, jax.sharding.Mesh):
            return lambda cell: device
        mesh = as_mesh(device)
        whole = everywhere(mesh)
        cut: dict[Any, Any] = {**shardings(cast("Module", self), mesh, shard)}
        return lambda cell: cut.get(cell, whole)

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
    return isinstance(where, (jax.Device, jax.sharding.Sharding, jax.sharding.Mesh))


def _in_dtype(value: jax.Array, dtype: Any) -> jax.Array:
    convert = dtype is not None and jnp.issubdtype(value.dtype, jnp.floating)
    return value.astype(dtype) if convert else value


def _of_main(values: list[jax.Array], places: list[Any]) -> list[jax.Array]:
    """The values where they belong: of several processes, process 0's."""
    foreign = [
        i
        for i, (v, p) in enumerate(zip(values, places))
        if isinstance(p, jax.sharding.Sharding) and not p.is_fully_addressable and v.is_fully_addressable
    ]
    if foreign:
        main = multihost_utils.broadcast_one_to_all([np.asarray(values[i]) for i in foreign])
        values = [*values]
        for i, value in zip(foreign, main):
            values[i] = value
    return [
        v if p is None else placed(v, p) if isinstance(p, jax.sharding.Sharding) else jax.device_put(v, p)
        for v, p in zip(values, places)
    ]


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
