"""Where lanes run: on which devices, how many at once, and one after another or all together."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, PartitionSpec

from normax.nn.module import Module

__all__ = ["LANES_AT_ONCE", "at_once", "convolves", "devices_of", "over_devices", "quicker"]

LANES_AT_ONCE = 64
"""Lanes in one vmap on a CPU: more no longer fit the cache of a core, and 50 beat 250 and 10."""

ACCELERATED_LANES = 1024
"""Lanes in one vmap on an accelerator, which many lanes fill better; memory sets the bound before."""

COPIES = 6
"""Times that the state of a lane is in memory at once: before and after a step, gradients, the prox's response."""

SHARE = 0.25
"""Share of a device's memory that the states of a chunk of lanes may take; activations need the rest."""

CPU_BYTES = 4 << 30
"""Memory counted on where the device does not tell: CPUs."""


def devices_of(net: Module) -> list[Any]:
    """All devices of the backend; the one that a network was put on by hand, if it was."""
    placed = {d for cell in net.parameters() if cell.value.committed for d in cell.value.devices()}
    return sorted(placed, key=lambda d: d.id)[:1] if placed else jax.local_devices()


def at_once(bytes_of_lane: int, devices: list[Any]) -> int:
    """How many lanes are trained together: bounded by cache or habit, and by the bytes of their states."""
    cpu = devices[0].platform == "cpu"
    known = (devices[0].memory_stats() or {}).get("bytes_limit") if not cpu else None
    fit = int(SHARE * (known or CPU_BYTES)) // max(COPIES * bytes_of_lane, 1)
    return max(1, min(LANES_AT_ONCE if cpu else ACCELERATED_LANES, fit)) * len(devices)


def convolves(net: Module) -> bool:
    """Whether some module of the tree convolves."""
    return any("Conv" in type(module).__name__ for module in net.modules())


def over_devices(function: Callable[..., Any], devices: list[Any], by_lane: tuple[bool, ...]) -> Any:
    """`function` with the leading axis of its results, and of the arguments that `by_lane` marks, cut over devices.

    Each device runs its own lanes and hears nothing of the others.
    """
    if len(devices) == 1:
        return function
    mesh = Mesh(np.array(devices), ("lanes",), axis_types=(AxisType.Auto,))
    lanes, everywhere = PartitionSpec("lanes"), PartitionSpec()
    specs = tuple(lanes if cut else everywhere for cut in by_lane)
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
