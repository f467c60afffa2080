"""Copies of columns that mimic how they hang together and know nothing of the response."""

from __future__ import annotations

import numpy as np

from normax.errors import InputError

__all__ = ["fixed_copies", "gaps", "gaussian_copies"]

ROUNDING = 1e-10


def gaps(R: np.ndarray, rule: str, sweeps: int = 50) -> np.ndarray:
    """(p,) how far each copy's correlation with its column stays below 1: s with `0 <= s` and `2R − diag(s)` positive
    semi-definite, for a correlation matrix R.

    Args:
        rule: "equal" takes the largest s alike for all, `min(1, 2 λ_min(R))`. "reconstruction" minimises how well a
            column is told from the others and the copies, `tr(G⁻¹) = Σ 1/s_j + tr((2R − diag(s))⁻¹)` of their joint
            matrix G, coordinate by coordinate, each in closed form.

    Source:
        Spector & Janson, "Powerful knockoffs via minimizing reconstructability", Annals of Statistics 2022.

    Example:
        >>> gaps(np.eye(2), "reconstruction").round(6).tolist(), gaps(np.eye(2), "equal").round(6).tolist()
        ([1.0, 1.0], [1.0, 1.0])
    """
    p = len(R)
    least = float(np.linalg.eigvalsh(R)[0])
    s = np.full(p, min(1.0, 2 * least))
    if least <= ROUNDING:
        raise InputError(
            "X: expected columns none of which repeats others, got a covariance without an inverse; leave some out"
        )
    if rule == "equal":
        return s * (1 - 1e-8)
    s *= 0.9
    for _ in range(sweeps):
        before, A = s.copy(), np.linalg.inv(2 * R - np.diag(s))
        for j in range(p):
            a, root = A[j, j], np.sqrt(A[j] @ A[j])
            move = (1 - root * s[j]) / (root + a)
            s[j] += move
            A += np.outer(A[j], A[j] * (move / (1 - move * a)))
        if np.abs(s - before).max() <= 1e-6:
            break
    return s


def gaussian_copies(X: np.ndarray, means: np.ndarray, R: np.ndarray, s: np.ndarray, rng) -> np.ndarray:
    """Model-X copies, a draw of `N(x − (x − μ)R⁻¹diag(s), 2 diag(s) − diag(s)R⁻¹diag(s))` for each row x of X (n, p).

    Source:
        Candès, Fan, Janson & Lv, "Panning for gold: model-X knockoffs for high dimensional controlled variable
        selection", JRSS B 2018.
    """
    pull = np.linalg.solve(R, np.diag(s))
    return X - (X - means) @ pull + rng.normal(size=X.shape) @ _root(2 * np.diag(s) - s[:, None] * pull)


def fixed_copies(X: np.ndarray, R: np.ndarray, s: np.ndarray, rng) -> np.ndarray:
    """Fixed-X copies X̃ of columns of length 1 and products R, n >= 2p (and one more where they are centred, which the
    copies are then too): `X̃ᵀX̃ = R` and `XᵀX̃ = R − diag(s)`.

    Source:
        Barber & Candès, "Controlling the false discovery rate via knockoffs", Annals of Statistics 2015.
    """
    n, p = X.shape
    pull = np.linalg.solve(R, np.diag(s))
    basis = np.linalg.qr(np.hstack([np.ones((n, 1)), X, rng.normal(size=(n, p))]))[0]
    return X - X @ pull + basis[:, -p:] @ _root(2 * np.diag(s) - s[:, None] * pull)


def _root(V: np.ndarray) -> np.ndarray:
    """The symmetric A with AA = V, which rounding may have left with eigenvalues just below 0; of all roots the one
    that rounding does not turn."""
    values, vectors = np.linalg.eigh((V + V.T) / 2)
    return vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
