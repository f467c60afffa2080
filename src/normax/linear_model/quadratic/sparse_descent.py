"""Squared error on some columns of a sparse matrix: coordinate descent on residuals, finished by conjugate gradients.

    min_w  ½ Σ_i ω_i (y_i − x̃_i·w)² + Σ_j l1_j |w_j| + ½ Σ_j l2_j w_j²    with  lower_j <= w_j <= upper_j

A product of two sparse columns costs less to compute than to look up, so that no Gram matrix is formed. The centring
of the columns is a number beside the residuals: with raw residuals `r = y − Xw`, the centred ones are r + shift,
where `shift = Σ_j mean_j w_j`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from normax.compiled import kernel
from normax.linear_model.design.products import dot, products, subtract
from normax.linear_model.problem.terms import Terms

__all__ = ["SparseColumns"]

# Conjugate gradients look around at this share of what they started from: a face that is too large shows by then.
LOOSE = 0.03


@dataclass
class SparseColumns:
    """Columns of a matrix in compressed form, and what squared error needs to know about rows and columns.

    Attributes:
        indptr, indices, data: of the matrix.
        at: (a,) where in it the columns are.
        weights: (N,) of its rows, Σω = 1; or (1,) if all are alike.
        means: (a,) of the columns, zeros without an intercept.
        squares: (a,) `Σ_i ω_i x̃_ij²`.
    """

    indptr: np.ndarray
    indices: np.ndarray
    data: np.ndarray
    at: np.ndarray
    weights: np.ndarray
    means: np.ndarray
    squares: np.ndarray

    @property
    def matrix(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.indptr, self.indices, self.data

    def minimise(
        self, y: np.ndarray, w: np.ndarray, terms: Terms, scale: float, exact: float, max_rounds: int = 50
    ) -> np.ndarray:
        """Minimise over w, (a,), in place; returns the raw residuals (N,) at the minimum.

        Rounds of descent alternate with a step of conjugate gradients on the face that the signs of w span. The first
        step that changes no sign and leaves no violation is the answer.

        Args:
            y: (N,) centred response; w: a start within the bounds; scale: the size of the gradient at w = 0.
            exact: violations are solved down to this share of l1, or a tenth of it of `scale` where l1 is 0.
        """
        tol = np.where(terms.l1 > 0, exact * terms.l1, 0.1 * exact * scale)
        r = self._residual(y, w)
        passes = 2
        for _ in range(max_rounds):
            # On the way the signs matter and not the digits, which the face step brings.
            columns = (self.at, self.weights, self.means, self.squares)
            point = (w, self.weights * r, float(self.means @ w))
            _descend(*self.matrix, *columns, *point, *terms.charges, passes, tol)
            passes = min(2 * passes, 64)
            r = self._residual(y, w)
            face = np.flatnonzero(((w != 0) | (terms.l1 == 0)) & (terms.lower < w) & (w < terms.upper))
            if len(face):
                met = self._face_step(y, r, w, terms.at(face), face, tol)
                r = self._residual(y, w)
                if met:
                    continue
            if not self._wants_to_move(r, w, terms, tol).any():
                break
        return r

    def gradient(self, r: np.ndarray, w: np.ndarray) -> np.ndarray:
        """(a,) negative gradient of the squared error at raw residuals r."""
        return products(*self.matrix, self.at, self.weights * r) + float(self.means @ w) * self.means

    def _residual(self, y: np.ndarray, w: np.ndarray) -> np.ndarray:
        r = y.copy()
        subtract(*self.matrix, self.at, w, r)
        return r

    def _wants_to_move(self, r: np.ndarray, w: np.ndarray, terms: Terms, tol: np.ndarray) -> np.ndarray:
        g = self.gradient(r, w) - terms.l2 * w
        up = (g - terms.l1 * np.where(w >= 0, 1.0, -1.0) > tol) & (w < terms.upper)
        down = (-g - terms.l1 * np.where(w <= 0, 1.0, -1.0) > tol) & (w > terms.lower)
        return (up | down) & (self.squares + terms.l2 > 0)

    def _face_step(self, y, r, w, terms: Terms, face: np.ndarray, tol: np.ndarray) -> bool:
        """Towards the minimum on the face; tells whether a sign or a bound stopped it."""
        at, means, v = self.at[face], self.means[face], w[face]
        g = products(*self.matrix, at, self.weights * r) + float(self.means @ w) * means
        g -= terms.l1 * np.sign(v) + terms.l2 * v
        # Where each coefficient would leave the face.
        low = np.where((terms.l1 > 0) & (v > 0), 0.0, terms.lower)
        high = np.where((terms.l1 > 0) & (v < 0), 0.0, terms.upper)
        columns = (at, len(y), self.weights, means, terms.l2, self.squares[face] + terms.l2)
        d = _conjugate(*self.matrix, *columns, g, tol[face], 20 + 2 * len(face), low - v, high - v)
        stop = np.where(d > 0, high, low)
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.where((d != 0) & np.isfinite(stop), (stop - v) / d, np.inf)
        beyond = reach < 1.0
        if not beyond.any():
            w[face] += d
            return False
        # Let every coefficient stop where it would leave its face, if that lowers the objective; else stop with the
        # first.
        before, old = self._objective(y, w, face, terms), v.copy()
        w[face] = np.where(beyond, stop, v + d)
        if not self._objective(y, w, face, terms) <= before:
            first = int(np.argmin(reach))
            w[face] = old + reach[first] * d
            w[face[first]] = stop[first]
        return True

    def _objective(self, y: np.ndarray, w: np.ndarray, face: np.ndarray, terms: Terms) -> float:
        r = self._residual(y, w) + float(self.means @ w)
        return 0.5 * float((self.weights * r) @ r) + terms.value(w[face])


@kernel
def _descend(
    indptr, indices, data, at, weights, means, squares, w, theta, shift, l1, l2, lower, upper, passes, tol
):
    """Cyclic coordinate descent in place: over all columns first and last, between over those that moved in.

    θ are the raw residuals times their weights.
    """
    every, alike = True, len(weights) == 1
    for count in range(passes):
        steady = True
        for c in range(len(at)):
            if not every and w[c] == 0.0:
                continue
            h = squares[c] + l2[c]
            if h <= 0.0:
                continue
            start, end = indptr[at[c]], indptr[at[c] + 1]
            z = shift * means[c] + dot(indices, data, start, end, theta) + squares[c] * w[c]
            new = 0.0
            if z > l1[c]:
                new = min((z - l1[c]) / h, upper[c])
            elif z < -l1[c]:
                new = max((z + l1[c]) / h, lower[c])
            d = new - w[c]
            if d != 0.0:
                if abs(d) * h > tol[c]:
                    steady = False
                w[c] = new
                shift += d * means[c]
                if alike:
                    d *= weights[0]
                    for t in range(start, end):
                        theta[np.uintp(indices[t])] -= d * data[t]
                else:
                    for t in range(start, end):
                        i = np.uintp(indices[t])
                        theta[i] -= d * weights[i] * data[t]
        if steady and every:
            break
        every = steady or count == passes - 2


@kernel
def _conjugate(indptr, indices, data, at, n, weights, means, l2, pivots, g, tol, most, low, high):
    """Solve `(X̃ᵀΩX̃ + diag(l2)) d = g` on some columns by conjugate gradients, scaled by the diagonal.

    It stops halfway if the solution shows by then that it will leave [low, high].
    """
    a, alike = len(at), len(weights) == 1
    d, q, v = np.zeros(a), np.empty(a), np.empty(n)
    r, z = g.copy(), np.empty(a)
    rho = 0.0
    for c in range(a):
        z[c] = r[c] / pivots[c] if pivots[c] > 0.0 else 0.0
        rho += r[c] * z[c]
    s, first, looked = z.copy(), rho, False
    for _ in range(most):
        done = True
        for c in range(a):
            if pivots[c] > 0.0 and abs(r[c]) > 0.3 * tol[c]:
                done = False
                break
        if not done and not looked and rho <= LOOSE * LOOSE * first:
            looked = True
            for c in range(a):
                if d[c] < low[c] or d[c] > high[c]:
                    done = True
        if done or rho <= 0.0:
            break
        v[:] = 0.0
        shift = 0.0
        for c in range(a):
            shift += s[c] * means[c]
            for t in range(indptr[at[c]], indptr[at[c] + 1]):
                v[np.uintp(indices[t])] += s[c] * data[t]
        if not alike:
            for i in range(n):
                v[i] *= weights[i]
        unit = weights[0] if alike else 1.0
        curvature = 0.0
        for c in range(a):
            product = dot(indices, data, indptr[at[c]], indptr[at[c] + 1], v)
            q[c] = unit * product - shift * means[c] + l2[c] * s[c]
            curvature += s[c] * q[c]
        if curvature <= 0.0:
            break
        step, old = rho / curvature, rho
        rho = 0.0
        for c in range(a):
            d[c] += step * s[c]
            r[c] -= step * q[c]
            z[c] = r[c] / pivots[c] if pivots[c] > 0.0 else 0.0
            rho += r[c] * z[c]
        for c in range(a):
            s[c] = z[c] + rho / old * s[c]
    return d
