"""The path of squared error with an L1 penalty as what it is, straight lines between knots: least angle regression.

Between two knots the columns at work A keep their signs s and one size of their gradients,
`X̃ₐᵀ(ω(y − X̃ₐ w)) = α s`, so that `w(α) = Gₐ⁻¹(cₐ − α s)` is linear in α. A knot is where another gradient reaches α,
and its column joins, or where a coefficient reaches 0, and its column leaves. Coefficients are solved for anew at every knot, so that no error adds up.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import LinAlgError, cho_solve, cholesky

from normax.linear_model.design.design import Design
from normax.linear_model.quadratic.gram import GrowingGram

__all__ = ["Knots", "follow_knots"]

# Share of a column's square left beside the columns at work, below which it is a combination of them and never joins.
REPEATED = 1e-12
# Share of the largest gradient below which α, and a step of it, is rounding; slopes closer than the second never meet.
ROUNDING, PARALLEL = 1e-14, 1e-10


class Knots(NamedTuple):
    """Strengths (k,) of the knots, decreasing, coefficients (k, p) there, the columns at work at the end, in the order
    in which they came, and those that stayed out since they were combinations of columns at work."""

    strengths: np.ndarray
    coef: np.ndarray
    active: list[int]
    repeated: list[int]


def follow_knots(
    design: Design,
    y: np.ndarray,
    *,
    lasso: bool = True,
    positive: bool = False,
    stop: float = 0.0,
    most: int = 500,
) -> Knots:
    """All knots from the largest useful strength down to `stop`, which is the last.

    Args:
        design: the rows; y: (n,) centred response.
        lasso: whether columns leave where their coefficient is 0; without, it is least angle regression itself.
        positive: whether coefficients are >= 0.
        most: steps, and columns at work, at which the path ends before.

    Source:
        Efron, Hastie, Johnstone & Tibshirani, "Least angle regression", Annals of Statistics 2004; Osborne, Presnell &
        Turlach, "A new approach to variable selection in least squares problems", 2000.
    """
    u = design.gradient(design.weighted(y[:, None]))[0]
    sizes = u if positive else np.abs(u)
    joining, alpha = int(np.argmax(sizes)), max(float(sizes.max()), 0.0)
    work, least = _Work(design, u, positive), ROUNDING * alpha
    barred, path = design.constant.copy(), [(max(alpha, stop), np.zeros(design.p))]
    sign, left, repeated = np.sign(u[joining]), -1, set()
    while alpha > max(stop, least) and len(path) <= most and len(work.active) < most:
        if joining >= 0:
            barred[joining] = not work.join(joining, sign)
            if barred[joining]:
                repeated.add(joining)
        base, d = work.line()
        length, joining, sign, leaving = work.event(alpha, base, d, u, barred, left, lasso)
        repeated.update(work.along)
        if length >= alpha - stop:  # the end comes before the knot
            length, leaving = alpha - stop, -1
            alpha = stop
        else:
            alpha -= length
        w = base - alpha * d
        if leaving >= 0:
            w[leaving] = 0.0
        at = np.zeros(design.p)
        at[work.active] = w
        if length <= least:  # another column at the same knot
            path.pop()
        path.append((alpha, at))
        u = design.gradient(design.weighted(y[:, None] - design.predict(at[None])))[0]
        left = -1
        if leaving >= 0:
            left = work.leave(leaving)
            barred = design.constant.copy()
    strengths, coef = zip(*path)
    return Knots(np.array(strengths), np.array(coef), work.active, sorted(repeated - set(work.active)))


class _Work:
    """The columns at work, their signs, the factor of their products, and, of the last step, the columns that go along
    with those at work and never join."""

    def __init__(self, design: Design, c: np.ndarray, positive: bool):
        self.design, self.c, self.positive = design, c, positive
        self.gram = GrowingGram(design)
        self.active: list[int] = []
        self.signs: list[float] = []
        self.factor: Any = np.zeros((0, 0))
        self.along: list[int] = []

    def join(self, j: int, sign: float) -> bool:
        """Whether column j could join: it is no combination of those at work."""
        factor = self._factor([*self.active, j])
        if factor is None:
            return False
        self.active, self.signs, self.factor = [*self.active, j], [*self.signs, float(sign)], factor
        return True

    def leave(self, i: int) -> int:
        """Take out the i-th at work; returns its number."""
        j = self.active[i]
        self.active, self.signs = self.active[:i] + self.active[i + 1 :], self.signs[:i] + self.signs[i + 1 :]
        self.factor = self._factor(self.active)  # fewer than could join
        return j

    def _factor(self, features: list[int]) -> np.ndarray | None:
        at = self.gram.at(np.array(features, dtype=np.intp))
        G = self.gram.G[np.ix_(at, at)]
        try:
            L = cholesky(G, lower=True)
        except LinAlgError:
            return None
        return L if not len(L) or L[-1, -1] ** 2 > REPEATED * G[-1, -1] else None

    def line(self) -> tuple[np.ndarray, np.ndarray]:
        """(base, d) of `w(α) = base − α d`."""
        both = np.column_stack([self.c[self.active], self.signs])
        return tuple(cho_solve((self.factor, True), both).T) if self.active else (np.zeros(0), np.zeros(0))

    def event(
        self,
        alpha: float,
        base: np.ndarray,
        d: np.ndarray,
        u: np.ndarray,
        barred: np.ndarray,
        left: int,
        lasso: bool,
    ) -> tuple[float, int, float, int]:
        """How far below α the next knot is, the column that joins there and its sign, and the place of the one that
        leaves; −1 for none."""
        slopes = np.zeros_like(u)
        if self.active:
            Z = self.gram.Z[:, self.gram.at(np.array(self.active, dtype=np.intp))]
            slopes = self.design.gradient(self.design.weighted(Z @ d[:, None]))[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            up, down = (
                np.where(1 - s * slopes > PARALLEL, np.maximum(alpha - s * u, 0.0) / (1 - s * slopes), np.inf)
                for s in (1.0, -1.0)
            )
        s = np.sign(u)
        along = (np.abs(u) >= alpha * (1 - PARALLEL)) & (np.abs(1 - s * slopes) <= PARALLEL) & ~barred
        self.along = np.setdiff1d(np.flatnonzero(along), self.active).tolist()
        if self.positive:
            down[:] = np.inf
        if left >= 0:  # it starts from α, to the inside
            (up if u[left] > 0 else down)[left] = np.inf
        up[barred], down[barred], up[self.active], down[self.active] = (np.inf,) * 4
        sides = np.minimum(up, down)
        j = int(np.argmin(sides))
        length, sign = float(sides[j]), 1.0 if up[j] <= down[j] else -1.0
        if lasso and self.active:
            size, growth = (base - alpha * d) * self.signs, d * self.signs
            each = np.where(growth < 0, np.maximum(size, 0.0) / np.where(growth < 0, -growth, 1.0), np.inf)
            i = int(np.argmin(each))
            if each[i] < length:
                return float(each[i]), -1, 0.0, i
        return (length, j, sign, -1) if np.isfinite(length) else (np.inf, -1, 0.0, -1)
