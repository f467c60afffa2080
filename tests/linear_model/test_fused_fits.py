"""Fits of the fused lasso against a convex solver, on designs that proximal gradients lose themselves in."""

import warnings

import cvxpy as cp
import numpy as np
import pytest
import scipy.sparse
from sklearn.exceptions import ConvergenceWarning

from normax.errors import Notice
from normax.linear_model import PenalisedRegressor, fit_path, max_strength
from normax.linear_model.families import FAMILIES
from normax.penalties import L1, L2, Fused, Nonnegative

N, P = 30, 10
LOSSES = {
    "gaussian": lambda y, e: cp.square(y - e) / 2,
    "huber": lambda y, e: cp.huber(y - e) / 2,
    "binomial": lambda y, e: cp.logistic(e) - cp.multiply(y, e),
    "poisson": lambda y, e: cp.exp(e) - cp.multiply(y, e),
    "gamma": lambda y, e: e + cp.multiply(y, cp.exp(-e)),
    "tweedie": lambda y, e: 2 * cp.multiply(y, cp.exp(-e / 2)) + 2 * cp.exp(e / 2),
}
DESIGNS = {
    "plain": lambda z: z,
    "alike": lambda z: z[:, :1] + 0.03 * z,
    "wide": lambda z: z[:8],
    "scaled": lambda z: z * np.geomspace(1e-4, 1e4, P)[np.argsort(z[0])],
    "twice": lambda z: np.repeat(z[:, ::2], 2, axis=1),
    "two rows": lambda z: z[:2],
    "one row": lambda z: z[:1],
    "nothing": lambda z: 0 * z,
}
MIXTURES = [(0.0, 0.0), (0.5, 0.0), (0.0, 0.2), (3.0, 1.0)]


def data(family, design, rng):
    z = rng.normal(size=(N, P))
    X = DESIGNS[design](z)
    lin = z[: len(X)] @ np.repeat([0.6, -0.4, 0.0, 0.5, 0.2], 2)
    y = {
        "gaussian": lambda: 3 * lin + rng.normal(size=len(X)),
        "huber": lambda: 3 * lin + rng.standard_t(2, size=len(X)),
        "binomial": lambda: np.clip((lin > rng.logistic(size=len(X))) * 1.0, 0.02, 0.98),
        "poisson": lambda: rng.poisson(np.exp(lin)) + 1.0,
        "gamma": lambda: np.exp(lin) * rng.gamma(2, size=len(X)),
        "tweedie": lambda: np.exp(lin) * rng.gamma(2, size=len(X)),
        "multinomial": lambda: np.eye(3)[rng.integers(3, size=len(X))] * 0.9 + 1 / 30,
    }[family]()
    return X, y


def penalty_of(l1, l2):
    return Fused(1.0) + L1(l1) + L2(l2)


def value(family, X, y, weights, W, b, s, l1, l2):
    rows = FAMILIES[family]().loss(y.reshape(len(X), -1), X @ W.T + b)
    return weights @ rows + s * penalty_of(l1, l2).value(W)


def least(family, X, y, weights, s, l1, l2, m=1, positive=False):
    """What a convex solver finds, on columns of one size: coefficients and intercept."""
    unit = 1 / np.sqrt(np.maximum((X**2).mean(axis=0), 1e-30)) if X.any() else np.ones(P)
    V, b = cp.Variable((m, P)), cp.Variable((1, m))
    W, eta = V @ np.diag(unit), (X * unit) @ V.T + np.ones((len(X), 1)) @ b
    if family == "multinomial":
        rows = cp.log_sum_exp(eta, axis=1) - cp.sum(cp.multiply(y, eta), axis=1)
    else:
        rows = LOSSES[family](y, eta[:, 0])
    charge = cp.sum(cp.abs(W[:, 1:] - W[:, :-1])) + l1 * cp.sum(cp.abs(W)) + l2 / 2 * cp.sum_squares(W)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cp.Problem(cp.Minimize(weights @ rows + s * charge), [V >= 0] if positive else []).solve(
            solver="CLARABEL"
        )
    return V.value * unit, b.value[0]


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("family", [*LOSSES, "multinomial"])
def test_the_gap_bounds_what_a_convex_solver_finds(family, design):
    rng = np.random.default_rng(len(family) + 10 * len(design))
    X, y = data(family, design, rng)
    weights = rng.uniform(0.5, 2, size=len(X))
    weights /= weights.sum()
    for (l1, l2), share in zip(MIXTURES, rng.permutation([0.5, 0.03, 1e-3, 1e-5])):
        shape = {"family": family, "penalty": penalty_of(l1, l2), "sample_weight": weights}
        s = share * (max_strength(X, y, **shape) or 1.0)
        path = fit_path(X, y, strengths=[s], **shape)
        assert not path.stationary
        assert path.gap[0] <= 1e-6
        W, b = path.coef[0], path.intercept[0]
        ours = value(family, X, y, weights, W, b, s, l1, l2)
        theirs = value(family, X, y, weights, *least(family, X, y, weights, s, l1, l2, len(W)), s, l1, l2)
        assert ours - theirs <= (path.gap[0] + 1e-9) * (path.null_deviance or 1.0)


