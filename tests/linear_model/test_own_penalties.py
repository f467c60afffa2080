"""Penalties that tell the linear solvers a slope, a polar, or nothing but value and prox: MCP, and two written here."""

from dataclasses import dataclass

import numpy as np
import pytest
import scipy.sparse
from sklearn.isotonic import isotonic_regression

from normax import linear_model as lm
from normax.errors import InputError
from normax.linear_model import fit_path, max_strength
from normax.linear_model.families import FAMILIES
from normax.penalties import L1, L2, MCP, Fused, GroupLasso, Nonnegative, Penalty
from normax.penalties.base import WithStrength


@dataclass(frozen=True)
class SCAD(WithStrength):
    """Fan & Li 2001: slope s up to s, falling to 0 at a·s."""

    a: float = 3.7

    def slope(self, size):
        s = self.strength
        return np.where(size <= s, s, np.maximum(self.a * s - size, 0) / (self.a - 1))


@dataclass(frozen=True)
class SLOPE(WithStrength):
    """Bogdan et al. 2015: `s·Σ_k λ_k |w|_(k)`, λ decreasing."""

    weights: tuple = ()

    def value(self, w):
        return self.strength * np.array(self.weights) @ np.sort(np.abs(w))[::-1]

    def prox(self, w, step):
        order = np.argsort(-np.abs(w), kind="stable")
        level = np.abs(w)[order] - step * self.strength * np.array(self.weights)
        out = np.empty_like(w)
        out[order] = np.maximum(isotonic_regression(level, increasing=False), 0)
        return np.sign(w) * out

    def polar(self, u):
        sums = np.cumsum(np.sort(np.abs(u))[::-1]) / np.cumsum(self.weights)
        return sums.max() / self.strength if self.strength else np.inf


class Bare(MCP):
    """MCP that tells no slope."""

    slope = Penalty.slope


def orthogonal():
    """Columns with X'X = n I, so that each coefficient is its prox alone."""
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(rng.normal(size=(40, 9)) - rng.normal(size=9))[0]
    X = np.sqrt(40) * np.linalg.qr(Q - Q.mean(axis=0))[0]
    y = X @ np.array([3, -2, 1.3, 0.8, -0.6, 0.4, 0.3, 0.1, 0]) + 0.1 * rng.normal(size=40)
    return X, y, X.T @ (y - y.mean()) / 40


def correlated(family="gaussian"):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(150, 60))
    X[:, 1:] += 0.5 * X[:, :-1]
    eta = X[:, :4] @ np.array([1.0, -1.0, 0.5, 0.5])
    y = {
        "gaussian": eta + rng.normal(size=150),
        "binomial": (eta + rng.logistic(size=150) > 0).astype(float),
        "poisson": rng.poisson(np.exp(np.clip(eta, -3, 3))).astype(float),
        "multinomial": np.digitize(eta + rng.normal(size=150), [-1, 1]).astype(float),
    }
    return X, y[family]


@pytest.mark.parametrize("kind", [MCP, Bare])
def test_mcp_on_orthogonal_columns_is_firm_thresholding(kind):
    X, y, z = orthogonal()
    strengths = max_strength(X, y, penalty=MCP()) * np.geomspace(1, 0.05, 12)
    path = fit_path(X, y, strengths=strengths, penalty=kind())
    assert path.stationary
    assert path.gap.max() <= 1e-6
    for s, w in zip(strengths, path.coef[:, 0]):
        firm = np.sign(z) * np.maximum(np.abs(z) - s, 0) / (1 - 1 / 3)
        expected = np.where(np.abs(z) <= 3 * s, firm, z)
        np.testing.assert_allclose(w, expected, atol=1e-8 if kind is MCP else 2e-4)


