"""`torch.nn.init`: initial values written into parameters, buffers and tensors alike, with the old names too."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from normax.nn import init
from normax.nn.cells import Buffer, Cell
from normax.nn.init import _calculate_correct_fan, _calculate_fan_in_and_fan_out
from normax.torch.tensor import raw

__all__ = ["_calculate_correct_fan", "_calculate_fan_in_and_fan_out", *init.__all__]


def _filling(fill: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(fill)
    def call(tensor: Any, *args: Any, generator: Any = None, **kwargs: Any) -> Any:
        if generator is not None:
            kwargs["key"] = generator.key()
        cell = Buffer(raw(tensor))
        fill(cell, *args, **kwargs)
        if isinstance(tensor, Cell):
            tensor.value = cell.value
            return tensor
        return tensor._assign(cell.value)

    return call


for _name in init.__all__:
    globals()[_name] = getattr(init, _name)
    if _name.endswith("_"):
        globals()[_name] = globals()[_name[:-1]] = _filling(getattr(init, _name))
        __all__.append(_name[:-1])
