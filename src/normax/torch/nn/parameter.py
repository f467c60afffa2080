"""Parameters and buffers that user code sees as tensors: cells with PyTorch's methods."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from normax.nn import cells, lazy
from normax.torch.printing import shown
from normax.torch.tensor import Methods, become_view

__all__ = ["Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter", "adopt"]


class _InCell(Methods):
    """A tensor whose array lies in a cell, so that what writes to it trains, is saved and compiled with the network."""

    __slots__ = ()
    _notes: Any

    @property
    def _array(self) -> Any:
        return self.value

    @_array.setter
    def _array(self, values: Any) -> None:
        self.value = values

    def __setattr__(self, name: str, value: Any) -> None:
        try:
            object.__setattr__(self, name, value)
        except AttributeError:
            if isinstance(getattr(type(self), name, None), property):
                raise
            if self._notes is None:
                self._notes = {}
            self._notes[name] = value

    def __getattr__(self, name: str) -> Any:
        if name in ("_view", "_notes"):
            return None
        if self._notes and name in self._notes:
            return self._notes[name]
        if name in ("_lender", "_value"):
            return cells.Cell.__getattr__(self, name)  # type: ignore[arg-type]
        return super().__getattr__(name)


class Parameter(_InCell, cells.Parameter):
    """A tensor that training moves, PyTorch's `nn.Parameter`.

    Args:
        data: the initial value; a tensor given here looks at the parameter from then on, as in PyTorch.
        requires_grad: False freezes it.
        role: `"weight"`, `"bias"` or `"norm"`, which penalties put on a whole network go by; by its name unless said.

    Example:
        >>> from normax import torch
        >>> w = torch.nn.Parameter(torch.zeros(2, 2))
        >>> w.data.fill_(3), w.sum().item(), isinstance(w, torch.Tensor)
        (tensor([[3., 3.],
                [3., 3.]]), 12.0, True)
    """

    __slots__ = ()

    def __init__(self, data: Any = None, requires_grad: bool = True, role: str | None = None):
        super().__init__(jnp.zeros(0) if data is None else data, requires_grad, role)
        become_view(data, self)

    def __reduce__(self) -> tuple:
        return (
            Parameter,
            (np.asarray(self.value), self._requires_grad, self.role),
            (
                None,
                {"_penalty": self._penalty, "_notes": self._notes},
            ),
        )

    def __deepcopy__(self, memo: dict) -> Parameter:
        copy = memo[id(self)] = Parameter(jnp.array(self.value, copy=True), self._requires_grad, self.role)
        copy._penalty, copy._notes = self._penalty, None if self._notes is None else dict(self._notes)
        return copy

    def __repr__(self) -> str:
        return f"Parameter containing:\n{shown(self)[:-1]}{', requires_grad=True' * self._requires_grad})"


class Buffer(_InCell, cells.Buffer):
    """A tensor that is state but not trained, PyTorch's `nn.Buffer`.

    Args:
        data: the initial value.
        persistent: whether `state_dict` carries it.
    """

    __slots__ = ()
    requires_grad = False

    def __init__(self, data: Any, persistent: bool = True):
        super().__init__(data, persistent)
        become_view(data, self)

    def __reduce__(self) -> tuple:
        return Buffer, (np.asarray(self.value), self.persistent)

    def __deepcopy__(self, memo: dict) -> Buffer:
        copy = memo[id(self)] = Buffer(jnp.array(self.value, copy=True), self.persistent)
        return copy

    def __repr__(self) -> str:
        return shown(self)


class Computed(_InCell, cells.Computed):
    """What reading a parametrized name gives; what is written to it is gone at the next reading, as in PyTorch."""

    __slots__ = ()
    requires_grad = True

    @property
    def value(self) -> Any:
        return self._value

    @value.setter
    def value(self, values: Any) -> None:
        self._value = values

    def __repr__(self) -> str:
        return shown(self)


class UninitializedParameter(lazy.UninitializedParameter):
    """A parameter whose shape the first call tells."""

    __slots__ = ()
    filled = Parameter


class UninitializedBuffer(lazy.UninitializedBuffer):
    """A buffer whose shape the first call tells."""

    __slots__ = ()
    filled = Buffer


_TENSORS: dict[type, type] = {
    cells.Parameter: Parameter,
    cells.Buffer: Buffer,
    cells.Computed: Computed,
    lazy.UninitializedParameter: UninitializedParameter,
    lazy.UninitializedBuffer: UninitializedBuffer,
}


def adopt(cell: Any) -> Any:
    """The same cell as a tensor, for all who hold it; anything else as it is."""
    kind = _TENSORS.get(type(cell))
    if kind is not None:
        cell.__class__ = kind
    return cell


for _kind, _plain in ((Parameter, cells.Parameter), (Buffer, cells.Buffer), (Computed, cells.Computed)):
    cells.register(_kind, _plain)
