"""The addresses at which PyTorch keeps its layers: `nn.modules.batchnorm._BatchNorm`, `nn.modules.conv._ConvNd`, ...

Each is made from the files that hold these classes here, so that `isinstance` and `import` work as in PyTorch's own
code.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from normax.nn.module import Module
from normax.nn.modules import utils

__all__ = ["Module", "utils"]

_HOMES = {
    "activation": ("attention", "piecewise", "smooth", "softmax"),
    "adaptive": ("adaptive_softmax",),
    "batchnorm": ("batchnorm", "lazy_norm"),
    "channelshuffle": ("shaping",),
    "container": ("containers", "parameters"),
    "conv": ("conv", "transposed", "lazy_conv"),
    "distance": ("ranking",),
    "dropout": ("dropout",),
    "flatten": ("shaping",),
    "fold": ("shaping",),
    "instancenorm": ("normalization", "lazy_norm"),
    "lazy": ("lazy_linear",),
    "linear": ("linear", "lazy_linear", "attention"),
    "loss": ("loss", "linear_loss", "margins", "ranking"),
    "module": (),
    "normalization": ("normalization",),
    "padding": ("padding",),
    "pixelshuffle": ("shaping",),
    "pooling": ("pooling", "adaptive", "fractional"),
    "rnn": ("recurrent",),
    "sparse": ("embedding",),
    "transformer": ("transformer",),
    "upsampling": ("upsampling",),
}


def _classes(home: str) -> dict[str, Any]:
    found = vars(import_module(f"normax.nn.layers.{home}"))
    return {name: kind for name, kind in found.items() if isinstance(kind, type) and issubclass(kind, Module)}


for _name, _homes in _HOMES.items():
    _module = ModuleType(f"{__name__}.{_name}", f"PyTorch's `nn.modules.{_name}`.")
    _module.__dict__.update({"Module": Module} | {k: v for home in _homes for k, v in _classes(home).items()})
    sys.modules[_module.__name__] = globals()[_name] = _module
    globals().update({k: v for k, v in _module.__dict__.items() if not k.startswith("_")})
