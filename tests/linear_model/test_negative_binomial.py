"""Negative binomial counts: statsmodels' fits, R's dispersion, and the certificate."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize

from normax.errors import InputError
from normax.linear_model import (
    NegativeBinomialRegressor,
    NegativeBinomialRegressorCV,
    PoissonRegressor,
    fit_path,
)
from normax.linear_model.families import NegativeBinomial
from normax.linear_model.families.negative_binomial import log_likelihood


@pytest.fixture(scope="module")
def counts():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(250, 5))
    mean = np.exp(X @ [0.5, -0.3, 0.2, 0, 0] + 1)
    return X, rng.negative_binomial(2, 2 / (2 + mean)).astype(float)


def test_given_dispersion_is_statsmodels_glm(counts):
    X, y = counts
    path = fit_path(X, y, family=NegativeBinomial(0.7), strengths=[0.0])
    peer = sm.GLM(y, sm.add_constant(X), family=sm.families.NegativeBinomial(alpha=0.7)).fit(tol=1e-13)
    np.testing.assert_allclose(np.r_[path.intercept[0], path.coef[0, 0]], peer.params, rtol=1e-6)
    assert path.null_deviance == pytest.approx(peer.null_deviance / 2 / len(y))
    assert path.gap[0] < 1e-12


def test_estimated_dispersion_is_statsmodels_maximum_likelihood(counts):
    X, y = counts
    model = NegativeBinomialRegressor(alpha=0.0).fit(X, y)
    peer = sm.NegativeBinomial(y, sm.add_constant(X)).fit(disp=0, method="newton", maxiter=200, tol=1e-12)
    np.testing.assert_allclose(
        np.r_[model.intercept_, model.coef_, model.dispersion_], peer.params, rtol=1e-5
    )
    told = log_likelihood(y, model.predict(X), model.dispersion_).sum()
    assert told == pytest.approx(peer.llf, rel=1e-10)


def test_a_penalised_fit_is_the_minimum_in_both(counts):
    X, y = counts
    model = NegativeBinomialRegressor(alpha=0.2).fit(X, y)

    def objective(v):
        mean = np.exp(np.clip(X @ v[:5] + v[5], -30, 30))
        return -log_likelihood(y, mean, np.exp(v[6])).mean() + 0.1 * (v[:5] ** 2).sum()

    best = minimize(objective, np.zeros(7), method="BFGS", options={"gtol": 1e-9})
    np.testing.assert_allclose(model.coef_, best.x[:5], atol=2e-5)
    assert np.log(model.dispersion_) == pytest.approx(best.x[6], abs=1e-4)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.4, 0.0])
def test_every_fit_is_certified_and_stationary(counts, l1_ratio):
    X, y = counts
    path = fit_path(X, y, family="negative-binomial", l1_ratio=l1_ratio, strengths=[1.0, 0.1, 0.01])
    assert path.gap.max() < 1e-10
    for s, coef, intercept in zip(path.strengths, path.coef[:, 0], path.intercept[:, 0]):
        eta = X @ coef + intercept
        u = X.T @ ((y - np.exp(eta)) / (1 + np.exp(eta))) / len(y) - s * (1 - l1_ratio) * coef
        over = np.where(
            coef != 0, np.abs(u - s * l1_ratio * np.sign(coef)), np.maximum(np.abs(u) - s * l1_ratio, 0)
        )
        assert over.max() < 1e-9


def test_the_gap_bounds_how_far_a_fit_is(counts):
    X, y = counts
    rough = fit_path(X, y, family="negative-binomial", strengths=[0.05], penalty_factor=[0, 1, 1, 1, 1])
    assert rough.gap[0] < 1e-10  # a free column asks for the conjugate at any dual point
    family = NegativeBinomial(0.3)
    rng = np.random.default_rng(1)
    eta, z = rng.normal(size=(50, 1)), rng.poisson(2.0, size=(50, 1)).astype(float)
    v = family.residual(z, eta)
    step = 1e-6
    slope = (family.loss(z, eta + step) - family.loss(z, eta - step)) / (2 * step)
    np.testing.assert_allclose(-v[:, 0], slope, atol=1e-8)
    np.testing.assert_allclose(family.young(z, eta, v), 0, atol=1e-12)
    other = rng.normal(
        size=(50, 1)
    )  # Fenchel and Young: loss(η') + loss*(−v) + v η' >= 0 is a Bregman distance
    apart = family.loss(z, other) - family.loss(z, eta) + (v * (other - eta))[:, 0]
    np.testing.assert_allclose(family.young(z, other, v), apart, atol=1e-10)


def test_small_dispersions_are_poisson(counts):
    X, y = counts
    path = fit_path(X, y, family=NegativeBinomial(1e-9), strengths=[0.1])
    other = fit_path(X, y, family="poisson", strengths=[0.1])
    np.testing.assert_allclose(path.coef, other.coef, atol=1e-6)
    even = np.tile([2.0, 3.0], 125)  # less scatter than Poisson's
    model = NegativeBinomialRegressor(alpha=0.1).fit(X, even)
    assert model.dispersion_ == 0
    np.testing.assert_allclose(model.coef_, PoissonRegressor(alpha=0.1).fit(X, even).coef_, atol=1e-9)


def test_weights_are_repeated_rows(counts):
    X, y = counts
    times = 1 + np.arange(len(y)) % 3
    one = NegativeBinomialRegressor(alpha=0.05, l1_ratio=1).fit(X, y, sample_weight=times)
    other = NegativeBinomialRegressor(alpha=0.05, l1_ratio=1).fit(
        np.repeat(X, times, axis=0), np.repeat(y, times)
    )
    np.testing.assert_allclose(one.coef_, other.coef_, atol=1e-8)
    assert one.dispersion_ == pytest.approx(other.dispersion_, rel=1e-6)


def test_exposures_are_an_offset(counts):
    X, y = counts
    exposure = np.random.default_rng(2).uniform(0.5, 2, size=len(y))
    model = NegativeBinomialRegressor(alpha=0.0).fit(X, y, offset=np.log(exposure))
    peer = sm.NegativeBinomial(y, sm.add_constant(X), exposure=exposure).fit(
        disp=0, method="newton", maxiter=200, tol=1e-12
    )
    np.testing.assert_allclose(
        np.r_[model.intercept_, model.coef_, model.dispersion_], peer.params, rtol=1e-4
    )


def test_cross_validation_chooses_a_strength_and_a_dispersion(counts):
    X, y = counts
    model = NegativeBinomialRegressorCV(alphas=[1.0, 0.1, 0.01], l1_ratio=1.0, cv=3).fit(X, y)
    alone = NegativeBinomialRegressor(alpha=model.alpha_, l1_ratio=1.0).fit(X, y)
    assert model.alpha_ < 1
    assert model.dispersion_ == pytest.approx(alone.dispersion_, rel=2e-3)
    np.testing.assert_allclose(model.coef_, alone.coef_, rtol=1e-2, atol=1e-4)
    assert 0 < model.score(X, y) < 1


@pytest.mark.parametrize("dispersion", [-1, np.nan, True, "1"])
def test_what_a_dispersion_cannot_be_is_told(counts, dispersion):
    with pytest.raises(InputError, match="dispersion: expected a number > 0"):
        NegativeBinomialRegressor(dispersion=dispersion).fit(*counts)
