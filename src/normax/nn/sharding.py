"""Meshes of devices: which there are, how a network's parameters lie on one, and arrays that are put there and fetched back.

XLA partitions what is computed from them by itself ("Auto" axes), so that a program on a mesh means what it means on one device
(Xu et al., "GSPMD: general and scalable parallelization for ML computation graphs", 2021).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from normax.errors import InputError, suggest
from normax.nn.cells import Parameter
from normax.nn.patterns import check_found, named

if TYPE_CHECKING:
    from normax.nn.module import Module

__all__ = ["as_mesh", "everywhere", "gathered", "mesh_of", "placed", "shardings", "spans_processes"]


def as_mesh(mesh: Any) -> Mesh:
    """The mesh that is meant, its axes Auto.

    Args:
        mesh: a `jax.sharding.Mesh`; a number of devices, on one axis "data"; or a dict from axis to how many, of which one may
            be -1, for all the devices that are left.

    Raises:
        InputError: if there are not so many devices, or they are of some processes of a run only.
    """
    if isinstance(mesh, Mesh):
        auto = (AxisType.Auto,) * len(mesh.axis_names)
        return _whole(Mesh(mesh.devices, mesh.axis_names, axis_types=auto), [1, jax.process_count()])
    axes = {"data": mesh} if isinstance(mesh, (int, np.integer)) and not isinstance(mesh, bool) else mesh
    if not isinstance(axes, Mapping) or not axes or not all(isinstance(name, str) for name in axes):
        raise InputError(
            f"mesh: expected a jax.sharding.Mesh, a number of devices, or axes such as {{'data': -1}}, got {mesh!r}"
        )
    sizes = list(axes.values())
    if sizes.count(-1) > 1 or any(not isinstance(n, (int, np.integer)) or n < 1 for n in sizes if n != -1):
        raise InputError(f"mesh: expected devices along each axis, one of them -1 for the rest, got {mesh!r}")
    devices = jax.devices()
    known = math.prod(n for n in sizes if n != -1)
    sizes = [len(devices) // known if n == -1 else n for n in sizes]
    count = math.prod(sizes)
    if not 1 <= count <= len(devices):
        raise InputError(
            f"mesh: {mesh!r} asks for {max(count, known)} devices, and there are {len(devices)} "
            f"({devices[0].platform}); on a CPU XLA_FLAGS=--xla_force_host_platform_device_count=N makes N of one"
        )
    grid = np.array(devices[:count]).reshape(sizes)
    return _whole(Mesh(grid, tuple(axes), axis_types=(AxisType.Auto,) * len(sizes)), [jax.process_count()])


def _whole(mesh: Mesh, counts: list[int]) -> Mesh:
    """The mesh, if it has devices of this process, and of so many processes."""
    there = {d.process_index for d in mesh.devices.flat}
    if jax.process_index() not in there or len(there) not in counts:
        raise InputError(
            f"mesh: its devices are of the processes {', '.join(map(str, sorted(there)))} of {jax.process_count()}; take "
            "some of each process, mesh={'data': -1}, or a jax.sharding.Mesh of jax.local_devices() alone"
        )
    return mesh


def spans_processes(mesh: Mesh) -> bool:
    """Whether several processes compute together on it."""
    return len({d.process_index for d in mesh.devices.flat}) > 1


def everywhere(mesh: Mesh) -> NamedSharding:
    """A copy on each device."""
    return NamedSharding(mesh, PartitionSpec())


def shardings(net: Module, mesh: Mesh, shard: Any = None) -> dict[Parameter, NamedSharding]:
    """How each parameter lies on a mesh: whole on each device but where a rule says otherwise.

    Args:
        net: the module.
        mesh: of devices.
        shard: pattern -> rule, a later entry overriding an earlier one; or one rule for every weight. A rule is a
            `PartitionSpec`, a tuple of its entries, or the name of an axis: of the parameter's dimensions which the axis
            divides the largest is cut, and one that it does not divide stays whole.

    Raises:
        InputError: for patterns that match nothing, axes that there are not, and dimensions that an axis does not divide,
            all of a kind at once.
    """
    parameters = list(net.named_parameters(remove_duplicate=False))
    names = {cell: name for name, cell in reversed(parameters)}
    if blank := [name for name, cell in parameters if cell.uninitialized]:
        raise InputError(
            f"mesh: {', '.join(blank)}: without a shape so far; call the network once, then move it"
        )
    rules = shard if isinstance(shard, Mapping) else {} if shard is None else {"*": shard}
    chosen = dict.fromkeys(names, PartitionSpec())
    lost, faults = [], []
    for pattern, rule in rules.items():
        hits = named(parameters, pattern)
        if not hits:
            lost.append(pattern)
        for cell in hits:
            chosen[cell] = _spec(pattern, rule, mesh, tuple(cell.shape))
    check_found(net, parameters, lost)
    for cell, spec in chosen.items():
        if fault := _misfit(tuple(cell.shape), spec, mesh):
            faults.append(f"{names[cell]}: {fault}")
    if faults:
        raise InputError(
            f"shard: {'; '.join(faults)}; name the axis alone ('data') to cut where it divides, or give such a parameter "
            "PartitionSpec() in a later entry"
        )
    return {cell: NamedSharding(mesh, spec) for cell, spec in chosen.items()}


def _spec(pattern: str, rule: Any, mesh: Mesh, shape: tuple[int, ...]) -> PartitionSpec:
    if not isinstance(rule, (str, tuple, PartitionSpec)):
        raise InputError(
            f"shard: {pattern!r}: expected a PartitionSpec, or the name of an axis of the mesh, got {rule!r}"
        )
    axes = {rule} if isinstance(rule, str) else {a for e in rule for a in _axes(e)}
    if unknown := sorted(a for a in axes if a not in mesh.axis_names):
        hint = suggest(unknown[0], mesh.axis_names)
        raise InputError(
            f"shard: {pattern!r}: the mesh has no axis {unknown[0]!r}{hint} (axes: {', '.join(mesh.axis_names)})"
        )
    if not isinstance(rule, str):
        return PartitionSpec(*rule)
    fits = [d for d, size in enumerate(shape) if size % mesh.shape[rule] == 0 and size]
    if not fits:
        return PartitionSpec()
    largest = max(fits, key=lambda d: shape[d])
    return PartitionSpec(*(rule if d == largest else None for d in range(largest + 1)))


def _axes(entry: Any) -> tuple:
    return () if entry is None else entry if isinstance(entry, tuple) else (entry,)


def _misfit(shape: tuple[int, ...], spec: PartitionSpec, mesh: Mesh) -> str | None:
    """Why a parameter cannot be cut so, or None."""
    if len(spec) > len(shape):
        return f"{spec} has more entries than the shape {shape}"
    for size, entry in zip(shape, spec):
        ways = math.prod(mesh.shape[axis] for axis in _axes(entry))
        if size % ways:
            return f"{ways} devices do not divide {size} of the shape {shape}"
    return None


def mesh_of(net: Module) -> Mesh | None:
    """The mesh that a network lies on, or None where it is on one device."""
    for cell in net.parameters():
        if not cell.uninitialized and isinstance(sharding := cell.value.sharding, NamedSharding):
            return as_mesh(sharding.mesh)
    return None


def placed(value: Any, sharding: Any) -> jax.Array:
    """An array, the same in all processes, put where it belongs: each process hands over its devices' parts."""
    if sharding.is_fully_addressable or (isinstance(value, jax.Array) and not value.is_fully_addressable):
        return jax.device_put(value, sharding)
    held = np.asarray(value)
    return jax.make_array_from_callback(held.shape, sharding, lambda part: held[part])


def gathered(value: jax.Array) -> jax.Array:
    """An array that this process can read: what lies on other processes too is fetched, which all have to ask for together."""
    if not isinstance(value, jax.Array) or value.is_fully_addressable or value.is_fully_replicated:
        return value
    return jax.device_put(value, everywhere(cast(Any, value.sharding).mesh))
