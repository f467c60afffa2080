"""Quantile regression: a loss with kinks, solved to the optimum of a linear program and certified on the loss itself."""

import numpy as np
import pytest
import sklearn.linear_model as sk
from scipy.optimize import linprog
from scipy.sparse import csc_array
from sklearn.base import clone
from sklearn.metrics import d2_pinball_score

from normax.errors import InputError
from normax.linear_model import PenalisedRegressor, degrees_of_freedom, fit_path, max_strength
from normax.linear_model.cross_validation.held_out import cross_validate
from normax.linear_model.families import Quantile
from normax.penalties import MCP, GroupLasso


def problem(n, p, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) + 0.7 * rng.normal(size=(n, 1))
    return X, X[:, :4] @ [2, -1, 1, 0.5] + rng.standard_t(2, size=n), rng.uniform(0.2, 2, size=n)


def program(X, y, level, weights, l1, bounds=(None, None), intercept=True):
    """The least objective, by linear programming: over w⁺, w⁻, b⁺, b⁻ and the two sides of the residuals."""
    (n, p), share = X.shape, weights / weights.sum()
    ones = np.full((n, 1), float(intercept))
    cost = np.concatenate([np.full(2 * p, l1), [0, 0], level * share, (1 - level) * share])
    A = np.hstack([X, -X, ones, -ones, np.eye(n), -np.eye(n)])
    low, high = bounds
    box = [(0, high)] * p + [(0, None if low is None else -low)] * p + [(0, None)] * (2 * n + 2)
    return linprog(cost, A_eq=A, b_eq=y, bounds=box, method="highs").fun


def objective(X, y, level, weights, l1, w, b):
    r = y - X @ w - b
    return np.maximum(level * r, (level - 1) * r) @ weights / weights.sum() + l1 * np.abs(w).sum()


@pytest.mark.parametrize(("n", "p"), [(60, 5), (40, 80), (300, 20)])
@pytest.mark.parametrize(("level", "intercept"), [(0.5, True), (0.9, False), (0.07, True)])
def test_the_optimum_is_that_of_the_linear_program(n, p, level, intercept):
    X, y, weights = problem(n, p)
    shape = {"family": Quantile(level), "sample_weight": weights, "fit_intercept": intercept}
    top = max_strength(X, y, **shape)
    path = fit_path(X, y, strengths=top * np.array([1.0001, 0.999, 0.3, 0.05, 0.005, 0.0]), **shape)
    assert path.nonzero[0] == 0 < path.nonzero[1]
    assert (path.gap >= 0).all()
    assert path.gap.max() <= 1e-6
    for s, w, b, gap in zip(path.strengths, path.coef[:, 0], path.intercept[:, 0], path.dual_gap):
        best = program(X, y, level, weights, s, intercept=intercept)
        above = objective(X, y, level, weights, s, w, b) - best
        assert -1e-9 <= above <= gap + 1e-9


def test_scikit_learn_and_statsmodels():
    X, y, _ = problem(80, 6)
    rows = np.ones(80)
    path = fit_path(X, y, family=Quantile(0.3), strengths=[0.1, 0.0])
    theirs = sk.QuantileRegressor(quantile=0.3, alpha=0.1).fit(X, y)
    mine, other = (
        objective(X, y, 0.3, rows, 0.1, *fit)
        for fit in ((path.coef[0, 0], path.intercept[0, 0]), (theirs.coef_, theirs.intercept_))
    )
    assert mine == pytest.approx(other, rel=1e-6)
    sm = pytest.importorskip("statsmodels.api")
    theirs = sm.QuantReg(y, sm.add_constant(X)).fit(q=0.3, p_tol=1e-10, max_iter=5000).params
    mine = objective(X, y, 0.3, rows, 0, path.coef[1, 0], path.intercept[1, 0])
    other = objective(X, y, 0.3, rows, 0, theirs[1:], theirs[0])
    assert mine <= other + 1e-12
    assert mine == pytest.approx(other, rel=1e-6)


def test_the_gap_is_honest_when_rounds_run_out():
    X, y, weights = problem(120, 30)
    family, s = Quantile(0.8), 0.02
    best = program(X, y, 0.8, weights, s)
    with pytest.warns(match="stayed above"):
        rough = fit_path(X, y, family=family, strengths=[s], sample_weight=weights, max_iter=1)
    above = objective(X, y, 0.8, weights, s, rough.coef[0, 0], rough.intercept[0, 0]) - best
    assert 1e-9 < above <= rough.dual_gap[0]


