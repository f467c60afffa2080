"""How a fit lies on a mesh: batches cut by rows over one axis, the state as its parameters lie, all else whole on each device.

Constraints on the arrays of a step are all that is said; XLA derives the collectives, and the program means what it
means on one device: statistics of a batch are the whole batch's, a group that crosses devices is one group.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from normax import distributed
from normax.binding import bind
from normax.errors import InputError
from normax.nn.module import Module
from normax.nn.sharding import as_mesh, everywhere, mesh_of, placed, spans_processes

__all__ = ["Partition", "partition"]


def partition(net: Module, mesh: Any, shard: Any) -> Partition | None:
    """Put a network on a mesh, where one is given; how it lies there, or None on one device.

    Raises:
        InputError: for meshes and rules that cannot be, see `normax.nn.sharding`.
    """
    if mesh is not None:
        net.to(as_mesh(mesh), shard=shard)
    elif shard is not None:
        raise InputError("shard: over which devices? Give a mesh too: mesh={'data': -1} takes all there are")
    found = mesh_of(net)
    if found is None:
        return None
    binding = bind(net)
    lies = [cell.value.sharding for cell in binding.trainable]
    specs = [s.spec if isinstance(s, NamedSharding) else PartitionSpec() for s in lies]
    cuts = tuple(NamedSharding(found, spec) for spec in specs)
    return Partition(found, tuple(binding.parameter_names), cuts)


@dataclass(frozen=True)
class Partition:
    """A mesh, and how the trainable parameters lie on it; equal where both are.

    Attributes:
        mesh: the devices, in Auto axes.
        names, cuts: of the parameters in order, and their shardings.
        axis: over which batches are cut: "data", or the first where none is called that.
        ways: the number of parts of a batch.
        together: whether several processes compute together.
    """

    mesh: Mesh
    names: tuple[str, ...]
    cuts: tuple[NamedSharding, ...]

    @property
    def axis(self) -> str:
        return "data" if "data" in self.mesh.axis_names else self.mesh.axis_names[0]

    @property
    def ways(self) -> int:
        return self.mesh.shape[self.axis]

    @property
    def together(self) -> bool:
        return spans_processes(self.mesh)

    def rounded(self, rows: int) -> int:
        """The least multiple of the parts that holds so many rows."""
        return -(-rows // self.ways) * self.ways

    def check_batch(self, size: int, accumulate: int = 1) -> None:
        """Refuse batches that the devices do not divide."""
        if size % (self.ways * accumulate):
            parts = f" in {accumulate} parts" if accumulate > 1 else ""
            unit = self.ways * accumulate
            raise InputError(
                f"batch_size: {self.ways} devices along {self.axis!r} do not divide a batch of {size} rows{parts}; take "
                f"a multiple of {unit}, such as {max(unit, round(size / unit) * unit)}"
            )

    # Outside compiled programs

    def whole(self, tree: Any) -> Any:
        """A copy of each array on each device; the same in all processes."""
        return jax.tree.map(lambda a: placed(a, everywhere(self.mesh)), tree)

    def check_same(self, tree: Any, what: str) -> None:
        """Refuse arrays that differ between processes: each has to be given all rows, in one order."""
        if not self.together:
            return
        seals = [
            f"{a.shape} {a.dtype} {zlib.crc32(np.ascontiguousarray(a).tobytes()):08x}"
            for a in map(np.asarray, jax.tree.leaves(tree))
        ]
        found = distributed.gather(seals, what)
        odd = [i for i, other in enumerate(found) if other != found[0]]
        if odd:
            raise InputError(
                f"{what}: process {odd[0]} was given other arrays than process 0 ({', '.join(found[odd[0]])} and "
                f"{', '.join(found[0])}); arrays are the same in all, a loader's batches are each process's own part"
            )

    def own(self, size: int) -> np.ndarray:
        """The places in a batch of so many rows that lie on this process's devices, in order."""
        parts = self._rows.addressable_devices_indices_map((size,)).values()
        return np.unique(np.concatenate([np.arange(size)[part] for part in parts]))

    @property
    def shares(self) -> int:
        """How many processes bring a part each of every batch."""
        return self.ways // len(self.own(self.ways))

    def stacked(self, tree: Any) -> Any:
        """Arrays `(steps, rows of this process, ...)` as those of whole batches, cut by rows."""
        cut = NamedSharding(self.mesh, PartitionSpec(None, self.axis))

        def put(a):
            shape = len(a), a.shape[1] * self.shares, *a.shape[2:]
            return jax.make_array_from_process_local_data(cut, a, shape)

        return jax.tree.map(put, tree)

    def batch(self, batch: tuple) -> tuple:
        """The arrays of a batch, of this process's rows, as those of the whole batch, cut by rows; what has no rows, or
        another number of them, is the same in all processes and stays whole."""
        leaves, tree = jax.tree.flatten(batch)
        rows = next((len(leaf) for leaf in leaves if np.ndim(leaf)), 0)
        if rows * self.shares % self.ways:
            raise InputError(
                f"train_step: {self.ways} devices along {self.axis!r} do not divide a batch of {rows * self.shares} rows; "
                f"take a multiple of {self.ways}"
            )

        def put(leaf):
            if isinstance(leaf, jax.Array) and not leaf.is_fully_addressable:
                return leaf
            if np.ndim(leaf) == 0 or len(leaf) != rows:
                return leaf if np.ndim(leaf) == 0 else placed(leaf, everywhere(self.mesh))
            if self.together:
                shape = rows * self.shares, *np.shape(leaf)[1:]
                return jax.make_array_from_process_local_data(self._rows, np.asarray(leaf), shape)
            return jax.device_put(leaf, self._rows)

        return jax.tree.unflatten(tree, [put(leaf) for leaf in leaves])

    @property
    def _rows(self) -> NamedSharding:
        return NamedSharding(self.mesh, PartitionSpec(self.axis))

    # Inside them

    def rows(self, tree: Any, dim: int = 0) -> Any:
        """Arrays of a batch, cut along a dimension."""
        cut = NamedSharding(self.mesh, PartitionSpec(*[None] * dim, self.axis))
        return jax.tree.map(lambda a: jax.lax.with_sharding_constraint(a, cut), tree)

    def weights(self, weights: Sequence[Any]) -> list[Any]:
        """The parameters where they belong."""
        return [jax.lax.with_sharding_constraint(w, cut) for w, cut in zip(weights, self.cuts)]

    def update(self, update: Any, weights: Sequence[Any]) -> Any:
        """The optimiser's state: what is of a parameter's name and shape lies as that parameter."""
        lies = {name: (w.shape, cut) for name, w, cut in zip(self.names, weights, self.cuts)}

        def pinned(path, leaf):
            name = next((k for k in (getattr(p, "key", None) for p in reversed(path)) if k in lies), None)
            fits = name is not None and leaf.shape == lies[name][0]
            return jax.lax.with_sharding_constraint(leaf, lies[name][1] if fits else everywhere(self.mesh))

        return jax.tree_util.tree_map_with_path(pinned, update)

    def state(self, state: Any) -> Any:
        """A `TrainState` where it belongs; buffers are whole."""
        return state._replace(
            weights=self.weights(state.weights),
            update=self.update(state.update, state.weights),
            buffers=[jax.lax.with_sharding_constraint(b, everywhere(self.mesh)) for b in state.buffers],
            average=None if state.average is None else self.weights(state.average),
        )