@pytest.mark.parametrize("design", ["plain", "alike", "scaled", "wide"])
@pytest.mark.parametrize("family", ["gaussian", "poisson"])
def test_coefficients_that_must_not_be_negative_are_certified_too(family, design):
    X, y = data(family, design, np.random.default_rng(len(design)))
    weights = np.full(len(X), 1 / len(X))
    for (l1, l2), share in zip(MIXTURES, (0.5, 0.03, 1e-3, 1e-5)):
        shape = {"family": family, "penalty": penalty_of(l1, l2) + Nonnegative()}
        s = share * max_strength(X, y, **shape)
        path = fit_path(X, y, strengths=[s, 0.0], **shape)
        assert not path.stationary
        assert path.gap[0] <= 1e-6
        assert path.coef.min() >= 0
        theirs, b = least(family, X, y, weights, s, l1, l2, positive=True)
        ours = value(family, X, y, weights, path.coef[0], path.intercept[0], s, l1, l2)
        theirs = value(family, X, y, weights, np.maximum(theirs, 0), b, s, l1, l2)
        assert ours - theirs <= (path.gap[0] + 1e-9) * path.null_deviance


def test_the_gap_is_true_where_the_fit_is_not():
    """After no more than a look each, and where columns are not what the strength asks for, the gap still bounds the error."""
    rng = np.random.default_rng(0)
    X, y = data("gaussian", "alike", rng)
    weights = np.full(N, 1 / N)
    X, y = (
        np.tile(X, (1, 30)) + 1e-3 * rng.normal(size=(N, 300)),
        y,
    )  # more than start as stretches of their own
    s = 1e-3
    best = fit_path(X, y, strengths=[s], penalty=penalty_of(0.1, 0.0), tol=1e-9)
    with pytest.warns(ConvergenceWarning, match="stayed above"):
        rough = fit_path(X, y, strengths=[s], penalty=penalty_of(0.1, 0.0), max_iter=1)
    at = [
        value("gaussian", X, y, weights, fit.coef[0], fit.intercept[0], s, 0.1, 0.0) for fit in (best, rough)
    ]
    assert best.gap[0] <= 1e-9
    assert 1e-6 < (at[1] - at[0]) / rough.null_deviance <= rough.gap[0]


@pytest.mark.parametrize(("l1", "l2"), MIXTURES)
def test_the_largest_strength_leaves_no_difference(l1, l2):
    rng = np.random.default_rng(3)
    X, y = data("poisson", "plain", rng)
    shape = {"family": "poisson", "penalty": penalty_of(l1, l2)}
    top = max_strength(X, y, **shape)
    above, below = fit_path(X, y, strengths=[1.0001 * top, 0.999 * top], **shape).coef[:, 0]
    assert not np.diff(above).any()
    assert np.diff(below).any()
    assert above.any() == (l1 == 0)


def test_many_columns_of_every_kind_are_one_problem():
    """Stretches that grow give what coefficients of their own do; sparse, single and twice the rows change nothing."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(40, 250)) * (rng.random((40, 250)) < 0.3)
    y = (X @ np.repeat([0, 1.0, 0, -1, 0], 50) > 0).astype(float)
    shape = {"family": "binomial", "penalty": penalty_of(0.2, 0.0), "strengths": [0.02, 0.003]}
    path = fit_path(X, y, **shape)
    assert path.gap.max() <= 1e-9
    assert all(len(np.unique(W)) < 60 for W in path.coef[:, 0])
    for same in (scipy.sparse.csc_array(X), scipy.sparse.csr_array(X), np.asfortranarray(X)):
        np.testing.assert_allclose(fit_path(same, y, **shape).coef, path.coef, atol=1e-7)
    rows = np.concatenate([np.arange(40), np.arange(10)])
    weights = np.r_[np.ones(40), np.zeros(10)]
    np.testing.assert_allclose(
        fit_path(X[rows], y[rows], sample_weight=weights, **shape).coef, path.coef, atol=1e-7
    )
    Y = np.column_stack([y, 1 - y])
    both = fit_path(X, Y, **shape)
    np.testing.assert_allclose(both.coef, np.concatenate([path.coef, -path.coef], axis=1), atol=1e-7)


def test_without_strength_it_is_least_squares():
    X, y = data("gaussian", "plain", np.random.default_rng(7))
    for penalty in (Fused(), penalty_of(1.0, 0.0)):
        np.testing.assert_allclose(
            fit_path(X, y, strengths=[0.1, 0.0, 0.0], penalty=penalty).coef[1:],
            fit_path(X, y, strengths=[0.0, 0.0]).coef,
            atol=1e-12,
        )
    lasso = fit_path(X, y, strengths=[0.1])
    np.testing.assert_array_equal(
        fit_path(X, y, strengths=[0.1], penalty=Fused(0.0) + L1(1.0)).coef, lasso.coef
    )


def test_constants_that_separate_have_no_best_value():
    X = np.random.default_rng(9).normal(size=(20, 4))
    y = (X.sum(axis=1) > 0).astype(float)
    with pytest.warns(Notice, match="penalise what is free"):
        path = fit_path(X, y, family="binomial", strengths=[0.1], penalty=Fused())
    assert np.isfinite(path.coef).all()
    assert fit_path(X, y, family="binomial", strengths=[0.1], penalty=Fused() + L2(0.1)).gap[0] <= 1e-9


def test_estimators_find_their_own_strengths():
    X, y = data("gaussian", "plain", np.random.default_rng(8))
    model = PenalisedRegressor(Fused, strengths=8, cv=3).fit(X, y)
    assert not model.path_.stationary
    assert "duality gap" in model.summary().facts
