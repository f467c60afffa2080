"""Two coefficients of a real fit: the loss around them, and the ball of the penalty that holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize

from normax.diagnostics.columns import feature_names as named
from normax.errors import InputError, suggest
from normax.linear_model.design.validation import check_design, plain_weights
from normax.linear_model.families import family_of
from normax.linear_model.grid import grid_of
from normax.linear_model.path import fit_path

__all__ = ["Constraint", "constraint"]


@dataclass(frozen=True, repr=False)
class Constraint:
    """Two coefficients along a path, the others held at their fit: a slice of the true objective.

    The fit (a, b) minimises the loss among all points of this slice with Ω(a, b) no larger than its own, which is why
    the contour through it touches the ball there.

    Attributes:
        names: of the two coefficients.
        strengths: `(k,)`, falling.
        coef: `(k, 2)` of the penalised fits.
        free: `(k, 2)` where the loss alone is smallest, the others held at the fit of that strength.
        l1_ratio: r of `Ω(w) = r ‖w‖₁ + (1 − r)/2 ‖w‖₂²`.
        size: `(k,)` Ω of the two: how large the ball is.

    Made by `constraint`.
    """

    names: tuple[str, str]
    strengths: np.ndarray
    coef: np.ndarray
    free: np.ndarray
    l1_ratio: float
    _pair: np.ndarray  # (n, 2) columns
    _rest: np.ndarray  # (k, n) linear predictor of all else
    _rows: tuple[Any, np.ndarray, np.ndarray]  # family, response (n, 1), weights (n,)

    @property
    def size(self) -> np.ndarray:
        """`(k,)` Ω of the two coefficients."""
        r, w = self.l1_ratio, self.coef
        return r * np.abs(w).sum(axis=1) + (1 - r) / 2 * (w**2).sum(axis=1)

    def loss(self, index: int, a: Any, b: Any) -> np.ndarray:
        """Mean loss at points (a, b) of the slice of one strength; shaped as a and b together."""
        family, y, weights = self._rows
        return _loss(family, y, weights, self._pair, self._rest[index], np.stack(np.broadcast_arrays(a, b)))

    def boundary(self, index: int, points: int = 361) -> np.ndarray:
        """`(2, points)` around the ball Ω(a, b) = size of one strength, closed, corners among the points for 4k + 1."""
        angle = np.linspace(0, 2 * np.pi, points)
        way = np.stack([np.cos(angle), np.sin(angle)])
        r, t, taxi = self.l1_ratio, self.size[index], np.abs(way).sum(axis=0)
        if r == 1:
            return way * t / taxi
        return way * (np.sqrt((r * taxi) ** 2 + 2 * (1 - r) * t) - r * taxi) / (1 - r)

    def telling(self) -> int:
        """Index of a strength that shows what the penalty does: one coefficient zero and the other not, if there is
        such a one, else the ball at about half its way to the free minimum."""
        corner = np.flatnonzero((self.coef != 0).sum(axis=1) == 1)
        if len(corner):
            return int(corner[len(corner) // 2])
        reach = np.linalg.norm(self.coef, axis=1) / np.maximum(np.linalg.norm(self.free, axis=1), 1e-300)
        return int(np.argmin(np.abs(reach - 0.5)))

    def __repr__(self) -> str:
        return f"Constraint({self.names[0]!r}, {self.names[1]!r}; {len(self.strengths)} strengths)"


def constraint(
    X: Any,
    y: Any,
    features: Sequence[Any] = (0, 1),
    *,
    strengths: Any = 50,
    l1_ratio: float = 1.0,
    family: Any = "gaussian",
    feature_names: Any = None,
    sample_weight: Any = None,
    **options: Any,
) -> Constraint:
    """Why the lasso sets coefficients to zero and ridge does not, from a real fit: two coefficients of a linear model,
    the loss around them, and the diamond, circle or what lies between that holds them.

    All columns are fitted; of the result, the other coefficients (and, but for squared error, the intercept) are held.

    Args:
        X, y, family, sample_weight, options: as of `fit_path`; columns of one scale make a picture that one can read.
        features: two columns, by number or name.
        strengths: a count (from the smallest that leaves no coefficient), or the values.
        l1_ratio: 1 for the lasso's diamond (default), 0 for ridge's circle.
        feature_names: of the columns; of a data frame its own.

    Returns:
        A `Constraint`; `nx.plot.constraint` draws it.

    Raises:
        InputError: for columns that there are not, and a response of several outputs.

    Example:
        >>> X = np.random.default_rng(0).normal(size=(60, 3))
        >>> found = constraint(X, X[:, 0] + 0.2 * X[:, 1], strengths=[0.5, 0.01])
        >>> found.coef.round(2).tolist(), found.boundary(0, 5).round(2).tolist()[0]
        ([[0.59, 0.0], [0.99, 0.19]], [0.59, 0.0, -0.59, -0.0, 0.59])

    Source:
        Tibshirani, "Regression shrinkage and selection via the lasso", JRSS B 1996, figure 2.
    """
    p = np.shape(X)[1]
    names = named(feature_names, X, p)
    pair = [_column(name, names) for name in features]
    if len(pair) != 2 or pair[0] == pair[1]:
        raise InputError(f"features: expected two different columns, got {list(features)}")
    dense, loss = np.asarray(check_design(X), float), family_of(family)
    response = loss.response(y, len(dense))
    if response.shape[1] != 1 or not loss.rows_apart:
        raise InputError(f"constraint: expected a loss of one output, row by row, got {loss.name}")
    rules = {"family": family, "l1_ratio": l1_ratio, "sample_weight": sample_weight, **options}
    grid = np.sort(grid_of(strengths, dense, y, **rules))[::-1]
    path = fit_path(dense, y, strengths=grid, **rules)
    weights = plain_weights(sample_weight, len(dense))
    weights = weights / weights.sum()
    coef, columns = path.coef[:, 0][:, pair], dense[:, pair]
    rest = path.predict(dense)[:, :, 0] - coef @ columns.T
    if loss.name == "gaussian" and options.get(
        "fit_intercept", True
    ):  # the intercept gives way: all is centred
        columns = columns - weights @ columns
        response = response - weights @ response
        rest = rest - (rest @ weights)[:, None]
    free = np.array([_free(loss, response, weights, columns, r, w) for r, w in zip(rest, coef)])
    two = (names[pair[0]], names[pair[1]])
    return Constraint(two, grid, coef, free, float(l1_ratio), columns, rest, (loss, response, weights))


def _column(name: Any, names: tuple[str, ...]) -> int:
    if isinstance(name, (int, np.integer)) and -len(names) <= name < len(names):
        return int(name) % len(names)
    if str(name) not in names:
        raise InputError(f"features: no column {name!r}{suggest(str(name), names)}")
    return names.index(str(name))


def _loss(
    family: Any, y: Any, weights: Any, pair: np.ndarray, rest: np.ndarray, at: np.ndarray
) -> np.ndarray:
    """Mean loss of points `(2, ...)`; squared error by its moments."""
    flat = at.reshape(2, -1)
    if family.name == "gaussian":
        left = y[:, 0] - rest
        quadratic = np.einsum("im,ij,jm->m", flat, (weights[:, None] * pair).T @ pair, flat)
        values = 0.5 * quadratic - (weights * left) @ pair @ flat + 0.5 * weights @ left**2
    else:
        values = np.array([weights @ family.loss(y, (rest + pair @ w)[:, None]) for w in flat.T])
    return values.reshape(at.shape[1:])


def _free(
    family: Any, y: Any, weights: Any, pair: np.ndarray, rest: np.ndarray, start: np.ndarray
) -> np.ndarray:
    if family.name == "gaussian":
        root = np.sqrt(weights)
        return np.linalg.lstsq(root[:, None] * pair, root * (y[:, 0] - rest), rcond=None)[0]
    return minimize(
        lambda w: float(_loss(family, y, weights, pair, rest, w[:, None])[0]), start, method="BFGS"
    ).x
