"""Penalty factors, bounds, and features without a penalty."""

import numpy as np
import pytest
import sklearn.linear_model as sk
from scipy.optimize import lsq_linear

from normax import linear_model as lm
from normax.errors import InputError
from normax.linear_model import fit_path, max_strength
from normax.linear_model.families import FAMILIES
from normax.linear_model.problem.terms import Terms

FAMILY_NAMES = ("gaussian", "binomial", "multinomial", "poisson")


def problem(family, seed=0, n=60, p=8):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) @ (np.eye(p) + 0.3 * rng.normal(size=(p, p))) + 1.0
    signal = X @ rng.normal(size=p) + rng.normal(size=n)
    if family == "poisson":
        return X, rng.poisson(np.exp(signal / np.abs(signal).max() * 2))
    cuts = {"binomial": [0.5], "multinomial": [0.3, 0.6]}
    return X, signal if family == "gaussian" else np.digitize(signal, np.quantile(signal, cuts[family]))


def gradient(family, X, y, coef, intercept):
    Y = np.eye(len(coef))[y] if family == "multinomial" else np.asarray(y, float)[:, None]
    return (Y - FAMILIES[family]().mean(X @ coef.T + intercept)).T @ X / len(X)


@pytest.mark.parametrize("family", FAMILY_NAMES)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("shape", [(60, 8), (20, 40)])
def test_optimality_with_factors_and_bounds(family, l1_ratio, shape):
    """The slope of the objective in every allowed direction is >= 0, and the gap says so too."""
    X, y = problem(family, 1, *shape)
    rng, p = np.random.default_rng(2), shape[1]
    factor = rng.choice([0.5, 1.0, 3.0], size=p)
    factor[0] = 0.0
    lower, upper = rng.choice([-np.inf, 0.0, -0.05], size=p), rng.choice([np.inf, 0.0, 0.05], size=p)
    rules = {"penalty_factor": factor, "lower": lower, "upper": upper}
    lower[0], upper[0] = -np.inf, np.inf
    top = max_strength(X, y, family=family, l1_ratio=max(l1_ratio, 0.1), **rules)
    strengths = top * np.geomspace(1 + 1e-6, 1e-2, 6)  # top itself is known to rounding only
    path = fit_path(X, y, family=family, strengths=strengths, l1_ratio=l1_ratio, **rules)
    assert path.gap.max() < 1e-8
    assert (path.gap >= 0).all()
    for s, coef, intercept in zip(strengths, path.coef, path.intercept):
        assert (coef >= lower).all()
        assert (coef <= upper).all()
        u = gradient(family, X, y, coef, intercept) - s * (1 - l1_ratio) * factor * coef
        l1 = s * l1_ratio * factor
        rise = -u + np.where(coef >= 0, l1, -l1)
        fall = u + np.where(coef <= 0, l1, -l1)
        assert rise[coef < upper].min() > -1e-8
        assert fall[coef > lower].min() > -1e-8
    if l1_ratio:
        assert not path.coef[0][:, 1:].any()
        assert path.coef[-1][:, 1:].any()
    assert path.coef[:, :, 0].all()


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_a_factor_is_a_scale_of_the_column(family):
    X, y = problem(family)
    factor = np.geomspace(0.2, 5, X.shape[1])
    strengths = max_strength(X, y, family=family, penalty_factor=factor) * np.geomspace(0.9, 1e-2, 5)
    path = fit_path(X, y, family=family, strengths=strengths, penalty_factor=factor)
    scaled = fit_path(X / factor, y, family=family, strengths=strengths)
    np.testing.assert_allclose(path.coef, scaled.coef / factor, atol=1e-8)
    assert max_strength(X, y, family=family, penalty_factor=factor) == pytest.approx(
        max_strength(X / factor, y, family=family)
    )


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_positive_coefficients_are_scikit_learns(l1_ratio):
    X, y = problem("gaussian")
    for alpha in (0.3, 0.03):
        ours = fit_path(X, y, strengths=[alpha], l1_ratio=l1_ratio, lower=0)
        theirs = sk.ElasticNet(alpha, l1_ratio=l1_ratio, positive=True, tol=1e-14, max_iter=10**6).fit(X, y)
        np.testing.assert_allclose(ours.coef[0, 0], theirs.coef_, atol=1e-6)
        assert (ours.coef == 0).any()


