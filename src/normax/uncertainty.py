"""Predictions with their spread: dropout stays on, and many passes are averaged."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from normax.binding import jit, training_where
from normax.errors import InputError
from normax.nn.layers.attention import MultiheadAttention
from normax.nn.layers.dropout import DropConnect, _DropoutNd
from normax.nn.layers.recurrent import RNNBase
from normax.nn.module import Module
from normax.nn.random import wrap_key

__all__ = ["MonteCarlo", "monte_carlo"]


class MonteCarlo(NamedTuple):
    """What `monte_carlo` returns: over the passes the `mean`, the `spread` (standard deviation), and all `samples`.

    `samples` has the passes as its first axis. A net that returns several arrays gives each of the three in its shape.

    See `monte_carlo` for an example.
    """

    mean: Any
    spread: Any
    samples: Any


class monte_carlo(jit):
    """Monte-Carlo dropout: `nx.monte_carlo(net)(x)` predicts many times with dropout on.

    `mean = Σ_s f_s(x) / S` and `spread = √(Σ_s (f_s(x) − mean)² / (S − 1))`, over S networks f_s with independent
    masks. Everything else is in evaluation mode, batch norm too, whatever the net's own mode is, and nothing in the net
    changes. All passes are one compiled program, which is kept for the next call. Draws come from the global
    generator: `nx.manual_seed` repeats them.

    Dropout is every dropout layer with p > 0, and the `dropout` inside attention and recurrent layers. The
    spread is that of the masks (the model); the noise of the data itself is not in it.

    Args:
        net: the module.
        samples: S, at least 2. The error of the mean falls as `spread / √S`.
        layers: further classes of modules whose training mode is on: your own that call `F.dropout`.
        batch_size: passes computed side by side; default, one after the other, which takes the memory of one.

    Returns:
        A function of the net's arguments that returns `(mean, spread, samples)`.

    Raises:
        InputError: for a net without dropout, whose spread would be 0, or fewer than 2 samples.

    Example:
        >>> import numpy as np
        >>> import normax as nx
        >>> from normax import nn
        >>> net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 1))
        >>> mean, spread, samples = nx.monte_carlo(net, samples=50)(np.ones((3, 4), "float32"))
        >>> mean.shape, spread.shape, samples.shape
        ((3, 1), (3, 1), (50, 3, 1))

    Source:
        Gal & Ghahramani, "Dropout as a Bayesian approximation", ICML 2016.
    """

    def __init__(
        self,
        net: Module,
        samples: int = 100,
        layers: tuple[type[Module], ...] = (),
        batch_size: int | None = None,
    ):
        super().__init__(net)
        if samples < 2:
            raise InputError(f"samples: expected at least 2, got {samples}")
        self.samples, self.layers, self.batch_size = samples, tuple(layers), batch_size
        self._check()

    def __call__(self, *args: Any, **kwargs: Any) -> MonteCarlo:
        self._check()
        return super().__call__(*args, **kwargs)

    def _check(self) -> None:
        if not any(self._draws(module) for module in self.net.modules()):
            raise InputError(
                f"monte_carlo: {type(self.net).__name__} has no dropout with p > 0, so all passes would be equal; "
                "add a dropout layer, or name your own in `layers=`"
            )

    def _draws(self, module: Module) -> bool:
        """Whether the training mode of a module means dropout: it is on there alone."""
        if isinstance(module, (_DropoutNd, DropConnect)):
            return module.p > 0
        if isinstance(module, RNNBase):
            return module.dropout > 0 and module.num_layers > 1
        if isinstance(module, MultiheadAttention):
            return module.dropout > 0
        return isinstance(module, self.layers)

    def _kind(self, static):
        return *super()._kind(static), self.samples, self.layers, self.batch_size

    def _body(self, binding, static):
        forward = super()._body(binding, static)

        def body(frame, arrays):
            def one(raw):
                inner = binding.frame(dict(frame.values), raw)
                with inner.active(), training_where(self.net, self._draws):
                    result = forward(inner, arrays)
                frame.foreign.update(inner.foreign)
                return result

            keys = jax.random.key_data(jax.random.split(wrap_key(frame.key), self.samples))
            samples = jax.lax.map(one, keys, batch_size=self.batch_size)
            mean = jax.tree.map(lambda a: jnp.mean(a, 0), samples)
            return MonteCarlo(mean, jax.tree.map(lambda a: jnp.std(a, 0, ddof=1), samples), samples)

        return body