def test_scad_on_orthogonal_columns_is_that_of_fan_and_li():
    X, y, z = orthogonal()
    strengths = max_strength(X, y, penalty=SCAD()) * np.geomspace(1, 0.05, 12)
    assert strengths[0] == pytest.approx(np.abs(z).max())
    path = fit_path(X, y, strengths=strengths, penalty=SCAD())
    for s, w in zip(strengths, path.coef[:, 0]):
        size = np.abs(z)
        middle = (2.7 * z - np.sign(z) * 3.7 * s) / 1.7
        soft = np.sign(z) * np.maximum(size - s, 0)
        np.testing.assert_allclose(
            w, np.where(size <= 2 * s, soft, np.where(size <= 3.7 * s, middle, z)), atol=1e-8
        )


@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson", "multinomial"])
def test_fits_of_concave_penalties_are_stationary(family):
    X, y = correlated(family)
    weights = np.random.default_rng(2).uniform(0.5, 2, size=150)
    weights /= weights.sum()
    factor = np.linspace(0.5, 1.5, 60)
    penalty, loss = MCP(2.0, gamma=4.0) + L2(0.1), FAMILIES[family]()
    shape = {"family": family, "sample_weight": weights, "penalty_factor": factor, "penalty": penalty}
    top = max_strength(X, y, **shape)
    path = fit_path(X, y, strengths=top * np.array([1.0001, 0.5, 0.2]), **shape)
    assert not path.coef[0].any()
    assert 0 < path.nonzero[1] < path.nonzero[2] < path.coef[0].size
    assert path.gap.max() <= 1e-7
    Y = np.eye(3)[y.astype(int)] if family == "multinomial" else y[:, None]
    for s, W, b in zip(path.strengths, path.coef, path.intercept):
        theta = weights[:, None] * (Y - loss.mean(X @ W.T + b))
        u = theta.T @ X - s * factor * 0.1 * W
        slope = np.maximum(2 * s * factor - np.abs(W) / 4, 0)
        np.testing.assert_allclose(theta.sum(axis=0), 0, atol=1e-9)
        np.testing.assert_allclose(u[W != 0], (slope * np.sign(W))[W != 0], atol=1e-6)
        assert (np.abs(u) <= slope + 1e-7)[W == 0].all()
    sparse = fit_path(scipy.sparse.csc_array(X), y, strengths=path.strengths, **shape)
    np.testing.assert_allclose(sparse.coef, path.coef, atol=1e-6)


def test_slope_is_certified_by_its_polar():
    X, y = correlated()
    even = SLOPE(2.0, tuple(np.ones(60)))
    top = max_strength(X, y, penalty=even)
    assert top == pytest.approx(max_strength(X, y) / 2, rel=1e-9)
    path = fit_path(X, y, strengths=[0.3 * top, 0.05 * top], penalty=even, tol=1e-9)
    lasso = fit_path(X, y, strengths=2 * path.strengths)
    assert not path.stationary
    assert path.gap.max() <= 1e-9
    np.testing.assert_allclose(path.coef, lasso.coef, atol=1e-4)
    falling = SLOPE(1.0, tuple(np.linspace(2, 0.5, 60)))
    strengths = max_strength(X, y, penalty=falling) * np.array([1.0001, 0.9, 0.1])
    path = fit_path(X, y, strengths=strengths, penalty=falling)
    assert path.nonzero[0] == 0 < path.nonzero[1]
    r = y - X @ path.coef[2, 0] - path.intercept[2, 0]  # the definition of the subdifferential of a norm
    u, own = X.T @ r / 150, falling.scaled(strengths[2])
    assert own.polar(u) <= 1 + 1e-3
    assert u @ path.coef[2, 0] == pytest.approx(own.value(path.coef[2, 0]), rel=1e-3)


def test_l2_beside_a_norm_is_certified_too():
    X, y = correlated()
    even = SLOPE(1.0, tuple(np.ones(60)))
    path = fit_path(X, y, strengths=[0.1, 0.0], penalty=even + L2(0.5), tol=1e-9)
    assert not path.stationary
    assert path.gap.max() <= 1e-9
    np.testing.assert_allclose(
        path.coef[0], fit_path(X, y, strengths=[0.1], penalty=L1() + L2(0.5)).coef[0], atol=1e-5
    )
    np.testing.assert_allclose(path.coef[1], fit_path(X, y, strengths=[0.0]).coef[0], atol=1e-12)


