"""`torch.nn.Module`: normax's Module, whose `forward` sees tensors."""

from __future__ import annotations

from typing import Any, Self

from normax import nn
from normax.nn.cells import Cell
from normax.torch.devices import device as Device
from normax.torch.dtypes import DTYPES, dtype, native
from normax.torch.nn.border import called
from normax.torch.nn.parameter import adopt
from normax.torch.tensor import Methods, become_view

__all__ = ["Module"]


class Module(nn.Module):
    """Base of networks written for PyTorch: a `normax.nn.Module` whose `forward` receives and returns tensors.

    Called on arrays it returns arrays, called on tensors it returns tensors. Its parameters and buffers are tensors.

    Example:
        >>> import numpy as np
        >>> from normax import torch
        >>> class Flat(torch.nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.fc = torch.nn.Linear(6, 2)
        ...     def forward(self, x):
        ...         return self.fc(x.view(x.size(0), -1))
        >>> Flat()(torch.zeros(4, 2, 3)).size(), type(Flat()(np.zeros((4, 2, 3), "float32"))).__module__
        (torch.Size([4, 2]), 'jaxlib._jax')

    Source:
        torch.nn.Module.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return called(super().__call__, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        return adopt(super().__getattr__(name))

    def __setattr__(self, name: str, value: Any) -> None:
        if not (isinstance(value, Cell) and self._holds(name, value)):  # `self.count += 1` has written to it
            super().__setattr__(name, value)

    def _holds(self, name: str, cell: Cell) -> bool:
        """Whether a cell stands under this name already."""
        own = self.__dict__
        return "_modules" in own and (
            own["_buffers"].get(name) is cell or own["_parameters"].get(name) is cell
        )

    def register_parameter(self, name: str, param: Any) -> None:
        super().register_parameter(name, adopt(param))

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        super().register_buffer(name, tensor, persistent)
        buffer = adopt(self._buffers.get(name))  # a compiled call fills an empty place for its length alone
        if buffer is not None:
            become_view(tensor, buffer)

    def register_module(self, name: str, module: Any) -> None:
        super().register_module(name, module)
        for cell in _cells(module):
            adopt(cell)

    add_module = register_module

    def to(self, *args: Any, device: Any = None, dtype: Any = None, **ignored: Any) -> Self:
        """Move to a device, to a floating dtype, or to those of a tensor."""
        for value in args:
            if isinstance(value, Methods):
                dtype = value.dtype
            elif _is_dtype(value):
                dtype = value
            elif not isinstance(value, bool) and value is not None:
                device = value
        if isinstance(device, (Device, int)):
            device = str(Device(device))
        return super().to(device, native(dtype))

    def double(self) -> Self:
        return self.to(DTYPES["float64"])

    def type(self, dst_type: Any) -> Self:
        """In another floating dtype."""
        return self.to(dtype=dst_type)

    def cuda(self, device: Any = None) -> Self:
        return self.to("cuda" if device is None else device)


def _is_dtype(value: Any) -> bool:
    try:
        return isinstance(value, dtype) or (not isinstance(value, (str, int)) and native(value) is not None)
    except ValueError:
        return False


def _cells(module: Any) -> list[Cell]:
    return [] if module is None else [*module.parameters(), *module.buffers()]
