"""The state of a module as a dict of arrays under PyTorch's keys: taken out and put back."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError, suggest
from normax.nn.backend import check_process
from normax.nn.cells import Cell, as_array, copied
from normax.nn.sharding import gathered, placed
from normax.nn.tree import Tree, join

if TYPE_CHECKING:
    from normax.nn.module import Module

__all__ = ["LoadResult", "State", "StateError"]


class StateError(InputError, RuntimeError):
    """A state dict that does not fit: an `InputError`, and PyTorch's kind of error."""


class _Loading(dict):
    """The state dict that is being loaded: what goes into which cell once nothing is amiss, as it is or converted, and
    the prefixes whose keys were looked at."""

    def __init__(self, state: Mapping[str, Any], assign: bool, paths: set[str]):
        super().__init__(state)
        self.paths = paths
        self.assign = assign
        self.fills: list[tuple[Cell, Any]] = []
        self.seen: set[str] = set()

    def unknown(self, known: Container[str]) -> list[str]:
        """Keys of no cell; those of a module that looks after its keys by itself are its own affair."""
        return [name for name in self if name not in known and self._owner(name) in self.seen]

    def _owner(self, name: str) -> str:
        while name and name not in self.paths:
            name = name.rpartition(".")[0]
        return join(name, "")


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

        Of what several processes hold a part each, every process gets the whole: all call it together.

        Args:
            prefix: stands before every key as it is; with PyTorch it ends in a dot.
            keep_vars: the cells themselves instead of copies of their arrays.
        """
        check_process()
        state: dict[str, Any] = {}
        for path, module in self.named_modules(remove_duplicate=False):
            module._save_to_state_dict(state, prefix + join(path, ""), keep_vars)
            if type(module).get_extra_state is not State.get_extra_state:
                state[prefix + join(path, "_extra_state")] = module.get_extra_state()
        return state

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        """Add this module's own cells; an override may add, rename or leave out."""
        for name, cell in self._own_state():
            held = keep_vars or cell.uninitialized
            destination[prefix + name] = cell if held else copied(gathered(cell.value))

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Take this module's own cells from a copy of the state dict; an override may change its keys before.

        Nothing is written until every module has taken its part.
        """
        loading = state_dict if isinstance(state_dict, _Loading) else None
        if loading is not None:
            loading.seen.add(prefix)
        for name, cell in self._own_state():
            key = prefix + name
            if key not in state_dict:
                missing_keys.append(key)
                continue
            try:
                value = _cast(state_dict[key], cell, loading is not None and loading.assign)
            except InputError as error:
                error_msgs.append(f"{key}: {error}")
                continue
            if loading is None:
                cell._fill(value)
            else:
                loading.fills.append((cell, value))

    def load_state_dict(self, state_dict: Any, strict: bool = True, assign: bool = False) -> LoadResult:
        """Copy arrays (JAX, NumPy or PyTorch) into the cells by path; dtypes follow the cells.

        Args:
            state_dict: path -> array.
            strict: refuse missing and unexpected keys; misshapen ones are refused always.
            assign: take the arrays as they are, with their dtype and device; the cells, and so their ties,
                penalties and `requires_grad`, stay.

        Raises:
            StateError: an `InputError` and `RuntimeError`, with every fault at once; the module is then untouched.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"load_state_dict: expected a dict of arrays, got {type(state_dict).__name__}")
        odd = [repr(name) for name in state_dict if not isinstance(name, str)]
        if odd:
            raise StateError(f"load_state_dict: expected names as keys, got {', '.join(odd[:_SHOWN])}")
        modules = dict(self.named_modules(remove_duplicate=False))
        state, metadata = (
            _Loading(state_dict, assign, set(modules)),
            getattr(state_dict, "_metadata", None) or {},
        )
        extra = dict(self._named_extra())
        missing: list[str] = []
        unexpected: list[str] = []
        faults: list[str] = []
        for path, module in modules.items():
            module._load_from_state_dict(
                state, join(path, ""), metadata.get(path, {}), strict, missing, unexpected, faults
            )
        missing += [name for name in extra if name not in state]
        unexpected += state.unknown({*extra, *(name for name, _ in self._named_state())})
        if strict:
            faults = [
                *_hinted("missing", missing, unexpected),
                *_hinted("unexpected", unexpected, missing),
                *faults,
            ]
        if faults:
            raise StateError(f"state dict does not fit {type(self).__name__}:\n  " + "\n  ".join(faults))
        for cell, value in state.fills:
            cell._fill(value)
        for name, module in extra.items():
            if name in state:
                module.set_extra_state(state[name])
        return LoadResult(missing, unexpected)


_SHOWN = 50  # faults of a kind: looking for the names that were meant takes longer than anyone reads


def _hinted(kind: str, names: list[str], others: list[str]) -> list[str]:
    lines = [f"{kind}: {name}{suggest(name, others[: 4 * _SHOWN])}" for name in names[:_SHOWN]]
    more = len(names) - _SHOWN
    return [*lines, f"{kind}: {more} more"] if more > 0 else lines


def _cast(data: Any, cell: Cell, assign: bool) -> Any:
    """A copy of `data` in the cell's shape and dtype, where the cell lies, or an InputError."""
    if isinstance(data, Cell) and data.uninitialized:
        if not cell.uninitialized:
            raise InputError(f"expected shape {tuple(cell.shape)}, got a parameter without one")
        return data
    try:
        shape = tuple(data.shape)  # before anything is read: an expanded tensor may be of any size
    except (AttributeError, RuntimeError):
        shape = None
    if shape is not None and not cell.uninitialized and shape != tuple(cell.shape):
        raise InputError(f"expected shape {tuple(cell.shape)}, got {shape}")
    try:
        value = as_array(data)
    except TypeError as error:
        raise InputError(f"expected an array, got {type(data).__name__}") from error
    if not cell.uninitialized and value.shape != cell.shape:
        raise InputError(f"expected shape {tuple(cell.shape)}, got {tuple(value.shape)}")
    if assign or cell.uninitialized:
        return value
    if jnp.iscomplexobj(value) and not jnp.issubdtype(cell.dtype, jnp.complexfloating):
        raise InputError(f"expected real numbers, got {value.dtype}")
    if isinstance(data, np.ndarray):
        value = jax.device_put(np.array(data, dtype=cell.dtype))
    else:
        value = jnp.array(value, dtype=cell.dtype, copy=True)
    return placed(value, cell.value.sharding) if cell.value.committed else value