def test_bounded_least_squares():
    X, y = problem("gaussian")
    path = fit_path(X, y, strengths=[0.0], lower=-0.3, upper=0.4, fit_intercept=False)
    expected = lsq_linear(X, y, bounds=(-0.3, 0.4), tol=1e-14, method="bvls").x
    np.testing.assert_allclose(path.coef[0, 0], expected, atol=1e-8)


def test_without_any_penalty_on_some_it_is_their_regression():
    """At the largest strength only the free features are in the model, fitted as if alone."""
    X, y = problem("gaussian")
    factor = np.r_[0.0, 0.0, np.ones(6)]
    top = max_strength(X, y, penalty_factor=factor)
    path = fit_path(X, y, strengths=[top, 0.99 * top], penalty_factor=factor)
    alone = fit_path(X[:, :2], y, strengths=[0.0])
    np.testing.assert_allclose(path.coef[0, 0, :2], alone.coef[0, 0], atol=1e-8)
    assert path.nonzero.tolist() == [2, 3]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"penalty_factor": [1.0, -1.0, 1, 1, 1, 1, 1, 1]}, "penalty_factor: .*-1.0 for feature 1"),
        ({"penalty_factor": [1.0, 2.0]}, "one for each of 8 features, got shape"),
        ({"lower": 0.5}, "lower: expected bounds <= 0"),
        ({"upper": -0.5}, "upper: expected bounds >= 0"),
        ({"upper": np.nan}, "upper: expected numbers, got NaN"),
    ],
)
def test_what_cannot_be_used_is_refused(rules, message):
    X, y = problem("gaussian")
    with pytest.raises(InputError, match=message):
        fit_path(X, y, strengths=[1.0], **rules)


def test_the_estimators_hand_the_rules_on():
    X, y = problem("gaussian")
    labels = (y > np.median(y)).astype(int)
    factor = np.geomspace(0.5, 2, 8)
    rules = {"penalty_factor": factor, "lower": -0.1, "upper": 0.3}
    options = {"strengths": [0.2], **rules}
    for model, l1_ratio in ((lm.Lasso(0.2, **rules), 1.0), (lm.ElasticNet(0.2, l1_ratio=0.3, **rules), 0.3)):
        expected = fit_path(X, y, l1_ratio=l1_ratio, **options).coef[0, 0]
        np.testing.assert_allclose(model.fit(X, y).coef_, expected, atol=1e-12)
    expected = fit_path(X, y, l1_ratio=0.0, **options).coef[0, 0]
    np.testing.assert_allclose(lm.Ridge(0.2 * len(y), **rules).fit(X, y).coef_, expected, atol=1e-12)
    expected = fit_path(X, labels, family="binomial", l1_ratio=0.0, **options).coef[0]
    model = lm.LogisticRegression(C=1 / (0.2 * len(y)), **rules).fit(X, labels)
    np.testing.assert_allclose(model.coef_, expected, atol=1e-12)
    for model in (lm.LassoCV(alphas=8, **rules), lm.ElasticNetCV(alphas=8, positive=True)):
        model.fit(X, y)
        lowest = 0.0 if model.positive else -0.1
        assert model.coef_.min() >= lowest
        assert model.path_.nonzero[0] == 0
    model = lm.LogisticRegressionCV(Cs=3, l1_ratios=1.0, **rules).fit(X, labels)
    assert np.abs(model.coef_).max() <= 0.3
    assert (lm.lasso_path(X, y, alphas=5, positive=True)[1] >= 0).all()


@pytest.mark.parametrize(("ours", "theirs"), [(lm.Ridge, sk.Ridge), (lm.Lasso, sk.Lasso)])
def test_positive_is_scikit_learns(ours, theirs):
    X, y = problem("gaussian")
    expected = theirs(0.05, positive=True, tol=1e-12, max_iter=10**6).fit(X, y).coef_
    np.testing.assert_allclose(ours(0.05, positive=True).fit(X, y).coef_, expected, atol=1e-5)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_change_of_the_penalty_keeps_digits_that_its_values_lose(sign):
    one, bare = np.ones(1), np.full(1, np.inf)
    terms = Terms(one, 0 * one, -bare, bare)
    assert terms.change(sign * 1e8 * one, sign * 1e-9 * one) == pytest.approx(1e-9, rel=1e-12)
    assert terms.change(sign * one, -3 * sign * one) == pytest.approx(1.0)
