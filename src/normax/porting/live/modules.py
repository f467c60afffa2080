"""A live torch module copied into a normax module of the same class, cell by cell."""

from __future__ import annotations

from functools import partial
from typing import Any

from normax.errors import InputError
from normax.nn.layers.parameters import ParameterDict, ParameterList
from normax.nn.layers.recurrent import RNNCellBase
from normax.nn.module import Module
from normax.nn.utils.parametrize import ParametrizationList, computed_value
from normax.nn.utils.reparametrize import normalised_weight, spectral_weight
from normax.porting.live.counterparts import NoCounterpart, is_torchs
from normax.porting.live.values import Copier

__all__ = ["convert", "is_torch_module"]


def is_torch_module(value: Any) -> bool:
    """Whether a value is an instance of torch's `nn.Module`, without importing torch."""
    return any(
        (kind.__module__, kind.__qualname__) == ("torch.nn.modules.module", "Module")
        for kind in type(value).__mro__
    )


def _refuse_hooks(net: Any, path: str, copier: Copier) -> None:
    """Note every hook, which would be lost."""
    for table, hooks in vars(net).items():
        if not (table.endswith("_hooks") and isinstance(hooks, dict)):
            continue
        for hook in hooks.values():
            name = getattr(hook, "__qualname__", type(hook).__qualname__)
            if not is_torchs(hook if hasattr(hook, "__qualname__") else type(hook)):
                kind = table.strip("_").removesuffix("s").replace("_", " ")
                copier.faults.append(
                    f"{path}: {kind} {name}; remove it from the torch module, `handle.remove()`, and register it anew on "
                    "the normax module"
                )


def _copy(net: Any, path: str, copier: Copier) -> Module:
    """One module, its cells and attributes, and the modules below it."""
    _refuse_hooks(net, path, copier)
    kind = type(net)
    if "parametrizations" in net._modules and kind.__name__.startswith("Parametrized"):
        kind = kind.__bases__[0]  # torch makes a class for each parametrized layer
    made = copier.counterparts.of(kind)
    if not issubclass(made, Module):
        raise NoCounterpart(
            f"module {kind.__module__} is in no file that can be read again; write it into one"
        )
    copy: Any = copier.note(net, object.__new__(made))
    Module.__init__(copy)
    norm = any(base.__module__.endswith((".batchnorm", ".normalization")) for base in made.__mro__)
    for name, tensor in net._parameters.items():
        cell = copier(tensor, f"{path}.{name}")
        if cell is not None:
            cell.role = cell.role or ("norm" if norm else "bias" if "bias" in name.split("_") else "weight")
        copy._parameters[name] = cell
    for name, tensor in net._buffers.items():
        persistent = name not in net._non_persistent_buffers_set
        copy._buffers[name] = None if tensor is None else copier.buffer(tensor, persistent, f"{path}.{name}")
    for name, module in net._modules.items():
        copy._modules[name] = copier(module, f"{path}.{name}")
    for name, value in vars(net).items():
        if name not in _OWN and not name.endswith("_hooks") and name not in copier.internal:
            vars(copy)[name] = copier(value, f"{path}.{name}")
    object.__setattr__(copy, "training", net.training)
    _finish(net, copy)
    return copy


# What torch's layers keep beside what ours do: weights once more, in a list.
_OWN = {"_flat_weights", "_flat_weight_refs"}


def _finish(net: Any, copy: Any) -> None:
    """Set what our layers name otherwise, and compute anew what torch computes before each call."""
    if isinstance(copy, RNNCellBase):
        chunks = len(net.weight_hh) // net.hidden_size
        copy.mode = {3: "GRU", 4: "LSTM"}.get(chunks) or f"RNN_{net.nonlinearity.upper()}"
    if isinstance(copy, ParameterList):
        copy._names = tuple(map(str, range(len(net))))
    if isinstance(copy, ParameterDict):
        copy._names = tuple(net.keys())
    if isinstance(copy, ParametrizationList):
        copy.count = 0 if net.is_tensor else net.ntensors
    if "parametrizations" in net._modules:
        for name in net.parametrizations:
            copy._compute(name, partial(computed_value, name=name))
    for hook in net._forward_pre_hooks.values():
        if type(hook).__name__ == "WeightNorm":
            again = partial(normalised_weight, name=hook.name, dim=hook.dim)
        elif type(hook).__name__ == "SpectralNorm":
            times = hook.n_power_iterations
            again = partial(spectral_weight, name=hook.name, times=times, dim=hook.dim, eps=hook.eps)
        else:
            continue
        vars(copy).pop(hook.name, None)
        copy._compute(hook.name, again)


def convert(net: Any) -> Module:
    """The normax module of a torch module.

    Raises:
        InputError: with everything that cannot be had, each by its path.
    """
    copier = Copier(_copy)
    copy = copier(net, type(net).__name__)
    if copier.faults:
        listed = "".join(f"\n  {fault}" for fault in dict.fromkeys(copier.faults))
        raise InputError(f"this {type(net).__name__} cannot be taken over whole:{listed}")
    return copy
