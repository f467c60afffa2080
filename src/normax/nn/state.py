"""The state of a module as a dict of arrays under PyTorch's keys: taken out and put back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError, suggest
from normax.nn.cells import Cell, as_array
from normax.nn.tree import Tree, join

if TYPE_CHECKING:
    from normax.nn.module import Module

__all__ = ["LoadResult", "State"]


class LoadResult(NamedTuple):
    """What `load_state_dict(strict=False)` left aside."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class State(Tree):
    """What `Module` inherits to give and take its state."""

    def _own_state(self) -> Iterator[tuple[str, Cell]]:
        for name, cell in (*self._parameters.items(), *self._buffers.items()):
            if cell is not None and cell.persistent:
                yield name, cell

    def _named_state(self) -> Iterator[tuple[str, Cell]]:
        """Cells in state-dict order: module by module, parameters then persistent buffers, ties repeated."""
        for path, module in self.named_modules(remove_duplicate=False):
            for name, cell in module._own_state():
                yield join(path, name), cell

    def _named_extra(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """Modules with state of their own beside cells, under PyTorch's key."""
        for path, module in self.named_modules(prefix=prefix, remove_duplicate=False):
            if type(module).get_extra_state is not State.get_extra_state:
                yield join(path, "_extra_state"), module

    def get_extra_state(self) -> Any:
        """What `state_dict` carries beside cells, under `_extra_state`: override it with `set_extra_state`."""
        raise RuntimeError(f"{type(self).__name__} has no extra state: override get_extra_state")

    def set_extra_state(self, state: Any) -> None:
        """Take back what `get_extra_state` returned."""
        raise RuntimeError(f"{type(self).__name__} cannot load extra state: override set_extra_state")

    def state_dict(self, *, prefix: str = "", keep_vars: bool = False) -> dict[str, Any]:
        """Copies of all parameters and persistent buffers by path, with PyTorch's keys and in its order.

        Args:
            prefix: stands before every key as it is; with PyTorch it ends in a dot.
            keep_vars: the cells themselves instead of copies of their arrays.
        """
        state: dict[str, Any] = {}
        for path, module in self.named_modules(remove_duplicate=False):
            for name, cell in module._own_state():
                held = keep_vars or cell.uninitialized
                state[prefix + join(path, name)] = cell if held else jnp.array(cell.value, copy=True)
            if type(module).get_extra_state is not State.get_extra_state:
                state[prefix + join(path, "_extra_state")] = module.get_extra_state()
        return state

    def load_state_dict(self, state_dict: Any, strict: bool = True, assign: bool = False) -> LoadResult:
        """Copy arrays (JAX, NumPy or PyTorch) into the cells by path; dtypes follow the cells.

        Args:
            state_dict: path -> array.
            strict: refuse missing and unexpected keys; misshapen ones are refused always.
            assign: take the arrays as they are, with their dtype and device; the cells, and so their ties,
                penalties and `requires_grad`, stay.

        Raises:
            InputError: with every fault at once; the module is then untouched.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"load_state_dict: expected a dict of arrays, got {type(state_dict).__name__}")
        own = dict(self._named_state())
        extra = dict(self._named_extra())
        missing = [name for name in (*own, *extra) if name not in state_dict]
        unexpected = [name for name in state_dict if name not in own and name not in extra]
        faults, values = [], {}
        if strict:
            faults += [f"missing: {name}{suggest(name, unexpected)}" for name in missing]
            faults += [f"unexpected: {name}{suggest(name, missing)}" for name in unexpected]
        for name, cell in own.items():
            if name not in state_dict:
                continue
            try:
                values[name] = _cast(state_dict[name], cell, assign)
            except InputError as error:
                faults.append(f"{name}: {error}")
        if faults:
            raise InputError(f"state dict does not fit {type(self).__name__}:\n  " + "\n  ".join(faults))
        for name, value in values.items():
            own[name]._fill(value)
        for name, module in extra.items():
            if name in state_dict:
                module.set_extra_state(state_dict[name])
        return LoadResult(missing, unexpected)


def _cast(data: Any, cell: Cell, assign: bool) -> Any:
    """A copy of `data` in the cell's shape and dtype, where the cell lies, or an InputError."""
    if isinstance(data, Cell) and data.uninitialized:
        if not cell.uninitialized:
            raise InputError(f"expected shape {tuple(cell.shape)}, got a parameter without one")
        return data
    try:
        value = as_array(data)
    except TypeError as error:
        raise InputError(f"expected an array, got {type(data).__name__}") from error
    if not cell.uninitialized and value.shape != cell.shape:
        raise InputError(f"expected shape {tuple(cell.shape)}, got {tuple(value.shape)}")
    if assign or cell.uninitialized:
        return value
    if isinstance(data, np.ndarray):
        value = jax.device_put(np.array(data, dtype=cell.dtype))
    else:
        value = jnp.array(value, dtype=cell.dtype, copy=True)
    return jax.device_put(value, cell.value.sharding) if cell.value.committed else value
