"""The one measure that all contenders share: their duality gap, by the textbook."""

from __future__ import annotations

import numpy as np
from _linear_problems import SIZE, Problem, cox_residual
from scipy.special import log_softmax, logsumexp, softmax, xlogy


def largest_gap(problem: Problem, coef: np.ndarray) -> float:
    """Largest duality gap of coefficients (t, k, m, p) over the null deviance, from residuals; the textbook's way.

    The intercept is refitted for each, so that no contender is charged for the last digits of its own.
    """
    measure = MEASURES[problem.family]
    return max(measure(problem, y, s, w) for y, s, w in zip(problem.y, problem.strengths, coef))


def _gaussian_gap(problem: Problem, y: np.ndarray, strengths: np.ndarray, coef: np.ndarray) -> float:
    """Of the norms of features over the outputs: for one output, of the lasso."""
    n, Y = len(y), y.reshape(len(y), -1)
    null, worst = 0.5 * (Y**2).sum() / n, 0.0
    for s, w in zip(strengths, coef):
        residual = Y - problem.X @ w.T
        c = min(1.0, s * n / np.linalg.norm(problem.X.T @ residual, axis=1).max())
        primal = 0.5 * (residual**2).sum() / n + s * np.linalg.norm(w, axis=0).sum()
        dual = null - 0.5 * ((Y - c * residual) ** 2).sum() / n
        worst = max(worst, primal - dual)
    return float(worst / null)


def _family_gap(problem: Problem, y: np.ndarray, strengths: np.ndarray, coef: np.ndarray) -> float:
    """Fenchel's dual of the logistic and the multinomial loss is the entropy of y − c(y − μ)."""
    X, n = problem.X, len(y)
    Y = (
        np.column_stack([1 - y, y])
        if problem.family == "binomial"
        else np.eye(int(y.max()) + 1)[y.astype(int)]
    )
    null, worst = -(Y.mean(axis=0) * np.log(Y.mean(axis=0))).sum(), 0.0
    for s, w in zip(strengths, coef):
        eta = X @ w.T
        eta = np.column_stack([0 * eta, eta]) if problem.family == "binomial" else eta
        b = np.zeros(Y.shape[1])
        for _ in range(100):
            mean = softmax(eta + b, axis=1)
            slope = (Y - mean).mean(axis=0)
            if np.abs(slope).max() < 1e-15:
                break
            b += np.linalg.pinv(np.diag(mean.mean(axis=0)) - mean.T @ mean / n, hermitian=True) @ slope
        residual = (Y - mean)[:, 1:] if problem.family == "binomial" else Y - mean
        c = min(1.0, s / np.abs(X.T @ residual / n).max())
        a = np.maximum(Y - c * (Y - mean), 1e-300)
        primal = -(Y * log_softmax(eta + b, axis=1)).sum() / n + s * np.abs(w).sum()
        worst = max(worst, primal + (a * np.log(a)).sum() / n)
    return float(worst / null)


def _poisson_gap(problem: Problem, y: np.ndarray, strengths: np.ndarray, coef: np.ndarray) -> float:
    """Fenchel's dual of the Poisson loss exp(η) − yη is Σ a − a log a at a = y − c(y − μ)."""
    X, n = problem.X, len(y)
    null, worst = y.mean() * (1 - np.log(y.mean())), 0.0
    null += (xlogy(y, y) - y).mean()
    for s, w in zip(strengths, coef[:, 0]):
        eta = X @ w
        eta += np.log(y.sum() / np.exp(eta).sum())
        residual = y - np.exp(eta)
        c = min(1.0, s / np.abs(X.T @ residual / n).max())
        a = y - c * residual
        primal = (np.exp(eta) - y * eta).mean() + s * np.abs(w).sum()
        worst = max(worst, primal - (a - xlogy(a, a)).mean())
    return float(worst / null)


def _cox_gap(problem: Problem, y: np.ndarray, strengths: np.ndarray, coef: np.ndarray) -> float:
    """At an event with those at risk, log Σ exp(η) − η_i has the entropy as its dual, of shares q that mix those of the
    fit, softmax(η), with the whole weight on i, so that the gradient is c times that of the fit."""
    X, n, order = problem.X, len(y), np.argsort(y[:, 0])
    event = y[order, 1] > 0
    null, worst = np.log(np.arange(n, 0, -1))[event].sum() / n, 0.0
    at_risk = np.tri(n, dtype=bool).T[event]
    own = np.flatnonzero(event)
    for s, w in zip(strengths, coef[:, 0]):
        eta = (X @ w)[order]
        shares = np.where(at_risk, eta, -np.inf)
        total = logsumexp(shares, axis=1)
        shares = np.exp(shares - total[:, None])
        c = min(1.0, s / np.abs(X.T @ cox_residual(y, X @ w) / n).max())
        q = c * shares
        q[np.arange(len(own)), own] += 1 - c
        primal = (total - eta[event]).sum() / n + s * np.abs(w).sum()
        worst = max(worst, primal + xlogy(q, q).sum() / n)
    return float(worst / null)


def _groups_gap(problem: Problem, y: np.ndarray, strengths: np.ndarray, coef: np.ndarray) -> float:
    """Groups of neighbouring columns, each charged √size times the strength."""
    X, n = problem.X, len(y)
    null, worst = 0.5 * y @ y / n, 0.0
    for s, w in zip(strengths, coef[:, 0]):
        r, charge = y - X @ w, s * np.sqrt(SIZE)
        c = min(1.0, charge / np.linalg.norm((X.T @ r / n).reshape(-1, SIZE), axis=1).max())
        primal = 0.5 * r @ r / n + charge * np.linalg.norm(w.reshape(-1, SIZE), axis=1).sum()
        worst = max(worst, primal - (c * (r @ y) - 0.5 * c * c * (r @ r)) / n)
    return float(worst / null)


MEASURES = {
    "gaussian": _gaussian_gap,
    "binomial": _family_gap,
    "multinomial": _family_gap,
    "poisson": _poisson_gap,
    "cox": _cox_gap,
    "groups": _groups_gap,
}
