"""A network with batch norm or dropout put in, by where its weight layers stand in a forward pass."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import jax

from normax import nn
from normax.binding import evaluating, functional_call
from normax.errors import InputError
from normax.nn.module import Module
from normax.paths.ensemble import rows_for

__all__ = ["with_batch_norm", "with_dropout"]

WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


class _Layer(NamedTuple):
    name: str
    module: Any
    axes: int  # of its output


def with_batch_norm(net: Module, X: Any) -> Module:
    """A copy whose hidden weight layers are each followed by batch norm, before the activation.

    Args:
        net: the module.
        X: rows that it takes, two at least.

    Raises:
        InputError: if it has no hidden weight layer, or one whose outputs batch norm does not fit.

    Example:
        >>> import numpy as np
        >>> net = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
        >>> with_batch_norm(net, np.zeros((2, 3), np.float32))[0]
        Sequential(
          (0): Linear(in_features=3, out_features=8, bias=True)
          (1): BatchNorm1d(8, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
        )
    """
    fresh = copy.deepcopy(net)
    for name, layer, axes in _weight_layers(fresh, X)[:-1]:
        convolves = not isinstance(layer, nn.Linear)
        kinds = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d, 5: nn.BatchNorm3d}
        if axes not in kinds or (axes > 2 and not convolves):
            raise InputError(
                f"batch-norm: {name} gives {axes} axes, (rows, ..., features), which batch norm does not "
                "take; leave the method out, or put a norm into the network by hand"
            )
        channels = layer.out_channels if convolves else layer.out_features
        fresh.set_submodule(name, nn.Sequential(layer, kinds[axes](channels)))
    return fresh


def with_dropout(net: Module, X: Any) -> tuple[Module, str]:
    """A copy with one dropout layer before every weight layer but the first, and that layer's name.

    The same layer stands in all places, so that there is one p; its masks differ from place to place.

    Args:
        net: the module; dropout that it has already is left alone.
        X: rows that it takes, two at least.

    Raises:
        InputError: if it has no hidden weight layer.

    Example:
        >>> import numpy as np
        >>> net = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
        >>> with_dropout(net, np.zeros((2, 3), np.float32))
        (Sequential(
          (0): Linear(in_features=3, out_features=8, bias=True)
          (1): ReLU()
          (2): Sequential(
            (0): Dropout(p=0.5, inplace=False)
            (1): Linear(in_features=8, out_features=1, bias=True)
          )
        ), '2.0')
    """
    fresh, dropout = copy.deepcopy(net), nn.Dropout()
    for name, layer, _ in _weight_layers(fresh, X)[1:]:
        fresh.set_submodule(name, nn.Sequential(dropout, layer))
    return fresh, next(name for name, module in fresh.named_modules() if module is dropout)


def _weight_layers(net: Module, X: Any) -> list[_Layer]:
    """Linear and convolutional layers in the order in which a forward pass first calls them."""
    met: dict[str, _Layer] = {}
    handles = []
    for name, module in net.named_modules():
        if isinstance(module, WEIGHTED):

            def see(module, args, output, name=name):
                met.setdefault(name, _Layer(name, module, output.ndim))

            handles.append(module.register_forward_hook(see))
    two = rows_for(net, X[:2])
    try:
        with evaluating(net):
            jax.eval_shape(lambda x: functional_call(net, {}, x), two)
    finally:
        for handle in handles:
            handle.remove()
    if len(met) < 2:
        raise InputError(
            f"{type(net).__name__} has no hidden layer of weights, so that there is no place for dropout or "
            "batch norm; methods=['none', 'l1', 'l2', 'elastic-net'] compares the others"
        )
    return list(met.values())
