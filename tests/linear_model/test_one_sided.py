"""Groups and SLOPE on coefficients that may not be negative, against a conic solver."""

import cvxpy as cp
import numpy as np
import pytest

from normax.linear_model import PenalisedRegressor, fit_path, max_strength
from normax.penalties import L2, SLOPE, ElasticNet, Fused, GroupLasso, Nonnegative, SparseGroupLasso

LABELS = np.repeat(np.arange(4), 3)
LEVELS = np.linspace(1.5, 0.5, 12)


def groups(W):
    return sum(np.sqrt(3 * W.shape[0]) * cp.norm(W[:, g == LABELS], "fro") for g in range(4))


def ordered(W):
    steps = LEVELS - np.append(LEVELS[1:], 0)
    return sum(step * cp.sum_largest(cp.abs(W), i + 1) for i, step in enumerate(steps))


CASES = {
    "groups": (GroupLasso(1.0, LABELS), groups),
    "groups and L2": (GroupLasso(1.0, LABELS) + L2(0.5), lambda W: groups(W) + cp.sum_squares(W) / 4),
    "sparse groups": (SparseGroupLasso(1.0, LABELS, 0.3), lambda W: 0.7 * groups(W) + 0.3 * cp.sum(W)),
    "groups and mixture": (
        GroupLasso(1.0, LABELS) + ElasticNet(0.4, 0.5),
        lambda W: groups(W) + 0.2 * cp.sum(W) + cp.sum_squares(W) / 10,
    ),
    "SLOPE": (SLOPE(1.0, weights=tuple(LEVELS)), ordered),
    "SLOPE and L2": (
        SLOPE(1.0, weights=tuple(LEVELS)) + L2(0.5),
        lambda W: ordered(W) + cp.sum_squares(W) / 4,
    ),
}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 12))
    y = X[:, 0] - X[:, 1] + 2 * X[:, 5] + rng.normal(size=60)
    return X, np.column_stack([y, rng.normal(size=60) - y])


def conic(X, Y, value, strength):
    W, b = cp.Variable((Y.shape[1], 12), nonneg=True), cp.Variable((1, Y.shape[1]))
    loss = cp.sum_squares(Y - X @ W.T - np.ones((60, 1)) @ b) / 120
    cp.Problem(cp.Minimize(loss + strength * value(W))).solve(
        cp.CLARABEL, tol_gap_rel=1e-12, tol_gap_abs=1e-12
    )
    return W.value


@pytest.mark.parametrize("name", CASES)
def test_one_sided_fits_are_those_of_a_conic_solver(data, name):
    X, Y = data
    penalty, value = CASES[name]
    top = max_strength(X, Y[:, 0], penalty=penalty, lower=0)
    strengths = top * np.array([1.001, 0.99, 0.1])
    path = fit_path(X, Y[:, 0], penalty=penalty, lower=0, strengths=strengths, tol=1e-9)
    assert not path.stationary
    assert path.gap.max() <= 1e-9
    assert path.nonzero[0] == 0 < path.nonzero[1]
    assert path.coef.min() == 0
    for i in (1, 2):
        np.testing.assert_allclose(path.coef[i], conic(X, Y[:, :1], value, strengths[i]), atol=2e-5)
    same = fit_path(X, Y[:, 0], penalty=penalty + Nonnegative(), strengths=strengths, tol=1e-9)
    np.testing.assert_array_equal(same.coef, path.coef)


def test_rows_of_several_outputs_are_groups(data):
    X, Y = data
    path = fit_path(X, Y, penalty=GroupLasso(1.0, "in"), lower=0, strengths=[0.1, 0.01], tol=1e-9)
    assert path.gap.max() <= 1e-9
    assert not path.stationary

    def rows(W):
        return sum(np.sqrt(2) * cp.norm(W[:, j]) for j in range(12))

    for i, s in enumerate(path.strengths):
        np.testing.assert_allclose(path.coef[i], conic(X, Y, rows, s), atol=2e-5)


def test_other_losses_and_the_estimator(data):
    X, Y = data
    classes = (Y[:, 0] > 0).astype(float)
    told = {"penalty": GroupLasso(1.0, LABELS), "family": "binomial", "lower": 0}
    path = fit_path(X, classes, strengths=[0.05, 0.01], **told)
    assert path.gap.max() <= 1e-6
    assert path.coef.min() == 0 < path.nonzero.min()
    model = PenalisedRegressor(SLOPE(0.1), lower=0).fit(X, Y[:, 0])
    assert model.coef_.min() == 0 < model.coef_.max()
    fused = [fit_path(X, Y[:, 0], penalty=p, strengths=[0.1], lower=lower).coef
             for p, lower in ((Fused(1.0), 0), (Fused(1.0) + Nonnegative(), None))]  # fmt: skip
    np.testing.assert_array_equal(*fused)
