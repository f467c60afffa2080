"""LassoNet: a network that takes each input feature in or leaves it out, beside a linear model that decides."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.binding import evaluating, functional_call
from normax.errors import InputError, suggest
from normax.nn import functional as F
from normax.nn import init
from normax.nn.cells import Parameter
from normax.nn.layers.linear import Linear
from normax.nn.module import Module
from normax.nn.random import raw_key
from normax.penalties import Hierarchical

__all__ = ["LassoNet"]


class _Rows(Module):
    """A linear layer whose weight is some rows of one that several layers share."""

    def __init__(self, shared: Parameter, start: int, stop: int, bias: Parameter | None):
        super().__init__()
        self.start, self.stop = start, stop
        self.shared = shared
        self.register_parameter("bias", bias)

    @property
    def weight(self) -> jax.Array:
        return self.shared.value[self.start : self.stop]

    def reset_parameters(self) -> None:
        """Draw the bias anew; the weights belong to the whole."""
        if self.bias is not None:
            bound = 1 / math.sqrt(self.shared.shape[1])
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Any) -> Any:
        return F.linear(input, self.weight, None if self.bias is None else self.bias.value)

    def extra_repr(self) -> str:
        return f"rows {self.start} to {self.stop} of {tuple(self.shared.shape)}, bias={self.bias is not None}"


class LassoNet(Module):
    """`f(x) = θᵀx + net(x)`: any network whose first layer is linear, with a linear model beside it for selection.

    θ `(outputs, features)` and the first layer W `(hidden, features)` are the rows of one parameter, `weight`, so
    that one penalty sees both: `Hierarchical` takes a feature out of the linear model and of the network at once.
    The network is taken over: its first layer reads `weight` from now on and keeps its values; θ starts as a linear
    layer does.

    Args:
        net: the module; its output is as wide as its prediction, `(batch, outputs)`.
        layer: path of the layer that reads the features; the default is the first `Linear` of the tree.

    Raises:
        InputError: if there is no such layer, the network is that layer alone, the layer shares its weight, or the
            output is not `(batch, outputs)`.

    Example:
        >>> import numpy as np, optax
        >>> import normax as nx
        >>> nx.manual_seed(0)
        >>> X = np.random.default_rng(0).normal(size=(200, 4)).astype("float32")
        >>> y = X[:, 0] + np.sin(2 * X[:, 2])
        >>> net = nx.LassoNet(nx.nn.Sequential(nx.nn.Linear(4, 16), nx.nn.ReLU(), nx.nn.Linear(16, 1)))
        >>> net = nx.penalize(net, net.hierarchy(2.0, M=1.0))
        >>> history = nx.fit(net, (X, y), loss="squared", optimizer=optax.sgd(0.03, 0.9), epochs=40, seed=0)
        >>> net.features(["age", "bmi", "dose", "lab"])
        ('age', 'dose')

    Source:
        Lemhadri, Ruan, Abraham & Tibshirani, "LassoNet: a neural network with feature sparsity", JMLR 2021.
    """

    def __init__(self, net: Module, layer: str | None = None):
        super().__init__()
        path, first = _first_layer(net, layer)
        outputs = _outputs(net, first)
        bound = 1 / math.sqrt(first.in_features)
        theta = init.uniform_(
            Parameter(jnp.zeros((outputs, first.in_features), first.weight.dtype)), -bound, bound
        )
        self.weight = Parameter(jnp.concatenate([theta.value, first.weight.value]))
        self.outputs = outputs
        self.linear = _Rows(self.weight, 0, outputs, None)
        net.set_submodule(path, _Rows(self.weight, outputs, len(self.weight), first.bias))
        self.net = net

    def reset_parameters(self) -> None:
        """Draw θ and W anew; the layers draw the rest."""
        bound = 1 / math.sqrt(self.weight.shape[1])
        init.uniform_(self.weight, -bound, bound)

    def forward(self, input: Any, *args: Any) -> Any:
        return self.linear(input) + self.net(input, *args)

    def hierarchy(self, strength: Any = 1.0, M: float = 10.0) -> dict[str, Hierarchical]:
        """The penalty of the paper for this network, as `nx.penalize` and `nx.path(penalty=)` take it.

        Args:
            strength: s >= 0, or a schedule; a path multiplies it.
            M: how far a weight of the first layer may exceed its feature's θ, see `Hierarchical`.
        """
        return {"weight": Hierarchical(strength, outputs=self.outputs, M=M)}

    def features(self, names: Any = None) -> tuple[Any, ...]:
        """The features that are in, by name or by number."""
        live = np.flatnonzero(np.asarray(self.weight.value).any(axis=0))
        if names is None:
            return tuple(live.tolist())
        names = list(names)
        if len(names) != self.weight.shape[1]:
            raise InputError(f"names: expected {self.weight.shape[1]}, one a feature, got {len(names)}")
        return tuple(names[j] for j in live)


def _first_layer(net: Module, layer: str | None) -> tuple[str, Linear]:
    """Path and module of the layer that reads the features."""
    found = {name: module for name, module in net.named_modules() if type(module) is Linear}
    if layer is None and not found:
        raise InputError(
            f"{type(net).__name__} has no Linear layer to select features by; LassoNet is for networks on columns"
        )
    path = next(iter(found)) if layer is None else layer
    if path not in found:
        raise InputError(
            f"layer: no Linear layer of {type(net).__name__} is called {path!r}{suggest(path, found)}"
        )
    if not path:
        raise InputError(
            "LassoNet needs a network with a hidden layer; for a single Linear take the group lasso: "
            "`nx.path(layer, data, penalty=GroupLasso(groups='in'))`"
        )
    owners = [n for n, cell in net.named_parameters(remove_duplicate=False) if cell is found[path].weight]
    if len(owners) > 1:
        raise InputError(
            f"LassoNet: {owners[0]} is shared with {owners[1]}, so it cannot be bounded for one of them"
        )
    return path, found[path]


def _outputs(net: Module, first: Linear) -> int:
    with evaluating(net):
        x = jax.ShapeDtypeStruct((2, first.in_features), first.weight.dtype)
        shape = jax.eval_shape(lambda x: functional_call(net, {}, x, key=raw_key(0)), x).shape
    if len(shape) != 2:
        raise InputError(f"LassoNet: expected outputs (batch, outputs), got {shape} for two rows")
    return shape[1]
