"""`penalty="adaptive-lasso"`: the two steps that people write by hand, and no held-out row in the factors."""

import numpy as np
import pytest

from normax.linear_model import PenalisedClassifier, PenalisedRegressor, adaptive_factors
from normax.penalties import L1


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 8))
    return X, X[:, :3] @ [2.0, -1.0, 0.5] + rng.normal(size=120)


def test_it_is_ridge_and_a_lasso_by_its_factors(data):
    X, y = data
    model = PenalisedRegressor("adaptive-lasso", strength=0.05, cv=4).fit(X, y)
    first = PenalisedRegressor("l2", strength="cv", select="min", strengths=50, cv=4).fit(X, y)
    np.testing.assert_allclose(model.penalty_factor_, adaptive_factors(first.coef_))
    second = PenalisedRegressor(L1(0.05), penalty_factor=model.penalty_factor_).fit(X, y)
    np.testing.assert_array_equal(model.coef_, second.coef_)
    assert model.gap_ < 1e-6


def test_factors_of_a_fold_come_from_its_training_rows(data):
    X, y = data
    halves = [(np.arange(60), np.arange(60, 120)), (np.arange(60, 120), np.arange(60))]
    strengths = [0.3, 0.05]
    rng = np.random.default_rng(1)
    model = PenalisedRegressor("adaptive-lasso", strengths=strengths, cv=3).fit(X[:60], y[:60])
    chosen = PenalisedRegressor("adaptive-lasso", strengths=strengths, cv=_Given(halves)).fit(X, y)
    train, test = halves[0]
    first = PenalisedRegressor("l2", strength="cv", select="min", strengths=50, cv=_Given(halves)).fit(
        X[train], y[train]
    )
    factors = adaptive_factors(first.coef_)
    for i, s in enumerate(strengths):
        alone = PenalisedRegressor(L1(s), penalty_factor=factors).fit(X[train], y[train])
        assert chosen.fold_errors_[0, i] == pytest.approx(
            ((y[test] - alone.predict(X[test])) ** 2).mean() / 2
        )
    assert model.coef_.shape == (8,)
    other = y.copy()
    other[test] = rng.permutation(other[test])
    again = PenalisedRegressor("adaptive-lasso", strengths=strengths, cv=_Given(halves)).fit(X, other)
    assert again.fold_errors_[0, 0] != chosen.fold_errors_[0, 0]


class _Given:
    """Halves of as many rows as there are, and thirds of a half."""

    def __init__(self, halves):
        self.halves = halves

    def split(self, X, y=None, groups=None):
        n = len(X)
        rows = np.arange(n)
        return self.halves if n == 120 else [(rows[rows % 3 != k], rows[rows % 3 == k]) for k in range(3)]

    def get_n_splits(self, *_):
        return 2


def test_classes_have_it_too(data):
    X, y = data
    model = PenalisedClassifier("adaptive-lasso", strengths=6, cv=3).fit(X, np.digitize(y, [-1, 1]))
    assert model.penalty_factor_.min() == 1
    assert model.score(X, np.digitize(y, [-1, 1])) > 0.6
