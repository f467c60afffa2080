"""Curves and products against scikit-learn's transformers, and what they must not learn from."""

import numpy as np
import pytest
from sklearn.preprocessing import PolynomialFeatures, SplineTransformer

from normax.tables import Expansion, FillAndScale
from normax.tables.expansion import FUNCTIONS, KNOTS


@pytest.fixture
def X():
    random = np.random.default_rng(0)
    numbers = np.column_stack([random.normal(size=60), random.exponential(size=60)])
    city = np.eye(3)[random.integers(3, size=60)]
    return np.column_stack([numbers, city])


OWNERS = [0, 1, 2, 2, 2]


def test_curves_are_scikit_learns_splines(X):
    expansion = Expansion.learn(X, OWNERS, curves=True, products=False).fitted(X)
    assert expansion.curves == (0, 1)
    found = expansion.apply(X, X.mean(axis=0))[:, 5:]
    knots = np.quantile(X[:, :2], np.linspace(0.05, 0.95, KNOTS), axis=0)
    oracle = SplineTransformer(degree=3, knots=knots, extrapolation="linear").fit_transform(X[:, :2])
    width = FUNCTIONS + 1  # without the first function of each, which the others and an intercept give
    np.testing.assert_allclose(found, np.delete(oracle, [0, width], axis=1), atol=1e-12)


def test_products_are_scikit_learns_but_for_pairs_of_one_column(X):
    expansion = Expansion.learn(X, OWNERS, curves=False, products=True).fitted(X)
    centred = X - np.where(np.arange(5) < 2, X.mean(axis=0), 0)
    oracle = PolynomialFeatures(2, include_bias=False).fit(centred)
    names = oracle.get_feature_names_out(list("abcde"))
    kept = [n for n in names[5:] if n not in ("c d", "c e", "d e", "c^2", "d^2", "e^2")]
    found = expansion.apply(X, X.mean(axis=0))[:, 5:]
    assert expansion.names(list("abcde"))[5:] == [n.replace(" ", " × ").replace("^2", "²") for n in kept]
    np.testing.assert_allclose(found, oracle.transform(centred)[:, np.isin(names, kept)], atol=1e-12)


def test_curves_go_on_straight_beyond_the_knots(X):
    expansion = Expansion.learn(X, OWNERS, curves=True, products=False).fitted(X)
    far = np.tile(X.mean(axis=0), (3, 1))
    far[:, 0] = X[:, 0].max() + np.array([1.0, 2.0, 3.0])
    steps = np.diff(expansion.apply(far, X.mean(axis=0)), axis=0)
    np.testing.assert_allclose(steps[0], steps[1], atol=1e-9)


def test_knots_come_from_the_rows_that_are_fitted(X):
    expansion = Expansion.learn(X, OWNERS, curves=True, products=True)
    some = FillAndScale(expansion).fit(X[:40])
    np.testing.assert_allclose(
        some.expansion_.knots[0], np.quantile(X[:40, 0], np.linspace(0.05, 0.95, KNOTS))
    )
    changed = X.copy()
    changed[40:] = 1e6
    assert FillAndScale(expansion).fit(changed[:40]).to_json() == some.to_json()


def test_missing_numbers_stand_at_their_mean(X):
    with_gap = X.copy()
    with_gap[3, 0] = np.nan
    scaling = FillAndScale(Expansion.learn(with_gap, OWNERS, curves=True, products=True)).fit(with_gap)
    filled = with_gap.copy()
    filled[3, 0] = np.nanmean(with_gap[:, 0])
    np.testing.assert_allclose(scaling.transform(with_gap)[3], scaling.transform(filled)[3], atol=1e-12)
    assert np.isfinite(scaling.transform(with_gap)).all()


def test_tied_quantiles_leave_fewer_functions():
    x = np.concatenate([np.zeros(60), np.arange(40.0)])[:, None]
    scaling = FillAndScale(Expansion.learn(x, [0], curves=True, products=False))
    Z = scaling.fit_transform(x)
    knots = scaling.expansion_.knots[0]
    assert len(knots) < KNOTS
    assert Z.shape == (100, 1 + FUNCTIONS)
    assert len(set(scaling.expansion_.names(["x"]))) == 1 + FUNCTIONS
    assert (Z.std(axis=0) > 0).sum() == len(knots) + 2


def test_it_comes_back_from_json(X):
    scaling = FillAndScale(Expansion.learn(X, OWNERS, curves=True, products=True)).fit(X)
    again = FillAndScale.from_json(scaling.to_json())
    np.testing.assert_array_equal(again.transform(X), scaling.transform(X))


def test_owners_of_products_are_both_columns(X):
    expansion = Expansion.learn(X, OWNERS, curves=True, products=True).fitted(X)
    owners = expansion.owners(OWNERS)
    assert len(owners) == len(expansion.names(list("abcde")))
    assert owners[:6] == [(0,), (1,), (2,), (2,), (2,), (0,)]
    assert owners[-1] == (1, 2)
