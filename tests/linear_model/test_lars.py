"""Knots of the lasso's path: optimality at each of them, straight lines between, and scikit-learn's `lars_path`."""

import numpy as np
import pytest
import sklearn.linear_model as sk
from scipy.sparse import csc_array
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import parametrize_with_checks

from normax import linear_model as lm
from normax.errors import InputError


def wide(n, p, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) @ (np.eye(p) + 0.3)
    return X, X[:, :5].sum(axis=1) + rng.normal(size=n)


@pytest.mark.parametrize(("n", "p"), [(40, 120), (50, 50), (200, 20)])
@pytest.mark.parametrize("positive", [False, True])
def test_every_knot_is_a_minimum(n, p, positive):
    X, y = wide(n, p, 0)
    X, y = X - X.mean(axis=0), y - y.mean()
    alphas, active, coefs = lm.lars_path(X, y, method="lasso", positive=positive, max_iter=10_000)
    assert (np.diff(alphas) < 0).all()
    assert alphas[-1] < 1e-12 * alphas[0]
    u = X.T @ (y[:, None] - X @ coefs) / n
    top = u if positive else np.abs(u)
    assert (top.max(axis=0) <= alphas + 1e-13 * alphas[0]).all()
    at = coefs != 0
    np.testing.assert_allclose(
        (u * np.sign(coefs))[at], np.broadcast_to(alphas, coefs.shape)[at], atol=1e-12 * alphas[0]
    )
    assert (np.count_nonzero(coefs, axis=0)[1:-1] >= 1).all()
    middle = 0.5 * (alphas[3] + alphas[4])
    lasso = lm.Lasso(middle, fit_intercept=False, positive=positive).fit(X, y)
    np.testing.assert_allclose(lasso.coef_, 0.5 * (coefs[:, 3] + coefs[:, 4]), atol=1e-10)
    assert set(active) >= set(np.flatnonzero(coefs[:, -1]))


@pytest.mark.parametrize("method", ["lar", "lasso"])
def test_knots_are_those_of_scikit_learn(method):
    X, y = load_diabetes(return_X_y=True)
    ours, theirs = (m.lars_path(X, y, method=method, return_n_iter=True) for m in (lm, sk))
    np.testing.assert_allclose(ours[0], theirs[0], atol=1e-12)
    assert ours[1] == list(theirs[1])
    np.testing.assert_allclose(ours[2], theirs[2], atol=1e-8)
    assert ours[3] == theirs[3]


def test_the_estimators_agree_with_scikit_learn_and_with_the_lasso():
    X, y = load_diabetes(return_X_y=True)
    Y = np.column_stack([y, -(y**2) / 100])
    for name, options in (("Lars", {"n_nonzero_coefs": 4}), ("LassoLars", {"alpha": 0.2})):
        ours, theirs = (getattr(m, name)(**options).fit(X, Y) for m in (lm, sk))
        np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-8)
        np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-8)
        assert ours.active_ == [list(a) for a in theirs.active_]
        for a, b in zip(ours.coef_path_, theirs.coef_path_):
            np.testing.assert_allclose(a, b, atol=1e-8)
    weights = np.arange(len(y)) % 3
    knots = lm.LassoLars(0.2).fit(csc_array(X), y, sample_weight=weights)
    lasso = lm.Lasso(0.2).fit(X, y, sample_weight=weights)
    np.testing.assert_allclose(knots.coef_, lasso.coef_, atol=1e-9)
    assert knots.intercept_ == pytest.approx(lasso.intercept_)
    assert abs(knots.dual_gap_) < 1e-9
    between = 0.3 * knots.alphas_[2] + 0.7 * knots.alphas_[3]
    exact = lm.Lasso(between).fit(X, y, sample_weight=weights)
    np.testing.assert_allclose(knots.path_.at(between).coef[0, 0], exact.coef_, atol=1e-9)
    assert knots.path_.gap.max() < 1e-9
    told, expected = knots.summary().facts, lasso.summary().facts
    same = ("alpha", "rows, features", "features selected", "degrees of freedom", "deviance explained")
    assert {key: told[key] for key in same} == {key: expected[key] for key in same}
    with pytest.raises(InputError, match="one response"):
        lm.Lars().fit(X, y).summary()
    for criterion in ("aic", "bic"):
        ours, theirs = (m.LassoLarsIC(criterion).fit(X, y) for m in (lm, sk))
        np.testing.assert_allclose(ours.criterion_, theirs.criterion_)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-8)
        assert ours.alpha_ == pytest.approx(theirs.alpha_)


