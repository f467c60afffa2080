"""Differences of neighbours: coefficients of a chain that are equal over stretches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from normax.errors import InputError
from normax.penalties.base import WithStrength

__all__ = ["Fused"]


@dataclass(frozen=True)
class Fused(WithStrength):
    """The fused lasso, or total variation, `Ω(w) = s·Σ_j |w_j − w_{j−1}|` along the last axis.

    For features in an order, positions on a genome, say, or hours of a day: coefficients become constant over
    stretches, and `Fused(a) + L1(b)` makes whole stretches zero. The prox is exact, by dynamic programming along the
    chain in time proportional to its length, for a step of each weight too; the sum with L1 is exact where the steps
    are alike.

    A constant is free of charge, so that no strength makes all coefficients zero: from the largest strength on they
    are equal. Linear models solve it alone and beside L1, L2 and `Nonnegative`, each fit with a duality gap. Its sums
    with groups and MCP have no prox that is known, and are refused. The chain is walked one coefficient after the
    other on NumPy arrays, which linear models have; there is no prox for JAX arrays.

    Args:
        strength: s >= 0. The default 1 leaves the strength to a path.

    Raises:
        InputError: if the strength is negative or not finite; from `prox`, for anything but NumPy arrays.

    Example:
        >>> Fused(1.0).value(np.array([1.0, 1.0, 4.0]))
        np.float64(3.0)
        >>> Fused(1.0).prox(np.array([0.0, 1.0, 5.0, 6.0]), step=1.0)
        array([1., 1., 5., 5.])

    Source:
        Tibshirani et al., "Sparsity and smoothness via the fused lasso", JRSS B 2005; Johnson, "A dynamic programming
        algorithm for the fused lasso and L0-segmentation", Journal of Computational and Graphical Statistics 2013.
    """

    prox_order = -2  # bounds and thresholds come after: they keep equal what is equal

    def value(self, w):
        return self.strength * abs(w[..., 1:] - w[..., :-1]).sum()

    def prox(self, w, step):
        from normax.penalties.chain import chain_prox

        if not isinstance(w, np.ndarray):
            raise InputError(
                f"Fused: its prox walks along NumPy arrays, got {type(w).__name__}; it is for linear "
                "models, and networks take L1, GroupLasso or another penalty"
            )
        rows = np.asarray(w, dtype=float).reshape(-1, w.shape[-1])
        steps = np.broadcast_to(np.asarray(step, dtype=float), w.shape).reshape(rows.shape)
        out = np.array([chain_prox(row, own, float(self.strength)) for row, own in zip(rows, steps)])
        return out.reshape(w.shape).astype(w.dtype)
