"""Gamma, Tweedie, Huber and quantile regression under scikit-learn's names: its answers, and strengths chosen by folds."""

import numpy as np
import pytest
import sklearn.linear_model as sk
from scipy.sparse import csr_array
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import mean_tweedie_deviance
from sklearn.model_selection import GridSearchCV

from normax import linear_model as lm
from normax.errors import InputError, Notice
from normax.linear_model.families.power import PowerVariance


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


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # its Newton steps give up
@pytest.mark.parametrize(
    ("power", "link"),
    [(0, "log"), (-1, "log"), (3, "auto"), (4.5, "log"), (1, "identity"), (3, "identity")],
)
def test_tweedies_other_powers_and_links_end_where_scikit_learns_newton_steps_do(rows, power, link):
    X, y, _, weights = rows
    options = {"power": power, "link": link, "alpha": 0.05}
    theirs = sk.TweedieRegressor(solver="newton-cholesky", tol=1e-12, max_iter=1000, **options)
    theirs.fit(X, y, weights)
    ours = lm.TweedieRegressor(**options).fit(X, y, weights)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-7)
    assert ours.score(X, y, weights) == pytest.approx(theirs.score(X, y, weights), abs=1e-7)
    assert ours.gap_ < 1e-8
    assert ours.path_.stationary is ((power, link) != (1, "identity"))  # whose loss is convex
    family, mean = PowerVariance(power, link.replace("auto", "log")), ours.predict(X)[:, None]
    half = mean_tweedie_deviance(y, mean.ravel(), power=power) / 2
    assert family.deviance(y[:, None], family.link(mean)).mean() == pytest.approx(half, rel=1e-9)


@pytest.mark.parametrize("link", ["log", "identity"])
def test_responses_at_the_end_of_a_powers_range_have_a_deviance(link):
    family, mean = PowerVariance(1.5, link), np.array([[0.5], [2.0], [7.0]])
    expected = [mean_tweedie_deviance([0.0], m, power=1.5) / 2 for m in mean]
    np.testing.assert_allclose(family.deviance(0 * mean, family.link(mean)), expected)
    assert link == "log" or family.deviance(mean, -mean).tolist() == [np.inf] * 3


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("name", ["Poisson", "Gamma", "Logistic"])
def test_of_many_free_fits_that_of_the_smallest_norm_is_given(rows, name, intercept):
    """w lies in the space of the centred rows that count, and their responses are met."""
    X = np.random.default_rng(1).normal(size=(12, 30))
    y = rows[1][:12]
    weights = np.where(np.arange(12) < 9, 1.0, 0.0)
    if name == "Logistic":
        with pytest.warns(ConvergenceWarning, match="no minimiser"):
            model = lm.LogisticRegression(C=np.inf, fit_intercept=intercept).fit(X, y > 1, weights)
    else:
        model = getattr(lm, f"{name}Regressor")(alpha=0.0, fit_intercept=intercept).fit(X, y, weights)
        np.testing.assert_allclose(model.predict(X[:9]), y[:9], rtol=1e-6)
    Z = X[:9] - intercept * X[:9].mean(axis=0)
    w = np.ravel(model.coef_)
    np.testing.assert_allclose(np.linalg.pinv(Z) @ Z @ w, w, atol=1e-8 * np.abs(w).max())


@pytest.mark.parametrize("kind", [np.asarray, csr_array])
@pytest.mark.parametrize(
    "model",
    [
        lm.Lasso(0.1),
        lm.LassoLars(0.1),
        lm.Ridge(),
        lm.RidgeClassifier(),
        lm.LogisticRegression(),
        lm.PoissonRegressor(),
    ],
)
def test_coefficients_have_the_precision_of_x_and_paths_all_digits(rows, model, kind):
    X = kind(rows[0].astype(np.float32))
    y = rows[1] if not is_classifier(model) else rows[1] > 1
    single, double = clone(model).fit(X, y), clone(model).fit(X.astype(float), y)
    assert (single.coef_.dtype, double.coef_.dtype) == (np.float32, np.float64)
    np.testing.assert_allclose(single.coef_, double.coef_, rtol=1e-6)
    np.testing.assert_allclose(single.path_.coef, double.path_.coef, atol=1e-12)
    eta = single.decision_function(X) if is_classifier(model) else single.predict(X)
    assert eta.dtype == np.float64


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
        (lm.TweedieRegressor(power=3), "tweedie expects amounts > 0, got 0 at row 0"),
        (lm.TweedieRegressor(power=1.5, link="logit"), "link='logit'"),
        (lm.TweedieRegressorCV(power=0.5), "power <= 0 or >= 1 .* got power=0.5"),
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
