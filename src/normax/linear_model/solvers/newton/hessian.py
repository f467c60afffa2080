"""The curvature of a likelihood at one fit, on the coefficients at work and the columns they multiply."""

from __future__ import annotations

import numpy as np

from normax.linear_model.design.columns import Columns, wider
from normax.linear_model.families import Family
from normax.linear_model.problem.chain_terms import ChainTerms
from normax.linear_model.problem.group_terms import GroupTerms
from normax.linear_model.problem.terms import Terms
from normax.linear_model.quadratic.chain_quadratic import minimise_stretches
from normax.linear_model.quadratic.gram import GrowingGram
from normax.linear_model.quadratic.group_quadratic import minimise_entries
from normax.linear_model.quadratic.support import Support

__all__ = ["Hessian", "bend", "intercept_inverse"]

# The softmax does not see a shift of all classes, which leaves systems singular. This share of its weight is added to
# each row's curvature in that direction; a step is then short there, and what it aims at stays the same. Columns that
# repeat each other still do.
PIN = 1e-8
# Rows that are scaled and multiplied at a time, so that they stay in the cache.
ROWS = 2048


class Hessian:
    """`X̃ᵀ ∇²loss X̃` at frozen linear predictors, free intercepts eliminated, on a growing list of coefficients.

    The second derivative of a row in its m linear predictors is d on the diagonal and, where they are coupled, −μ_c
    μ_d off it. A coefficient is a class c and a column z, so that d joins coefficients of one class alone, and the
    rest is one product.

    Where the family ties rows together, what ties them is one product too, of the columns as `Family.joint` shares
    them.

    Attributes:
        columns: with their products where outputs are coupled.
        entries: (a,) flat numbers of the coefficients, in the order of arrival; classes, at: their outputs and places
            in Z.
        tied, shared: what gives columns as tied rows share them, and (k, a) of those at work.
        full: the matrix with the room around it, so that kernels see contiguous rows; `K` is its used part.
        cross: (a, m) products with the intercepts; inverse: (m, m) of those among the intercepts, zeros without any.
    """

    def __init__(
        self,
        columns: Columns,
        family: Family,
        y: np.ndarray,
        eta: np.ndarray,
        entries: np.ndarray,
        damping: float = 0.0,
    ):
        self.columns, self.damping, m = columns, damping, eta.shape[1]
        joint = family.joint(y, eta)
        if joint is None:
            self.d, self.v = bend(family, columns.design.weights, y, eta)
            self.tied, self.shared = None, np.zeros((0, 0))
        else:
            (self.d, self.tied), self.v = joint, None
            self.shared = self.tied(np.zeros((len(y), 0)))
        self.bent = np.flatnonzero(self.d.any(axis=1))
        free = columns.design.centred and joint is None
        self.inverse = intercept_inverse(self.d, self.v) if free else np.zeros((m, m))
        self.entries = self.classes = self.at = np.zeros(0, dtype=np.intp)
        self.full, self.root, self.cross = np.zeros((0, 0)), np.zeros(0), np.zeros((0, m))
        self.support = Support()
        self.add(entries)

    @property
    def K(self) -> np.ndarray:
        a = len(self.entries)
        return self.full[:a, :a]

    def add(self, entries: np.ndarray) -> None:
        """Admit coefficients that are not yet among them."""
        if not len(entries):
            return
        old, a = len(self.entries), len(self.entries) + len(entries)
        classes, features = np.divmod(entries, self.columns.design.p)
        self.entries = np.concatenate([self.entries, entries])
        self.classes = np.concatenate([self.classes, classes])
        self.at = np.concatenate([self.at, self.columns.at(features)])
        self.full = wider(self.full, old, a, axes=[0, 1])
        H, h = self._products(old)
        self.cross = np.vstack([self.cross, h])
        H -= (h @ self.inverse) @ self.cross.T
        self.full[old:a, :a] = H
        self.full[:old, old:a] = H[:, :old].T
        diagonal = np.maximum(np.diag(self.K), 0.0)  # what elimination left may be rounding
        diagonal[old:] += self.damping * self.columns.variance[self.at[old:]]
        np.fill_diagonal(self.K, diagonal)
        self.root = np.sqrt(diagonal)

    def predict(self, w: np.ndarray) -> np.ndarray:
        """(n, m) linear predictors without intercepts."""
        local = np.zeros((self.d.shape[1], self.columns.size))
        local[self.classes, self.at] = w
        return (local @ self.columns.Z.T).T  # outputs lie apart, so that sums over them are quick

    def step(
        self, theta: np.ndarray, w: np.ndarray, own: Terms | GroupTerms | ChainTerms
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """From w and the intercepts to the minimum of the quadratic model and the penalty: dw, db, and what the slope
        of the objective promises, which is not finite where the model falls for ever."""
        with np.errstate(over="ignore", invalid="ignore"):
            return self._step(theta, w, own)

    def _step(self, theta, w, own):
        u, ub = (self.columns.Z.T @ theta)[self.at, self.classes], theta.sum(axis=0)
        lift = self.inverse @ ub
        r = u - self.cross @ lift
        if isinstance(own, ChainTerms):
            dw = minimise_stretches(self.K, r, own, w) - w
        elif isinstance(own, GroupTerms):
            dw = minimise_entries(self.K, r + self.K @ w, own, w) - w
        else:
            dw = self.support.solve(self.full, self.root, r + self.K @ w, w, own) - w
        db = lift - self.inverse @ (dw @ self.cross)
        return dw, db, float(u @ dw + ub @ db - own.change(w, dw))

    def _products(self, old: int) -> tuple[np.ndarray, np.ndarray]:
        """New coefficients × all of them, and × the intercepts."""
        at, classes, m = self.at, self.classes, self.d.shape[1]
        H, h = np.zeros((len(at) - old, len(at))), np.zeros((len(at) - old, m))
        across = np.zeros_like(H)
        outputs = [(c, np.flatnonzero(classes == c)) for c in np.unique(classes[old:])]
        every_row = 2 * len(self.bent) > len(self.d)
        for start in range(0, len(self.d) if every_row else len(self.bent), ROWS):
            rows = slice(start, start + ROWS) if every_row else self.bent[start : start + ROWS]
            Z, d = self.columns.Z[rows], self.d[rows]
            if self.v is not None:
                B = Z[:, at] * self.v[rows][:, classes]
                across += B[:, old:].T @ B if old else B.T @ B
                h -= (B[:, old:].T @ self.v[rows]) * (classes[old:, None] != np.arange(m))
            for c, every in outputs:
                new = every[every >= old] - old
                if old:
                    scaled = Z[:, at[old:][new]] * d[:, [c]]
                    block, h[new, c] = scaled.T @ Z[:, at[every]], h[new, c] + scaled.sum(axis=0)
                else:  # a product with itself costs half
                    root = np.sqrt(d[:, c])
                    scaled = Z[:, at[every]] * root[:, None]
                    block, h[new, c] = scaled.T @ scaled, h[new, c] + root @ scaled
                H[np.ix_(new, every)] += block
        if self.v is not None:
            H -= np.where(classes[old:, None] == classes, 0.0, across)
            assert isinstance(self.columns, GrowingGram)
            H += PIN * self.columns.G[np.ix_(at[old:], at)]
        if self.tied is not None:
            shared = self.tied(self.columns.Z[:, at[old:]])
            self.shared = np.hstack([self.shared, shared]) if old else shared
            H -= shared.T @ self.shared  # a product with itself costs half
            h[:] = 0.0
        return H, h


def bend(
    family: Family, weights: np.ndarray, y: np.ndarray, eta: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None]:
    """Weighted second derivative of the rows: d (n, m) on the diagonal, and −v_c v_d off it; v is None where outputs
    are not coupled."""
    d = weights[:, None] * family.curvature(y, eta)
    return d, (np.sqrt(weights)[:, None] * family.mean(eta) if family.coupled else None)


def intercept_inverse(d: np.ndarray, v: np.ndarray | None) -> np.ndarray:
    """(m, m) inverse of the curvature in the intercepts; coupled ones do not see a shift of all, which is left
    alone."""
    total = d.sum(axis=0)
    if v is None:
        return np.diag(np.divide(1.0, total, out=np.zeros_like(total), where=total > 0))
    H = -v.T @ v
    H[np.diag_indices_from(H)] = total
    return np.linalg.pinv(H + total.mean(), rcond=1e-13, hermitian=True)
