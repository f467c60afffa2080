"""The networks of the folds as one predictor."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.binding.padded import predict_rows
from normax.nn.module import Module
from normax.paths.axes import Axes, Settings

__all__ = ["Ensemble", "Fits", "Member", "rows_for"]


def rows_for(net: Module, X: Any) -> jax.Array:
    """Rows as a network takes them: numbers in the precision of its weights, whole numbers as they are."""
    X = np.asarray(X)
    kinds = [cell.value.dtype for cell in net.parameters() if not cell.uninitialized]
    weights = [kind for kind in kinds if kind.kind == "f"]
    if X.dtype.kind == "f":  # by NumPy, and `device_put`: JAX compiles `asarray` for every number of rows
        X = X.astype((weights or [jnp.zeros(()).dtype])[0])
    return jax.device_put(X)


@dataclass(frozen=True)
class Member:
    """A fitted network with the preprocessing that its own training rows taught.

    Attributes:
        model: the network, in evaluation mode.
        transform: fitted transformer of its inputs, or None.
        centre: added to its scaled outputs, after
        scale: multiplied them.
    """

    model: Module
    transform: Any = None
    centre: Any = 0.0
    scale: float = 1.0

    def outputs(self, X: Any) -> np.ndarray:
        """`(n, ...)` outputs in the units of y, or logits."""
        X = np.asarray(X) if self.transform is None else self.transform.transform(X)
        return predict_rows(self.model, rows_for(self.model, X)) * self.scale + self.centre


@dataclass(frozen=True)
class Fits:
    """All networks of a path: one architecture, and for each row set the weights of every strength.

    Attributes:
        net: the architecture.
        stacks: name -> `(k, ...)` of parameters and buffers, one dict a row set, all rows last.
        taught: (transform, centre, scale) of each row set.
        axes, settings: the axes beside the strength, and the settings of all entries.
    """

    net: Module
    stacks: tuple[dict[str, np.ndarray], ...]
    taught: tuple[tuple[Any, Any, float], ...]
    axes: Axes
    settings: Settings

    def model(self, index: int, row_set: int = -1) -> Module:
        """The network of one strength in evaluation mode; of the fit on all rows by default."""
        fresh = copy.deepcopy(self.net)
        cells = dict(fresh.named_parameters()) | dict(fresh.named_buffers())
        for name, stacked in self.stacks[row_set].items():
            cells[name].value = jnp.asarray(stacked[index])
        self.axes.settle(fresh, {name: values[index] for name, values in self.settings.items()})
        return fresh.eval()

    def outputs(self, index: int, X: np.ndarray) -> np.ndarray:
        """Outputs of the fit on all rows for transformed rows, before centre and scale."""
        return Member(self.model(index)).outputs(X)

    def members(self, index: int) -> tuple[Member, ...]:
        """The networks of the folds, each with the preprocessing of its own rows."""
        return tuple(
            Member(self.model(index, number), *taught) for number, taught in enumerate(self.taught[:-1])
        )


@dataclass(frozen=True)
class Ensemble:
    """The mean of K fitted networks, one a fold: `f(x) = g(mean_k g⁻¹(f_k(x)))`.

    g⁻¹ turns outputs into what can be averaged: logits into probabilities, log rates into rates; other losses
    average the outputs themselves. So the cross-entropy of an ensemble is at most the mean of its members'.

    Attributes:
        members: the fitted networks with their preprocessing.
        loss: name of the loss they were trained with.

    Source:
        L. Breiman (1996), "Stacked regressions"; Krogh & Vedelsby (1995), "Neural network ensembles, cross
        validation, and active learning".

    Made by `path.ensemble()`.
    """

    members: tuple[Member, ...]
    loss: str

    @property
    def models(self) -> list[Module]:
        """The networks alone."""
        return [member.model for member in self.members]

    def each(self, X: Any) -> np.ndarray:
        """`(K, n, outputs)` outputs of every member for new rows."""
        return np.stack([member.outputs(X) for member in self.members])

    def predict(self, X: Any) -> np.ndarray:
        """Outputs for new rows, in the units of `Path.predict`.

        Args:
            X: `(n, ...)` rows as given to `nx.path`.

        Returns:
            `(n, outputs)`, or `(n,)` for a single output.
        """
        outputs, K = jnp.asarray(self.each(X)), len(self.members)
        if self.loss == "cross_entropy":
            logs = jax.nn.log_softmax(outputs, axis=2 if outputs.ndim > 2 else -1)
            mean = jax.nn.logsumexp(logs, axis=0) - jnp.log(K)
        elif self.loss == "binary_cross_entropy":
            yes, no = (jax.nn.logsumexp(jax.nn.log_sigmoid(s * outputs), axis=0) for s in (1, -1))
            mean = yes - no
        elif self.loss == "poisson":
            mean = jax.nn.logsumexp(outputs, axis=0) - jnp.log(K)
        else:
            mean = outputs.mean(0)
        result = np.asarray(mean)
        return result[:, 0] if result.ndim == 2 and result.shape[1] == 1 else result

    def spread(self, X: Any) -> np.ndarray:
        """Standard deviation over the members of their outputs, shaped as `predict`: how far the folds disagree."""
        result = self.each(X).std(axis=0, ddof=1)
        return result[:, 0] if result.ndim == 2 and result.shape[1] == 1 else result