def test_rows_repeated_are_weights():
    X, y, _ = problem(50, 8)
    times = np.random.default_rng(3).integers(0, 4, size=50)
    shape = {"family": "quantile", "strengths": [0.1, 0.01]}
    weighed = fit_path(X, y, sample_weight=times, **shape)
    repeated = fit_path(np.repeat(X, times, axis=0), np.repeat(y, times), **shape)
    np.testing.assert_allclose(weighed.coef, repeated.coef, atol=1e-7)
    np.testing.assert_allclose(weighed.intercept, repeated.intercept, atol=1e-7)


def test_bounds_factors_offsets_outputs_and_sparse_columns():
    X, y, weights = problem(70, 10)
    family = Quantile(0.6)
    bounded = fit_path(X, y, family=family, strengths=[0.02], sample_weight=weights, lower=0, upper=0.5)
    best = program(X, y, 0.6, weights, 0.02, bounds=(0, 0.5))
    w, b = bounded.coef[0, 0], bounded.intercept[0, 0]
    assert objective(X, y, 0.6, weights, 0.02, w, b) == pytest.approx(best, rel=1e-6)
    assert 0 <= w.min() <= w.max() <= 0.5
    factor = np.r_[0.0, np.ones(9)]
    shape = {"family": family, "penalty_factor": factor}
    top = max_strength(X, y, **shape)
    free = fit_path(X, y, strengths=[1.0001 * top, 0.98 * top], **shape)
    assert free.nonzero.tolist() == [1, 3]
    known = 3 * X[:, 2]
    moved = fit_path(X, y, family=family, strengths=[0.05], offset=known)
    plain = fit_path(X, y - known, family=family, strengths=[0.05])
    np.testing.assert_allclose(moved.coef, plain.coef, atol=1e-8)
    both = fit_path(csc_array(X), np.column_stack([y - known, y]), family=family, strengths=[0.05])
    np.testing.assert_allclose(both.coef[:, :1], plain.coef, atol=1e-8)


def test_elastic_nets_and_groups_are_certified():
    X, y, _ = problem(90, 12)
    for shape in ({"l1_ratio": 0.5}, {"l1_ratio": 0.0}, {"penalty": GroupLasso(1, np.arange(12) // 3)}):
        path = fit_path(X, y, family=Quantile(0.4), strengths=[0.2, 0.02], **shape)
        assert path.gap.max() <= 1e-6
        rough = fit_path(X, y, family=Quantile(0.4), strengths=[0.2, 0.02], tol=0.05, **shape)
        assert rough.gap.max() <= 0.05


@pytest.mark.parametrize("y", [np.full(20, 3.0), np.arange(20) // 7, 1e6 + 1e-3 * np.arange(20) ** 2])
def test_ties_constants_and_far_responses(y):
    X = np.random.default_rng(0).normal(size=(20, 3))
    path = fit_path(X, y, family="quantile", strengths=[1.0, 0.01, 0.0])
    assert path.gap.max() <= 1e-6
    for s, w, b in zip(path.strengths, path.coef[:, 0], path.intercept[:, 0]):
        best = program(X, y - y.mean(), 0.5, np.ones(20), s)
        assert objective(X, y - y.mean(), 0.5, np.ones(20), s, w, b - y.mean()) == pytest.approx(
            best, abs=1e-6 * np.ptp(y)
        )


def test_estimators_choose_the_strength_by_the_held_out_loss():
    X, y, _ = problem(60, 6)
    model = PenalisedRegressor(family=Quantile(0.5), strengths=[0.5, 0.1, 0.01], cv=3, select="min")
    assert clone(model).family == Quantile(0.5)
    model.fit(X, y)
    half = [(np.arange(30), np.arange(30, 60))]
    errors, _ = cross_validate(X, y, half, family=Quantile(0.5), strengths=[0.1])
    alone = fit_path(X[:30], y[:30], family=Quantile(0.5), strengths=[0.1])
    left = y[30:] - X[30:] @ alone.coef[0, 0] - alone.intercept[0, 0]
    assert errors[0, 0] == pytest.approx(0.5 * np.abs(left).mean(), rel=1e-6)
    assert model.gap_ <= 1e-6
    assert model.score(X, y) == pytest.approx(d2_pinball_score(y, model.predict(X), alpha=0.5), abs=1e-9)
    assert "Quantile(level=0.5)" in str(model.summary())


def test_what_needs_curvature_is_refused():
    X, y, _ = problem(20, 4)
    with pytest.raises(InputError, match="quantile takes L1, L2, ElasticNet and groups"):
        fit_path(X, y, family="quantile", strengths=[0.1], penalty=MCP())
    path = fit_path(X, y, family="quantile", strengths=[0.1])
    with pytest.raises(InputError, match="count path"):
        degrees_of_freedom(X, path, family="quantile")