def test_what_cannot_be_done_is_told():
    X, y = wide(10, 30, 1)
    with pytest.warns(ConvergenceWarning, match="not reached in 2 steps"):
        short = lm.LassoLars(1e-3, max_iter=2).fit(X, y)
    assert short.alphas_.shape == (3,)
    with pytest.raises(InputError, match="noise_variance: expected a number for n_samples=10"):
        lm.LassoLarsIC().fit(X, y)
    with pytest.raises(InputError, match=r"method: .*did you mean 'lasso'"):
        lm.lars_path(X, y, method="laso")
    with pytest.raises(InputError, match="criterion"):
        lm.LassoLarsIC("cp").fit(X, y)
    with pytest.raises(InputError, match="X and Gram"):
        lm.lars_path(None, y, Gram=X.T @ X)


def test_level_and_repeated_columns():
    X = np.eye(4)[:, [0, 1, 1, 2]]
    alphas, active, coefs = lm.lars_path(X, [2.0, 2.0, 2.0, 0.0], method="lasso")
    np.testing.assert_allclose(coefs[:, -1] @ X.T, [2, 2, 2, 0], atol=1e-12)
    assert len(active) == 3
    assert len(alphas) == 2
    assert lm.Lars().fit(X, np.ones(4)).coef_.tolist() == [0, 0, 0, 0]


@pytest.mark.slow
@parametrize_with_checks([lm.Lars(), lm.LassoLars(alpha=0.1), lm.LassoLarsIC()])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("options", [{}, {"fit_intercept": False}, {"cv": 3, "max_n_alphas": 20}])
def test_the_cross_validated_lasso_is_scikit_learns(options):
    X, y = load_diabetes(return_X_y=True)
    ours, theirs = (m.LassoLarsCV(**options).fit(X, y) for m in (lm, sk))
    for name in ("alpha_", "coef_", "intercept_", "cv_alphas_", "alphas_", "coef_path_"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), atol=1e-8, err_msg=name)
    np.testing.assert_allclose(ours.mse_path_, theirs.mse_path_)
    assert ours.n_iter_ == theirs.n_iter_
    assert set(ours.active_) == set(np.flatnonzero(ours.coef_))
    assert ours.gap_ < 1e-12
    chosen = ours.path_.cv_mean[ours.path_.chosen]
    assert chosen == pytest.approx(ours.cv_mean_.min())
    assert "smallest error" in str(ours.summary())


@pytest.mark.parametrize("name", ["LarsCV", "LassoLarsCV"])
def test_its_errors_are_those_of_fits_to_each_fold(name):
    """Between knots too, with weights; `Lars` has no alpha to end at, so that its path is followed by hand."""
    X, y = wide(60, 8, 1)
    weights = np.random.default_rng(1).integers(1, 4, size=60).astype(float)
    halves = [(np.arange(30), np.arange(30, 60)), (np.arange(30, 60), np.arange(30))]
    model = getattr(lm, name)(cv=halves, select="1se").fit(X, y, sample_weight=weights)
    train, test = halves[0]
    one = {"LarsCV": lm.Lars(), "LassoLarsCV": lm.LassoLars(alpha=0.0)}[name].fit(
        X[train], y[train], sample_weight=weights[train]
    )
    means = (np.average(a[train], axis=0, weights=weights[train]) for a in (X, y))
    centre, level = means
    order = np.argsort(one.alphas_)
    for alpha, errors in list(zip(model.cv_alphas_, model.mse_path_))[::5]:
        coef = [np.interp(alpha, one.alphas_[order], path[order]) for path in one.coef_path_]
        left = y[test] - level - (X[test] - centre) @ coef
        assert errors[0] == pytest.approx(np.average(left**2, weights=weights[test]))
    best = model.cv_mean_.argmin()
    assert model.cv_alphas_[best] <= model.alpha_
    repeated = [
        (np.repeat(a, weights[a].astype(int)), np.repeat(b, weights[b].astype(int))) for a, b in halves
    ]
    assert model.cv_mean_[best] == pytest.approx(
        np.average(model.mse_path_[best], weights=[len(b) for _, b in repeated])
    )


def test_columns_that_repeat_others_are_told_of_by_name():
    X, y = wide(40, 4, 2)
    X = np.column_stack([X, -X[:, 2]])
    with pytest.warns(ConvergenceWarning, match="Regressors in active set degenerate. Columns .* stay out"):
        model = lm.LassoLars(alpha=1e-4).fit(X, y)
    assert model.gap_ < 1e-12
