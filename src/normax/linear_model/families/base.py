"""What a family tells the solvers: a loss that is convex in its linear predictors, and how to certify it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import xlogy

from normax.errors import InputError
from normax.linear_model.design.validation import refuse_not_finite

__all__ = ["EDGE", "Family", "log_sum", "relative_entropy", "weighted_mean", "weighted_quantile"]


# How close a starting mean may come to the edge of its range.
EDGE = 1e-10


class Family:
    """A loss per row, on arrays of shape (n, m) for n rows and m outputs, convex in the linear predictors η.

    A new family is a file with one class, and an object of it is what `family=` takes; those of this package have a
    name in `FAMILIES` as well. What it must say are `mean`, `link`, `loss`, `curvature` and `divergence`; that
    suffices for the negative log-likelihood of an exponential family under its canonical link, whose gradient in η is
    μ − y. Any other loss says `residual` and `deviance` instead of `divergence`. One with kinks says `mean`, `link`,
    `loss`, `deviance` and `smoothed`.

    Attributes:
        name: what users call it.
        coupled: whether the second derivative of a row is −μ_c μ_d off its diagonal, as the softmax's, instead of 0.
        identity: whether the mean is the linear predictor itself, so that coefficients carry the unit of y.
        classes: whether the response are classes, or shares of them.
        rows_apart: whether the loss of a row depends on that row alone; not so for a partial likelihood, whose `loss`,
            `residual`, `curvature` and `fenchel` are given all rows of one fit and add up to its total.
        ties_weighted: whether `suited` teaches a family that ties rows their weights; otherwise they must be equal.
        nonsmooth: whether the loss has kinks, so that there is `smoothed` instead of `residual` and `curvature`.
        reach: size of the dual points of a loss with kinks; patience, narrower: after so many rounds its smoothing is
            this share of what it was.
        edges: ends of the range of the mean, which no finite η reaches: where all of y lies there, no constant is best.
        likelihood: whether the loss is a negative log-likelihood up to a constant, as information criteria need it.
        compiled_row: which case of `rows.evaluate` has the same formulas, for speed on few rows; None is always right.
    """

    name: str
    coupled = False
    identity = False
    classes = False
    rows_apart = True
    ties_weighted = False
    nonsmooth = False
    reach, patience, narrower = 1.0, 8, 0.5
    edges = (-np.inf, np.inf)
    likelihood = True
    compiled_row: int | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def refuse_if_tied(self, what: str) -> None:
        """An InputError where the rows are not apart and `what` is only right if they are."""
        if not self.rows_apart:
            raise InputError(
                f"family: {what} needs rows that each have a loss of their own, got {self.name!r}, which ties them; "
                "use fit_path with rows of equal weight, and judge its predictions by the family's own measure"
            )

    def at_edge(self, y: np.ndarray) -> np.ndarray:
        """(m,) which outputs of y, (n, m), are at an end of the range of means in every row, so that no finite
        intercept is the best. Of classes that are told apart, all are or none is: one may never occur."""
        at = (y[0] == np.asarray(self.edges)[:, None]).any(axis=0)
        if at.any():
            at &= (y == y[0]).all(axis=0)
        return at & at.all() if self.coupled else at

    def refuse_edge(self, y: np.ndarray) -> None:
        """An InputError where outputs of y are at an edge."""
        at = np.flatnonzero(self.at_edge(y))
        if len(at):
            value = f"class {np.argmax(y[0])}" if self.coupled else f"{y[0, at[0]]:g}"
            where = "" if self.coupled or y.shape[1] == 1 else f" of output {', '.join(map(str, at))}"
            raise InputError(
                f"y: {self.name} expects rows that differ, got {value} in every row{where}, where no "
                "finite intercept is the best; predict that value, or use fit_intercept=False"
            )

    def response(self, y: Any, n: int) -> np.ndarray:
        """y as (n, m) finite floats that suit the family."""
        y = np.asarray(y)
        if y.dtype.kind not in "fiub":
            raise InputError(f"y: expected numbers, got dtype {y.dtype}")
        if y.ndim not in (1, 2) or len(y) != n:
            raise InputError(f"y: expected one entry for each of the {n} rows of X, got shape {y.shape}")
        refuse_not_finite("y", y)
        return y.astype(float).reshape(n, -1)

    def mean(self, eta: np.ndarray) -> np.ndarray:
        """Expected response μ(η), (n, m)."""
        raise NotImplementedError

    def link(self, mean: np.ndarray) -> np.ndarray:
        """A finite linear predictor whose mean this is, to within EDGE."""
        raise NotImplementedError

    def constant(self, y: np.ndarray, weights: np.ndarray, offset: np.ndarray) -> np.ndarray:
        """(m,) constants that fit best beside an offset (n, m), or about so: solvers start there.

        Args:
            y: (n, m); weights: (n,) that sum to 1.
        """
        return self.link(weighted_mean(y, weights)) - weights @ offset

    def loss(self, y: np.ndarray, eta: np.ndarray) -> np.ndarray:
        """Loss of each row, (n,)."""
        raise NotImplementedError

    def residual(self, y: np.ndarray, eta: np.ndarray) -> np.ndarray:
        """−∂loss/∂η, (n, m)."""
        return y - self.mean(eta)

    def curvature(self, y: np.ndarray, eta: np.ndarray) -> np.ndarray:
        """∂²loss/∂η_c² of each row, (n, m); an upper bound will do."""
        raise NotImplementedError

    def joint(
        self, y: np.ndarray, eta: np.ndarray
    ) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]] | None:
        """For a family that ties rows, the second derivative `diag(d) − BᵀB` of the mean loss in η, which must not see
        a shift of all rows: d (n, 1), and a function from columns Z (n, a) to B Z. None leaves it at `curvature`."""
        return None

    def convex_at(self, y: np.ndarray) -> bool:
        """Whether the loss of every row of y is convex in η; where it is not, gaps tell of stationary points alone."""
        return True

    def suited(self, y: np.ndarray, weights: np.ndarray, offset: np.ndarray) -> Family:
        """The same loss in the form in which solvers do best on rows such as these."""
        return self

    def plain(self) -> Family:
        """The family as users name it, without what `suited` taught it of rows."""
        return self

    def smoothed(self, width: float, about: np.ndarray) -> Family:
        """For a loss with kinks, the smooth `max_v [v·(−η) − loss*(−v) − width/2 ‖v − about‖²]` of each row.

        Its `residual` is the v of the maximum, a dual point of the loss itself, and it is the loss itself that its
        `deviance` and `fenchel`, at any c, are about.
        """
        raise NotImplementedError

    def divergence(self, a: np.ndarray, mean: np.ndarray) -> np.ndarray:
        """Half the unit deviance of each row between the means `a` and `mean`, (n,): the Bregman distance, >= 0."""
        raise NotImplementedError

    def deviance(self, y: np.ndarray, eta: np.ndarray) -> np.ndarray:
        """Loss of each row above the least that any η gives it, (n,), >= 0."""
        return self.divergence(y, self.mean(eta))

    def fenchel(self, y: np.ndarray, eta: np.ndarray, c: Any) -> np.ndarray:
        """`loss(η) + loss*(−c r) + c r·η` of each row, (n,), with the residual r and c in [0, 1], a number or (n, 1):
        what shrinking the dual point to c r costs; >= 0, and 0 at c = 1. A bound from above will do, such as 1 − c
        times the deviance, which the conjugate's convexity gives to any loss that knows no better."""
        if type(self).divergence is Family.divergence:
            return np.ravel(1 - c) * self.deviance(y, eta)
        mean = self.mean(eta)
        return self.divergence(y - c * (y - mean), mean)

    def residual_range(self, y: np.ndarray) -> tuple[Any, Any]:
        """The least and the largest residual, each a number or (n, m), that any linear predictors come near."""
        return -np.inf, np.inf

    def young(self, y: np.ndarray, eta: np.ndarray, v: np.ndarray) -> np.ndarray | None:
        """`loss(η) + loss*(−v) + v·η` of each row, (n,), for any v (n, m) in the range of residuals: what a dual
        point that is not the residual costs; >= 0, and None where the conjugate is not known."""
        if type(self).divergence is Family.divergence:
            return None
        return self.divergence(y - v, self.mean(eta))


def log_sum(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(m,) `log Σ_i ω_i e^{x_i}` of (n, m) x and weights, (n, 1) or (n, m); weights that are all 0 count as EDGE."""
    largest = x.max(axis=0)
    total = (weights * np.exp(x - largest)).sum(axis=0)
    return largest + np.log(np.where(total > 0, total, EDGE))


def weighted_mean(y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(m,) means of (n, m) y by weights that sum to 1; exact where y is constant."""
    return np.where(y.min(axis=0) == y.max(axis=0), y[0], weights @ y)


def weighted_quantile(v: np.ndarray, weights: np.ndarray, level: float) -> np.ndarray:
    """(m,) smallest entries of (n, m) v up to which a share `level` of the weights (n,) lies."""
    order = np.argsort(v, axis=0, kind="stable")
    reached = np.cumsum(weights[order], axis=0) >= level * weights.sum() * (1 - 1e-12)
    return np.take_along_axis(v, order, axis=0)[np.argmax(reached, axis=0), np.arange(v.shape[1])]


def relative_entropy(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`a log(a/b)`, 0 where a = 0; means that underflowed to 0 count as the smallest number there is."""
    return xlogy(a, a / np.maximum(b, np.finfo(float).tiny))
