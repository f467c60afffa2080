"""Gamma, Tweedie, Huber and quantile regression under scikit-learn's names: its answers, and strengths chosen by folds."""

import numpy as np
import pytest
import sklearn.linear_model as sk
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from normax import linear_model as lm
from normax.errors import InputError, Notice


@pytest.fixture(scope="module")
def rows():
    """X, amounts > 0, numbers with outliers, and weights of 120 rows."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 6))
    eta = X[:, :3] @ [0.6, -0.4, 0.3]
    return (
        X,
        np.exp(eta) * rng.gamma(3.0, size=120),
        eta + rng.standard_t(2, size=120),
        rng.uniform(0.5, 2, 120),
    )


@pytest.mark.parametrize(
    ("name", "options"),
    [("Gamma", {})] + [("Tweedie", {"power": power}) for power in (0, 1, 1.5, 2)],
)
@pytest.mark.parametrize("weighed", [True, False])
def test_generalised_models_equal_scikit_learn(rows, name, options, weighed):
    X, y, _, weights = rows
    weights = weights if weighed else None
    for alpha in (1e-3, 1.0, 10.0):
        newton = {"solver": "newton-cholesky", "tol": 1e-12, "max_iter": 1000}
        theirs = getattr(sk, f"{name}Regressor")(alpha=alpha, **newton, **options).fit(X, y, weights)
        ours = getattr(lm, f"{name}Regressor")(alpha=alpha, **options).fit(X, y, weights)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-8)
        assert ours.intercept_ == pytest.approx(theirs.intercept_, abs=1e-8)
        np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-8)
        assert ours.score(X, y, weights) == pytest.approx(theirs.score(X, y, weights), abs=1e-8)
        assert ours.gap_ < 1e-10


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.8])
def test_quantiles_equal_scikit_learn(rows, quantile):
    X, y, _, weights = rows
    for alpha in (0.01, 0.1):
        theirs = sk.QuantileRegressor(quantile=quantile, alpha=alpha).fit(X, y, weights)
        ours = lm.QuantileRegressor(quantile=quantile, alpha=alpha).fit(X, y, weights)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-8)
        assert ours.intercept_ == pytest.approx(theirs.intercept_, abs=1e-8)
        assert ours.score(X, y) == pytest.approx(theirs.score(X, y))


def huber_objective(model, X, y, weights, scale=None):
    scale = model.scale_ if scale is None else scale
    z = np.abs(y - model.predict(X)) / scale
    bent = np.where(z <= model.epsilon, z**2, 2 * model.epsilon * z - model.epsilon**2)
    return weights @ (scale + scale * bent) + model.alpha * model.coef_ @ model.coef_


@pytest.mark.parametrize("unit", [1.0, 1e4])
@pytest.mark.parametrize(("epsilon", "alpha"), [(1.35, 0.0), (1.35, 1.0), (3.0, 100.0), (1.1, 1e-4)])
def test_huber_equals_scikit_learn_and_is_never_above_it(rows, unit, epsilon, alpha):
    X, _, y, weights = rows
    y, options = unit * y, {"epsilon": epsilon, "alpha": alpha}
    theirs = sk.HuberRegressor(**options, tol=1e-10, max_iter=10_000).fit(X, y, weights)
    ours = lm.HuberRegressor(**options).fit(X, y, weights)
    best = huber_objective(ours, X, y, weights)
    assert -1e-12 < huber_objective(theirs, X, y, weights) / best - 1 < 1e-8
    np.testing.assert_allclose(ours.coef_ / unit, theirs.coef_ / unit, atol=1e-4)
    assert ours.scale_ == pytest.approx(theirs.scale_, rel=1e-4)
    np.testing.assert_array_equal(ours.outliers_, theirs.outliers_)
    assert 0 <= ours.dual_gap_ < 1e-8 * best
    for other in (0.99, 1.01):
        assert huber_objective(ours, X, y, weights, other * ours.scale_) > best
    held = lm.fit_path(
        X, y, family=lm.families.Huber(epsilon * ours.scale_), l1_ratio=0, sample_weight=weights,
        strengths=[alpha * ours.scale_ / weights.sum()],
    )  # fmt: skip
    np.testing.assert_allclose(held.coef[0, 0], ours.coef_, atol=1e-9 * unit)


def test_huber_finds_scales_far_below_y_and_its_outliers():
    """Noise of a thousandth of y, and one outlier a million times as large."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    noise = rng.normal(size=60)
    small = lm.HuberRegressor(alpha=0.0).fit(X, X[:, 0] + 1e-3 * noise)
    usual = lm.HuberRegressor(alpha=0.0).fit(X, noise)
    assert small.scale_ == pytest.approx(1e-3 * usual.scale_, rel=1e-3)
    noise[7] = 1e6
    bent, theirs = (
        lm.HuberRegressor().fit(X, noise),
        sk.HuberRegressor(max_iter=10_000, tol=1e-10).fit(X, noise),
    )
    assert huber_objective(bent, X, noise, np.ones(60)) <= huber_objective(theirs, X, noise, np.ones(60))
    assert np.abs(bent.coef_).max() < 1
    assert 0.5 < bent.scale_ < 1


