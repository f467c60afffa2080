"""A softmax over very many classes, the rare ones in clusters with fewer features."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from normax.errors import InputError, Notice
from normax.nn.functional._common import as_array
from normax.nn.indices import check_indices, unless
from normax.nn.layers.containers import ModuleList, Sequential
from normax.nn.layers.linear import Linear
from normax.nn.module import Module

__all__ = ["AdaptiveLogSoftmaxWithLoss"]


class _Result(NamedTuple):
    output: Any
    loss: Any


class AdaptiveLogSoftmaxWithLoss(Module):
    """Frequent classes share one softmax with the clusters of the others; cluster i has `in / div_value^(i + 1)`
    features. Classes must be numbered by falling frequency.

    Args:
        in_features: of the input.
        n_classes: C.
        cutoffs: rising, below C: the first is the number of frequent classes, between two lies a cluster.
        div_value: how much narrower each cluster is than the one before.
        head_bias: whether the softmax of the frequent classes has a bias.
        device: where the parameters live.
        dtype: of the parameters.

    Raises:
        InputError: for cutoffs that are not as said; in a call for shapes that do not fit or, in eager mode, a class
            outside `[0, C)`; in a compiled call its output is NaN.

    Warns:
        Notice: for a cluster without features, whose classes stay equally likely.

    Example:
        >>> import jax.numpy as jnp
        >>> layer = AdaptiveLogSoftmaxWithLoss(16, 20, [4, 10])
        >>> output, loss = layer(jnp.ones((3, 16)), jnp.array([0, 7, 19]))
        >>> output.shape, layer.log_prob(jnp.ones((3, 16))).shape
        ((3,), (3, 20))

    Source:
        Grave et al., "Efficient softmax approximation for GPUs", ICML 2017.
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        limits = list(cutoffs)
        rising = all(int(c) == c and 0 < c < n_classes for c in limits) and limits == sorted(set(limits))
        if not limits or not rising:
            raise InputError(f"cutoffs: expected rising integers from 1 to {n_classes - 1}, got {limits}")
        self.in_features, self.n_classes = in_features, n_classes
        self.cutoffs = [*limits, n_classes]
        self.div_value, self.head_bias = div_value, head_bias
        self.shortlist_size, self.n_clusters = limits[0], len(limits)
        self.head_size = self.shortlist_size + self.n_clusters
        place: dict[str, Any] = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, head_bias, **place)
        widths = [int(in_features // div_value ** (i + 1)) for i in range(self.n_clusters)]
        if min(widths) < 1:
            warnings.warn(
                f"div_value={div_value} leaves clusters without features, {widths}: their classes stay equally likely",
                Notice,
                stacklevel=2,
            )
        self.tail = ModuleList(
            Sequential(Linear(in_features, width, False, **place), Linear(width, high - low, False, **place))
            for width, low, high in zip(widths, self.cutoffs, self.cutoffs[1:])
        )

    def reset_parameters(self) -> None:
        """Draw the initial values anew."""
        self.head.reset_parameters()
        for first, second in self.tail:
            first.reset_parameters()
            second.reset_parameters()

    def forward(self, input: Any, target: Any) -> _Result:
        """`(output, loss)`: the log-probability of each target `(N,)`, and minus its mean."""
        x, y = as_array(input), as_array(target)
        if x.ndim not in (1, 2) or y.shape != x.shape[:-1] or x.shape[-1] != self.in_features:
            raise InputError(
                f"expected input (N, {self.in_features}) and target (N,), or without N, got {x.shape} and {y.shape}"
            )
        check_indices(y, self.n_classes, "classes")
        head = jax.nn.log_softmax(self.head(x), -1)
        output = _pick(head, jnp.clip(y, 0, self.shortlist_size - 1))
        for i, (low, high, tail) in enumerate(zip(self.cutoffs, self.cutoffs[1:], self.tail)):
            inside = _pick(jax.nn.log_softmax(tail(x), -1), jnp.clip(y - low, 0, high - low - 1))
            here = (y >= low) & (y < high)
            output = jnp.where(here, head[..., self.shortlist_size + i] + inside, output)
        output = unless((y < 0) | (y >= self.n_classes), output)
        return _Result(output, -output.mean())

    def log_prob(self, input: Any) -> jax.Array:
        """Log-probabilities of all classes, `(N, C)`."""
        x = as_array(input)
        head = jax.nn.log_softmax(self.head(x), -1)
        parts = [head[..., : self.shortlist_size]]
        for i, tail in enumerate(self.tail):
            cluster = self.shortlist_size + i
            parts.append(jax.nn.log_softmax(tail(x), -1) + head[..., cluster : cluster + 1])
        return jnp.concatenate(parts, -1)

    def predict(self, input: Any) -> jax.Array:
        """The likeliest class of each sample, `(N,)`."""
        return jnp.argmax(self.log_prob(input), -1)


def _pick(values: jax.Array, index: jax.Array) -> jax.Array:
    return jnp.take_along_axis(values, index[..., None], -1)[..., 0]
