"""The addresses at which PyTorch keeps its layers, `torch.nn.modules.conv.Conv2d`: those of `normax.nn.modules`, for
user code."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from normax.nn import Module as _Module
from normax.nn import modules as _modules
from normax.torch.nn import functional as _functional
from normax.torch.nn.layers import layer as _layer
from normax.torch.nn.sync import SyncBatchNorm


def _for_users(value: Any) -> Any:
    return _layer(value) if isinstance(value, type) and issubclass(value, _Module) else value


def _copy(module: ModuleType) -> ModuleType:
    copy = ModuleType(f"{__name__}.{module.__name__.rpartition('.')[2]}", module.__doc__)
    vars(copy).update({name: _for_users(v) for name, v in vars(module).items() if not name.startswith("__")})
    sys.modules[copy.__name__] = copy
    return copy


__path__: list[str] = []  # a package, whose modules are made here
for _name, _value in list(vars(_modules).items()):
    if not _name.startswith("__") and _name != "sys":
        globals()[_name] = _copy(_value) if isinstance(_value, ModuleType) else _for_users(_value)
globals()["batchnorm"].SyncBatchNorm = SyncBatchNorm


def _get_activation_fn(activation: str) -> Any:
    """`relu` or `gelu`, by its name."""
    return getattr(_functional, {"relu": "relu", "gelu": "gelu"}[activation])


globals()["transformer"]._get_activation_fn = _get_activation_fn
