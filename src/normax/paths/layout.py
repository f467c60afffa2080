"""Where lanes run: on which devices, how many at once, and one after another or all together."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, PartitionSpec

from normax.nn.module import Module
from normax.paths.workers import cores

__all__ = ["LANES_AT_ONCE", "at_once", "convolves", "devices_of", "over_devices", "quicker"]

LANES_AT_ONCE = 64
"""Lanes in one vmap on a CPU: beyond some ten they only cost memory."""

ACCELERATED_LANES = 1024
"""Lanes in one vmap on an accelerator, which many lanes fill better; memory sets the bound before."""

COPIES = 6
"""Times that the state of a lane is in memory at once: before and after a step, gradients, the prox's response."""

SHARE = 0.25
"""Share of a device's memory that the states of a chunk of lanes may take; activations need the rest."""

CPU_BYTES = 4 << 30
"""Memory counted on where the device does not tell: CPUs."""


def devices_of(net: Module) -> tuple[list[Any], Any]:
    """All devices of the backend and None; where a network was put on one by hand, that one twice."""
    placed = {d for cell in net.parameters() if cell.value.committed for d in cell.value.devices()}
    if not placed:
        return jax.local_devices(), None
    first = min(placed, key=lambda d: d.id)
    return [first], first


def at_once(bytes_of_lane: int, devices: list[Any]) -> tuple[int, int]:
    """How many chunks of lanes are trained side by side, and the most lanes of each.

    One chunk a core of a lone CPU, as far as memory goes; accelerators and meshes take one chunk at a time.
    """
    cpu = devices[0].platform == "cpu"
    known = (devices[0].memory_stats() or {}).get("bytes_limit") if not cpu else None
    fit = max(1, int(SHARE * (known or CPU_BYTES)) // max(COPIES * bytes_of_lane, 1))
    workers = min(cores(), fit) if cpu and len(devices) == 1 else 1
    return workers, min(LANES_AT_ONCE if cpu else ACCELERATED_LANES, fit // workers) * len(devices)


def convolves(net: Module) -> bool:
    """Whether some module of the tree convolves."""
    return any("Conv" in type(module).__name__ for module in net.modules())


def over_devices(function: Callable[..., Any], devices: list[Any]) -> Any:
    """`function` of (carry, lanes, shared, constants) with the leading axis of the first two, and of its results, cut
    over devices.

    Each device runs its own lanes and hears nothing of the others.
    """
    if len(devices) == 1:
        return function
    mesh = Mesh(np.array(devices), ("lanes",), axis_types=(AxisType.Auto,))
    lanes, everywhere = PartitionSpec("lanes"), PartitionSpec()
    specs = lanes, lanes, everywhere, everywhere
    return jax.shard_map(function, mesh=mesh, in_specs=specs, out_specs=lanes, check_vma=False)


def quicker(ways: dict[str, Callable[[], Any]]) -> str:
    """The name of the call that takes least time, compilation apart: the better of two rounds each."""
    spent = dict.fromkeys(ways, np.inf)
    for call in ways.values():
        jax.block_until_ready(call())
    for _ in range(2):
        for name, call in ways.items():
            began = time.perf_counter()
            jax.block_until_ready(call())
            spent[name] = min(spent[name], time.perf_counter() - began)
    return min(spent, key=spent.__getitem__)
