"""Every family reaches the objective of an independent implementation at its tightest tolerance, or better."""

import numpy as np
import pytest
import sklearn.linear_model as sk

from normax.linear_model import fit_path, max_strength
from normax.linear_model.families import FAMILIES

N, P = 120, 10


def problem(family):
    rng = np.random.default_rng(7)
    X = rng.normal(size=(N, P)) @ (np.eye(P) + 0.2)
    eta, weights = 0.4 * X[:, 0] - 0.3 * X[:, 3], rng.uniform(0.5, 2, size=N)
    y = {
        "gaussian": eta + rng.normal(size=N),
        "binomial": rng.binomial(1, 1 / (1 + np.exp(-eta))),
        "poisson": rng.poisson(np.exp(eta)),
        "multinomial": np.digitize(eta + rng.logistic(size=N), [-0.5, 0.7]),
        "gamma": np.exp(eta) * rng.gamma(2.0, size=N),
        "tweedie": np.maximum(rng.normal(np.exp(eta)), 0.0),
        "several": np.column_stack([eta, -eta]) + rng.normal(size=(N, 2)),
    }[family]
    return X, y.astype(float), weights


def objective(family, X, y, weights, coef, intercept, l1, l2, groups=False):
    """Mean loss and penalty of (m, p) coefficients."""
    loss = FAMILIES[family]()
    rows = loss.loss(loss.response(y, len(X)), X @ coef.T + intercept)
    size = np.linalg.norm(coef, axis=0).sum() if groups else np.abs(coef).sum()
    return weights @ rows / weights.sum() + l1 * size + 0.5 * l2 * (coef**2).sum()


def agree(family, X, y, weights, theirs, l1_ratio, s):
    ours = fit_path(X, y, family=family, strengths=[s], l1_ratio=l1_ratio, sample_weight=weights)
    shape = (family, X, y, weights)
    parts = (s * l1_ratio, s * (1 - l1_ratio))
    mine = objective(*shape, ours.coef[0], ours.intercept[0], *parts)
    other = objective(*shape, *theirs, *parts)
    assert mine <= other + 1e-12
    assert mine == pytest.approx(other, abs=1e-6)


@pytest.mark.filterwarnings("ignore")  # the peers' own
@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson", "gamma", "tweedie"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_glum(family, l1_ratio):
    glum = pytest.importorskip("glum")
    X, y, weights = problem(family)
    s = 0.1 * max_strength(X, y, family=family, l1_ratio=max(l1_ratio, 0.5), sample_weight=weights)
    model = glum.GeneralizedLinearRegressor(
        family={"gaussian": "normal", "tweedie": glum.TweedieDistribution(1.5)}.get(family, family),
        link={"gaussian": "identity", "binomial": "logit"}.get(family, "log"),
        alpha=s,
        l1_ratio=l1_ratio,
        gradient_tol=1e-9,
        max_iter=10000,
    ).fit(X, y, sample_weight=weights)
    agree(family, X, y, weights, (model.coef_[None], np.array([model.intercept_])), l1_ratio, s)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson"])
def test_statsmodels(family):
    """Without a penalty, with weights and an offset."""
    sm = pytest.importorskip("statsmodels.api")
    X, y, weights = problem(family)
    offset = 0.3 * X[:, 1]
    kind = {"gaussian": "Gaussian", "binomial": "Binomial", "poisson": "Poisson"}[family]
    glm = sm.GLM(
        y, sm.add_constant(X), family=getattr(sm.families, kind)(), freq_weights=weights, offset=offset
    ).fit(tol=1e-13, maxiter=200)
    ours = fit_path(X, y, family=family, strengths=[0.0], sample_weight=weights, offset=offset)
    np.testing.assert_allclose(np.append(ours.intercept[0], ours.coef[0]), glm.params, atol=1e-7)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.0])
def test_multinomial_is_scikit_learns(l1_ratio):
    X, y, weights = problem("multinomial")
    s = 0.1 * max_strength(X, y, family="multinomial", l1_ratio=max(l1_ratio, 0.5), sample_weight=weights)
    model = sk.LogisticRegression(
        C=1 / (s * weights.sum()), l1_ratio=l1_ratio, solver="saga", tol=1e-9, max_iter=100000, random_state=0
    ).fit(X, y, sample_weight=weights)
    agree("multinomial", X, y, weights, (model.coef_, model.intercept_), l1_ratio, s)


def test_several_outputs_are_scikit_learns():
    from normax.linear_model import MultiTaskElasticNet

    X, y, _ = problem("several")
    ours = MultiTaskElasticNet(alpha=0.05, l1_ratio=0.7).fit(X, y)
    theirs = sk.MultiTaskElasticNet(alpha=0.05, l1_ratio=0.7, tol=1e-12, max_iter=100000).fit(X, y)
    shape = ("gaussian", X, y, np.ones(N))
    mine, other = (
        objective(*shape, model.coef_, model.intercept_, 0.05 * 0.7, 0.05 * 0.3, groups=True)
        for model in (ours, theirs)
    )
    assert mine <= other + 1e-12
    assert mine == pytest.approx(other, abs=1e-6)
