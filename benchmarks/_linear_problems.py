"""The problems of the linear benchmarks and the one measure that all contenders share: their duality gap."""

from __future__ import annotations

import numpy as np

# name -> rows, columns, correlation of neighbouring columns
SHAPES = {"tall": (20000, 500, 0.5), "wide": (500, 20000, 0.5), "square": (2000, 2000, 0.9)}
WORKING, FOLDS, STRENGTHS, TARGET = 50, 10, 100, 1e-6


def make(name: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Standardised AR(1) design in Fortran order, centred response, 100 strengths down to a hundredth."""
    n, p, rho = SHAPES[name]
    rng = np.random.default_rng(seed)
    X = np.asfortranarray(rng.standard_normal((n, p)))
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    X -= X.mean(axis=0)
    X /= X.std(axis=0)
    w = np.zeros(p)
    w[rng.choice(p, WORKING, replace=False)] = rng.standard_normal(WORKING)
    y = X @ w
    y += rng.standard_normal(n) * y.std() / 2
    y -= y.mean()
    return X, y, np.abs(X.T @ y).max() / n * np.geomspace(1, 0.01, STRENGTHS)


def folds(n: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """The same ten folds for all."""
    parts = np.array_split(np.random.default_rng(1).permutation(n), FOLDS)
    return [(np.sort(np.concatenate(parts[:k] + parts[k + 1 :])), np.sort(parts[k])) for k in range(FOLDS)]


def largest_gap(X: np.ndarray, y: np.ndarray, strengths: np.ndarray, coef: np.ndarray) -> float:
    """Largest duality gap of coefficients (k, p) over the null deviance, from residuals; the textbook's way."""
    n, null = len(y), 0.5 * y @ y / len(y)
    residual = y - coef @ X.T
    residual -= residual.mean(axis=1, keepdims=True)
    shrink = np.minimum(1, strengths / np.abs(residual @ X / n).max(axis=1))
    primal = 0.5 * (residual**2).sum(axis=1) / n + strengths * np.abs(coef).sum(axis=1)
    dual = null - 0.5 * ((y - shrink[:, None] * residual) ** 2).sum(axis=1) / n
    return float((primal - dual).max() / null)
