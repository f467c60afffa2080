"""Columns that all but combine to each other: groups and lassos still end at their minimum."""

import numpy as np
import pytest

from normax.linear_model import fit_path, max_strength
from normax.linear_model.quadratic.group_smoothing import minimise_smoothed
from normax.penalties import GroupLasso, SparseGroupLasso


def _autoregressive(rng, n, p, rho):
    X = rng.normal(size=(n, p))
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    return X


@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson"])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5])
@pytest.mark.parametrize(("n", "p", "rho"), [(60, 32, 0.9999), (30, 60, 0.999)])
def test_groups_of_nearly_equal_columns_are_certified_down_to_small_strengths(family, l1_ratio, n, p, rho):
    rng = np.random.default_rng(0)
    X = _autoregressive(rng, n, p, rho)
    signal = X[:, :3] @ [1.0, -1.0, 0.5]
    y = {
        "gaussian": signal + rng.normal(size=n),
        "binomial": (rng.random(n) < 1 / (1 + np.exp(-signal))).astype(float),
        "poisson": rng.poisson(np.exp(np.clip(signal, -3, 3))),
    }[family]
    labels = np.arange(p) // 4
    penalty = SparseGroupLasso(1.0, labels, l1_ratio=l1_ratio) if l1_ratio else GroupLasso(1.0, labels)
    given = {"family": family, "penalty": penalty}
    path = fit_path(X, y, strengths=max_strength(X, y, **given) * np.geomspace(0.5, 1e-6, 5), **given)
    assert path.gap.max() <= 1e-8


def test_rounded_norms_end_where_proximal_gradients_do():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(30, 9)) * [1, 1, 1, 3, 3, 3, 0.1, 0.1, 0.1]
    K, q, owner = A.T @ A / 30, A.T @ rng.normal(size=30) / 10, np.arange(9) // 3
    l1, charge = np.full(9, 0.05), np.full(3, 0.1)
    w, step = np.zeros(9), 1 / np.linalg.eigvalsh(K)[-1]
    for _ in range(200_000):
        v = w + step * (q - K @ w)
        v = np.sign(v) * np.maximum(np.abs(v) - step * l1, 0.0)
        norms = np.sqrt(np.bincount(owner, v**2))[owner]
        w = v * np.maximum(1 - step * charge[owner] / np.maximum(norms, 1e-300), 0.0)
    found = minimise_smoothed(K, q, l1, charge, owner, np.zeros(9))
    np.testing.assert_allclose(found, w, atol=1e-6)
    np.testing.assert_array_equal(found == 0, w == 0)


@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson"])
def test_a_category_under_two_names_is_a_vertex_of_few_columns(family):
    """Twins of all columns and levels that sum to one: no fit needs more columns than they have directions."""
    rng = np.random.default_rng(0)
    a = np.r_[np.arange(30), rng.integers(0, 30, 90)]
    X = np.hstack([np.eye(30)[a], np.eye(30)[a][:, rng.permutation(30)], rng.normal(size=(120, 1))])
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    y = rng.normal(size=30)[a] + X[:, -1] + rng.normal(size=120)
    y = y if family == "gaussian" else (y > 0).astype(float)
    path = fit_path(
        X, y, family=family, strengths=max_strength(X, y, family=family) * np.geomspace(1, 1e-2, 20)
    )
    assert path.gap.max() <= 1e-9
    assert path.nonzero.max() <= np.linalg.matrix_rank(X)
