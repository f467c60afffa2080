"""Families of one's own by link and variance: statsmodels' fits, deviances, convexity, and what does not belong together."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit

from normax.errors import InputError
from normax.linear_model import PenalisedRegressor, fit_path
from normax.linear_model.families import Binomial, Gamma, Poisson, Quasi

LINKS = sm.families.links
POISSON = Quasi(np.log, np.exp, np.exp, lambda m: m, range=(0, np.inf))
LOGISTIC = Quasi(logit, expit, lambda e: expit(e) * expit(-e), lambda m: m * (1 - m), range=(0, 1))
GAMMA = Quasi(np.log, np.exp, np.exp, lambda m: m**2, range=(0, np.inf))
CLOGLOG = Quasi(
    lambda m: np.log(-np.log1p(-m)),
    lambda e: -np.expm1(-np.exp(e)),
    lambda e: np.exp(e - np.exp(e)),
    lambda m: m * (1 - m),
    range=(0, 1),
    name="cloglog",
)
LOG_GAUSSIAN = Quasi(np.log, np.exp, np.exp, np.ones_like, range=(0, np.inf))


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 4))
    mean = np.exp(X @ [0.4, -0.3, 0.0, 0.0] + 0.5)
    return X, {
        "counts": rng.poisson(mean).astype(float),
        "amounts": mean * rng.gamma(3.0, size=150) / 3,
        "shares": (rng.uniform(size=150) < 1 - np.exp(-mean / 3)).astype(float),
    }


@pytest.mark.parametrize(
    ("own", "known", "kind"),
    [(POISSON, Poisson(), "counts"), (GAMMA, Gamma(), "amounts"), (LOGISTIC, Binomial(), "shares")],
)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.3])
def test_known_families_by_their_functions_are_these(data, own, known, kind, l1_ratio):
    X, y = data[0], data[1][kind]
    options = {"strengths": [0.2, 0.05], "l1_ratio": l1_ratio}
    path, other = fit_path(X, y, family=own, **options), fit_path(X, y, family=known, **options)
    np.testing.assert_allclose(path.coef, other.coef, atol=1e-7)
    assert path.null_deviance == pytest.approx(other.null_deviance, rel=1e-8)
    assert not path.stationary
    assert path.gap.max() < 1e-8
    eta = np.linspace(-3, 3, 150)[:, None]
    np.testing.assert_allclose(
        own.deviance(y[:, None], eta), known.deviance(y[:, None], eta), rtol=1e-7, atol=1e-9
    )


@pytest.mark.parametrize(("own", "kind", "family", "convex"), [
    (CLOGLOG, "shares", sm.families.Binomial(link=LINKS.CLogLog()), True),
    (LOG_GAUSSIAN, "amounts", sm.families.Gaussian(link=LINKS.Log()), False),
])  # fmt: skip
def test_other_links_are_statsmodels(data, own, kind, family, convex):
    X, y = data[0], data[1][kind]
    path = fit_path(X, y, family=own, strengths=[0.0])
    peer = sm.GLM(y, sm.add_constant(X), family=family).fit(tol=1e-13, maxiter=500)
    np.testing.assert_allclose(np.r_[path.intercept[0], path.coef[0, 0]], peer.params, atol=2e-6)
    assert path.null_deviance == pytest.approx(peer.null_deviance / 300, rel=1e-6)
    assert path.stationary is not convex
    lasso = fit_path(X, y, family=own, strengths=[0.05])
    eta = X @ lasso.coef[0, 0] + lasso.intercept[0, 0]
    u = X.T @ own.residual(y[:, None], eta[:, None])[:, 0] / 150
    at = lasso.coef[0, 0] != 0
    assert at.any()
    np.testing.assert_allclose(u[at], 0.05 * np.sign(lasso.coef[0, 0, at]), atol=1e-8)
    assert (np.abs(u[~at]) <= 0.05).all()


def test_a_deviance_that_is_given_is_used(data):
    X, y = data[0], data[1]["amounts"]

    def deviance(y, mean):
        return 2 * (y / mean - 1 - np.log(y / mean))

    told = Quasi(np.log, np.exp, np.exp, lambda m: m**2, deviance=deviance, range=(0, np.inf))
    eta = np.linspace(-2, 2, 150)[:, None]
    np.testing.assert_allclose(told.deviance(y[:, None], eta), GAMMA.deviance(y[:, None], eta), rtol=1e-10)
    np.testing.assert_allclose(
        fit_path(X, y, family=told, strengths=[0.1]).coef,
        fit_path(X, y, family=GAMMA, strengths=[0.1]).coef,
        atol=1e-9,
    )


def test_weights_are_repeated_rows_and_estimators_take_it(data):
    X, y = data[0], data[1]["counts"]
    times = 1 + np.arange(150) % 3
    weighted = PenalisedRegressor("l1", strength=0.05, family=POISSON).fit(X, y, sample_weight=times)
    repeated = PenalisedRegressor("l1", strength=0.05, family=POISSON).fit(
        np.repeat(X, times, axis=0), np.repeat(y, times)
    )
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, atol=1e-9)
    assert weighted.score(X, y) > 0
    chosen = PenalisedRegressor("l1", strengths=5, cv=3, family=POISSON).fit(X, y)
    known = PenalisedRegressor("l1", strengths=5, cv=3, family="poisson").fit(X, y)
    assert np.ptp(chosen.cv_mean_ - known.cv_mean_) < 1e-8  # what a likelihood has beside half the deviance
    np.testing.assert_allclose(chosen.coef_, known.coef_, atol=1e-7)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (
            (np.log, np.exp, lambda e: 2 * np.exp(e), lambda m: m),
            "derivative: expected inverse's, by η, got 0.002",
        ),
        ((np.log, np.sqrt, np.exp, lambda m: m), "inverse: expected link's"),
        ((np.log, np.exp, np.exp, lambda m: m - 1), "variance: expected numbers > 0"),
        ((np.log, np.exp, np.exp, lambda m: 1.0), "expected functions of arrays"),
    ],
)
def test_functions_that_do_not_belong_together_are_told(made, message):
    with pytest.raises(InputError, match=message):
        Quasi(*made, range=(0, np.inf))


def test_numbers_outside_the_range_are_told(data):
    with pytest.raises(InputError, match="y: cloglog expects numbers from 0 to 1, got 2 at row 1"):
        CLOGLOG.response(np.array([0.5, 2.0]), 2)
    with pytest.raises(InputError, match="range: expected a lower and a higher end"):
        Quasi(np.log, np.exp, np.exp, lambda m: m, range=(1, 0))
