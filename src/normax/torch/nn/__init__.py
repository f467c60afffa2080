"""`torch.nn`: normax's modules for code that was written for PyTorch."""

from normax import nn as _nn
from normax.torch.corners import MODULES
from normax.torch.nn import common_types, functional, init, modules, parallel, parameter, utils
from normax.torch.nn.layers import layer as _layer
from normax.torch.nn.module import Module
from normax.torch.nn.parallel import DataParallel
from normax.torch.nn.parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter
from normax.torch.nn.sync import SyncBatchNorm

_LAYERS = {name: getattr(_nn, name) for name in _nn.__all__}
_LAYERS = {
    name: kind for name, kind in _LAYERS.items() if isinstance(kind, type) and issubclass(kind, _nn.Module)
}
globals().update({name: _layer(kind) for name, kind in _LAYERS.items()})
attention = MODULES["nn.attention"]

__all__ = [
    "Buffer",
    "DataParallel",
    "Module",
    "Parameter",
    "SyncBatchNorm",
    "UninitializedBuffer",
    "UninitializedParameter",
    "common_types",
    "functional",
    "init",
    "modules",
    "parallel",
    "parameter",
    "utils",
    *_LAYERS,
]
