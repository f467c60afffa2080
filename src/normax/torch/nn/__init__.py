"""`torch.nn`: normax's modules for code that was written for PyTorch."""

from normax import nn as _nn
from normax.torch.nn import functional, init, parameter
from normax.torch.nn.layers import layer as _layer
from normax.torch.nn.module import Module
from normax.torch.nn.parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter

_LAYERS = {name: getattr(_nn, name) for name in _nn.__all__}
_LAYERS = {
    name: kind for name, kind in _LAYERS.items() if isinstance(kind, type) and issubclass(kind, _nn.Module)
}
globals().update({name: _layer(kind) for name, kind in _LAYERS.items()})

__all__ = [
    "Buffer",
    "Module",
    "Parameter",
    "UninitializedBuffer",
    "UninitializedParameter",
    "functional",
    "init",
    "parameter",
    *_LAYERS,
]