def test_huber_tells_of_rows_that_lie_on_the_fit():
    X = np.arange(10.0)[:, None]
    y = X[:, 0].copy()
    y[4] = 100.0
    with pytest.warns(Notice, match="so many rows lie on the fit.* the best scale is 0"):
        model = lm.HuberRegressor(alpha=0.0).fit(X, y)
    np.testing.assert_allclose(model.coef_, 1.0, atol=1e-4)
    assert model.outliers_.tolist() == [False] * 4 + [True] + [False] * 5


def test_huber_takes_offsets_sparse_tables_and_rules(rows):
    X, _, y, weights = rows
    X = np.where(np.abs(X) > 1, X, 0.0)
    plain = lm.HuberRegressor(alpha=0.1, l1_ratio=0.5).fit(X, y, weights)
    thin = clone(plain).fit(csr_array(X), y, weights)
    moved = clone(plain).fit(X, y + 7.0 * X[:, 0], weights, offset=7.0 * X[:, 0])
    for model in (thin, moved):
        np.testing.assert_allclose(model.coef_, plain.coef_, atol=1e-7)
        assert model.scale_ == pytest.approx(plain.scale_)
        np.testing.assert_array_equal(model.outliers_, plain.outliers_)
    bounded = lm.HuberRegressor(lower=0.0).fit(X, y, weights)
    assert bounded.coef_.min() == 0.0
    assert bounded.gap_ < 1e-6


@pytest.mark.parametrize(
    ("model", "base", "scoring"),
    [
        (lm.GammaRegressorCV(), lm.GammaRegressor(), "neg_mean_gamma_deviance"),
        (lm.QuantileRegressorCV(), lm.QuantileRegressor(), "neg_mean_absolute_error"),
        (lm.TweedieRegressorCV(), lm.TweedieRegressor(), "neg_mean_squared_error"),
    ],
)
def test_folds_choose_as_a_loop_does(rows, model, base, scoring):
    X, y, _, _ = rows
    alphas = [1.0, 0.1, 0.01]
    chosen = model.set_params(alphas=alphas, cv=4).fit(X, y)
    search = GridSearchCV(base, {"alpha": alphas}, cv=4, scoring=scoring).fit(X, y)
    assert chosen.alpha_ == search.best_params_["alpha"]
    np.testing.assert_allclose(chosen.coef_, search.best_estimator_.coef_, atol=1e-8)
    assert chosen.gap_ < 1e-6
    assert clone(chosen).get_params() == chosen.get_params()


def test_hubers_choice_is_a_fit_at_its_own_scale(rows):
    X, _, y, weights = rows
    for options in ({"alphas": [10.0, 0.1, 100.0]}, {"alphas": 10, "l1_ratio": 0.5, "select": "1se"}):
        chosen = lm.HuberRegressorCV(cv=4, **options).fit(X, y, weights)
        same = lm.HuberRegressor(alpha=chosen.alpha_, l1_ratio=chosen.l1_ratio_).fit(X, y, weights)
        assert chosen.scale_ == pytest.approx(same.scale_, rel=1e-9)
        np.testing.assert_allclose(chosen.coef_, same.coef_, atol=1e-9)
        np.testing.assert_allclose(chosen.path_.coef[chosen.path_.chosen, 0], chosen.coef_, atol=1e-7)
        np.testing.assert_array_equal(chosen.outliers_, same.outliers_)
        assert "HuberRegressorCV" in chosen.summary().facts["model"]
        other = lm.HuberRegressorCV(cv=4, **options).fit(X, y, weights)
        np.testing.assert_array_equal(other.coef_, chosen.coef_)
    assert chosen.alphas_.shape == chosen.cv_mean_.shape


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (lm.TweedieRegressor(power=3), r"power in \[1, 2\] .* got power=3, link='auto'"),
        (lm.TweedieRegressor(power=1.5, link="identity"), "link='identity'"),
        (lm.TweedieRegressorCV(power=0.5), "got power=0.5"),
        (lm.QuantileRegressor(quantile=1.0), r"quantile: expected a number in \(0, 1\), got 1.0"),
        (lm.QuantileRegressorCV(quantile="half"), "quantile: expected"),
        (lm.HuberRegressor(epsilon=0.9), "epsilon: expected a number >= 1, got 0.9"),
        (lm.GammaRegressor(alpha=-1.0), "alpha: expected a number >= 0"),
        (lm.GammaRegressor(), "gamma expects amounts > 0, got 0 at row 0"),
    ],
)
def test_what_cannot_be_fitted_is_told(rows, model, told):
    with pytest.raises(InputError, match=told):
        model.fit(rows[0], np.arange(120.0))