def test_a_polar_that_is_none_or_wrong_certifies_nothing():
    X, y = correlated()
    silent = type("Silent", (SLOPE,), {"polar": lambda self, u: None})(1.0, tuple(np.ones(60)))
    assert fit_path(X, y, strengths=[0.1], penalty=silent).stationary
    small = type("Small", (SLOPE,), {"polar": lambda self, u: 0.5 * super(type(self), self).polar(u)})
    with pytest.raises(InputError, match="for what is no norm"):
        fit_path(X, y, strengths=[0.1], penalty=small(1.0, tuple(np.ones(60))))


@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson"])
@pytest.mark.parametrize("penalty", [Bare(), SLOPE(1.0, (2.0, 1.0, 0.5)), L1() + Nonnegative()])
def test_nothing_to_fit_is_a_model_without_features(family, penalty):
    for X, y in (([[1.0, 2, 3]], [0.5]), (np.zeros((4, 3)), [1.0, 0, 1, 1])):
        path = fit_path(np.array(X), np.array(y), family=family, strengths=[0.5], penalty=penalty)
        assert not path.coef.any()
        assert path.gap[0] <= 1e-6


def test_value_and_prox_suffice():
    X, y = correlated("binomial")
    shape = {"family": "binomial", "strengths": [0.05, 0.01], "offset": 0.1 * X[:, 0]}
    path = fit_path(X, y, penalty=L1(1.0) + Nonnegative(), **shape)
    bounded = fit_path(X, y, lower=0.0, **shape)
    assert path.stationary
    assert path.gap.max() <= 1e-6
    np.testing.assert_allclose(path.coef, bounded.coef, atol=2e-3)
    np.testing.assert_allclose(path.predict(X), bounded.predict(X), atol=5e-3)


def test_estimators_take_any_penalty():
    X, y = correlated()
    model = lm.PenalisedRegressor(MCP, strengths=8, cv=3).fit(X, y)
    assert model.path_.stationary
    assert {0, 1} <= set(np.flatnonzero(model.coef_))
    assert "distance from a stationary point" in model.summary().facts
    assert "MCP" in model.summary().facts["model"]
    lasso = lm.PenalisedRegressor("l1", strength=model.strength_).fit(X, y)
    assert abs(model.coef_[0]) > abs(lasso.coef_[0])  # large coefficients are not shrunk
    X, classes = correlated("multinomial")
    assert lm.PenalisedClassifier(MCP(0.05)).fit(X, classes).score(X, classes) > 0.6


@pytest.mark.parametrize(
    ("penalty", "options", "message"),
    [
        (SLOPE(1.0, (1.0,) * 60), {"lower": -1.0}, "takes no bounds but lower=0 for all features"),
        (Fused(1.0), {"upper": 1.0}, "takes no bounds but lower=0"),
        (MCP(1.0) + SLOPE(1.0, (1.0,) * 60), {"lower": 0.0}, "takes no bounds; use L1"),
        (SLOPE(1.0, (1.0,) * 60), {"penalty_factor": np.arange(60.0)}, "takes none"),
        (MCP(lambda step: 1.0), {}, "a schedule"),
        ("mcp", {}, "expected a penalty such as"),
        (GroupLasso(1.0, "in") + GroupLasso(1.0, [0, 1] * 30), {}, "at most one part with groups"),
    ],
)
def test_what_a_penalty_cannot_be_is_told(penalty, options, message):
    X, y = correlated()
    with pytest.raises(InputError, match=message):
        fit_path(X, y, strengths=[0.1], penalty=penalty, **options)


def test_a_constraint_has_no_largest_strength():
    X, y = correlated()
    with pytest.raises(InputError, match="give the values"):
        max_strength(X, y, penalty=Nonnegative())
