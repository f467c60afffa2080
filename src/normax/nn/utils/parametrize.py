"""Parametrizations: a parameter computed from others by modules, at every reading."""

from __future__ import annotations

from functools import partial
from typing import Any

from normax.errors import InputError
from normax.nn.cells import Cell, Parameter
from normax.nn.layers.containers import ModuleDict, ModuleList
from normax.nn.module import Module

__all__ = [
    "ParametrizationList",
    "computed_value",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
]


class ParametrizationList(ModuleList):
    """The modules through which one parameter is computed, and what it is computed from.

    Their `right_inverse`, where they have one, says what the original has to be for the value at hand; a
    tuple becomes `original0`, `original1`, ...
    """

    def __init__(self, parametrization: Module, original: Cell):
        super().__init__([parametrization])
        first = _inverse(parametrization, original.value)
        self.count = len(first) if isinstance(first, tuple) else 0
        if not self.count:
            original.value = first
            self.original = original
            return
        for i, array in enumerate(first):
            setattr(self, f"original{i}", type(original)(array))
            if isinstance(original, Parameter):
                cell = self._parameters[f"original{i}"]
                cell.requires_grad, cell.role = original.requires_grad, original.role  # type: ignore[union-attr]

    def originals(self) -> list[Cell]:
        """The cells that training moves."""
        names = [f"original{i}" for i in range(self.count)] if self.count else ["original"]
        return [getattr(self, name) for name in names]

    def forward(self) -> Any:
        modules = iter(self)
        value = next(modules)(*(cell.value for cell in self.originals()))
        for module in modules:
            value = module(value)
        return value


def _inverse(module: Module, value: Any) -> Any:
    return module.right_inverse(value) if hasattr(type(module), "right_inverse") else value


def computed_value(module: Module, name: str) -> Any:
    return module.parametrizations[name]()


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, unsafe: bool = False
) -> Module:
    """Compute a parameter or buffer by a module from now on; a second one is applied after the first.

    State-dict keys are PyTorch's: `parametrizations.weight.original`. The value is computed at each reading,
    in eager and compiled calls alike.

    Args:
        module: the layer.
        tensor_name: the name of its parameter or buffer.
        parametrization: a module of one array; `right_inverse` finds the original of a value.
        unsafe: do not check that shape and dtype stay.

    Returns:
        The layer.

    Example:
        >>> from normax import nn
        >>> class Positive(nn.Module):
        ...     def forward(self, w):
        ...         return abs(w)
        >>> layer = register_parametrization(nn.Linear(3, 2), "weight", Positive())
        >>> bool((layer.weight >= 0).all()), list(layer.state_dict())
        (True, ['bias', 'parametrizations.weight.original'])
    """
    if is_parametrized(module, tensor_name):
        chain = module.parametrizations[tensor_name]
        value = chain()
        _check_kept(tensor_name, value, parametrization(value), unsafe)
        chain.append(parametrization.train(module.training))
        return module
    table = module._parameters if module._parameters.get(tensor_name) is not None else module._buffers
    cell = table.get(tensor_name)
    if cell is None:
        raise InputError(f"{type(module).__name__} has no parameter or buffer {tensor_name!r}")
    before = cell.value
    chain = ParametrizationList(parametrization, cell).train(module.training)
    after = chain()
    try:
        _check_kept(tensor_name, before, after, unsafe)
    except InputError:
        cell.value = before
        raise
    delattr(module, tensor_name)
    if "parametrizations" not in module._modules:
        module.parametrizations = ModuleDict()
    module.parametrizations[tensor_name] = chain
    module._compute(tensor_name, partial(computed_value, name=tensor_name))
    return module


def _check_kept(name: str, before: Any, after: Any, unsafe: bool) -> None:
    """Refuse a parametrization that changes shape or dtype, unless that is meant."""
    if not unsafe and (after.shape, after.dtype) != (before.shape, before.dtype):
        raise InputError(
            f"{name}: expected the parametrization to keep {before.dtype}{before.shape}, got "
            f"{after.dtype}{after.shape}; pass unsafe=True if that is meant"
        )


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a module has parametrizations, at all or of one name."""
    chains = module._modules.get("parametrizations")
    return isinstance(chains, ModuleDict) and (tensor_name is None or tensor_name in chains)


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make the value at hand an ordinary parameter again; returns the layer.

    Args:
        module: the layer.
        tensor_name: the name.
        leave_parametrized: keep the computed value; False goes back to the single original.
    """
    if not is_parametrized(module, tensor_name):
        raise InputError(f"{type(module).__name__} has no parametrization of {tensor_name!r}")
    chain = module.parametrizations[tensor_name]
    first = chain.originals()[0]
    if not leave_parametrized and chain.count:
        raise InputError(
            f"{tensor_name}: leave_parametrized=False needs a single original, got {chain.count}"
        )
    value = chain() if leave_parametrized else first.value
    module._compute(tensor_name, None)
    del module.parametrizations[tensor_name]
    if not len(module.parametrizations):
        del module.parametrizations
    cell = first if not chain.count else type(first)(value)
    if isinstance(first, Parameter):
        cell.requires_grad, cell.role = first.requires_grad, first.role
    cell.value = value
    setattr(module, tensor_name, cell)
    return module
