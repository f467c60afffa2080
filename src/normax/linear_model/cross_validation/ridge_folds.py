"""Cross-validation of ridge: all strengths and all folds from one factorisation."""

from __future__ import annotations

import numpy as np
from scipy.sparse import issparse

from normax.linear_model.design.design import Design
from normax.linear_model.design.factors import eigen
from normax.linear_model.design.moments import Moments
from normax.linear_model.design.shapes import factorises, gram_pays_for_folds
from normax.linear_model.solvers.ridge.spectrum import SAFE, Spectrum

__all__ = ["RidgeFolds"]


class RidgeFolds:
    """Sums of squared held-out errors of ridge for every fold and strength.

    Where n >= p a fold costs one p × p eigenproblem of its own second moments, found by subtraction. Where
    n < p the folds share the eigenvectors of ZZᵀ on all rows, and leaving rows out solves a system of their
    number. Both keep each fold's own centring exact.

    Args:
        X, Y: (n, p) and (n, m); weights: (n,) of the rows, all > 0 where n < p.
        pairs: folds that hold out what they do not train on.
        intercept: whether one is fitted.
    """

    def __init__(self, X, Y, weights, pairs, intercept: bool):
        self.X, self.Y, self.weights, self.pairs, self.intercept = X, Y, weights, pairs, intercept
        self.tall = gram_pays_for_folds(*X.shape)
        if self.tall:
            self.every = Moments.of(X, Y, weights)
            return
        self.total = weights.sum()
        self.design = Design(X, weights / self.total, intercept)
        self.centre = self.design.weights @ Y if intercept else np.zeros(Y.shape[1])
        self.spectrum = Spectrum(self.design, np.inf)

    @staticmethod
    def serves(X, weights, pairs) -> bool:
        """Whether the shape pays, every fold trains on what it does not hold out, and all rows count."""
        whole = all(
            len(train) + len(test) == X.shape[0] == len(np.union1d(train, test)) for train, test in pairs
        )
        shape = gram_pays_for_folds(*X.shape) or X.shape[0] < X.shape[1]
        return whole and shape and bool((weights > 0).all()) and factorises(X.shape, issparse(X))

    def sums(self, k: int, strengths: np.ndarray) -> np.ndarray | None:
        """(k,) for fold k; None where strengths are too weak for products of X with itself."""
        train, test = self.pairs[k]
        if self.tall:
            return self._from_moments(test, strengths)
        share = self.weights[train].sum() / self.total
        if strengths.min() * share <= SAFE * self.spectrum.values[-1]:
            return None
        residual = self.spectrum.left_out(test, self.Y - self.centre, strengths * share)
        return np.einsum("r,krm->k", self.weights[test], residual**2)

    def _from_moments(self, test: np.ndarray, strengths: np.ndarray) -> np.ndarray | None:
        held = Moments.of(self.X[test], self.Y[test], self.weights[test], self.every.x0, self.every.y0)
        G, c, _, x_mean, y_mean = (self.every - held).centred(self.intercept)
        values, V = eigen(G)
        if strengths.min() <= SAFE * values[-1]:
            return None
        inside = V.T @ c
        coef = (inside.T / (values + strengths[:, None])[:, None]) @ V.T
        return held.squared_errors(coef, y_mean - coef @ x_mean)
