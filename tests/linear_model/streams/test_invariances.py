"""What must not change a fit of rows that are read in blocks, whichever way it takes."""

import numpy as np
import pytest

from normax.linear_model import fit_path, row_source

N, P, SIZE = 400, 6, 8 * 6 * 70
OPTIONS = {"tol": 1e-10, "l1_ratio": 0.7}


def table(family):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, P)) @ (np.eye(P) + 0.3 * rng.normal(size=(P, P)))
    eta = X[:, 0] - X[:, 2] + rng.logistic(size=N)
    y = {"gaussian": eta, "binomial": 1.0 * (eta > 0), "multinomial": np.digitize(eta, [-1.0, 1.0])}[family]
    return X, y, rng.integers(1, 4, N).astype(float)


def fit(X, y, weights, family, strengths=(0.05, 0.01), **options):
    rows = row_source(X, y, sample_weight=weights, block_size=SIZE)
    return fit_path(rows, None, strengths=strengths, family=family, **OPTIONS | options).coef


@pytest.mark.parametrize("family", ["gaussian", "binomial", "multinomial"])
def test_counts_of_rows_order_and_precision(family):
    X, y, weights = table(family)
    expected = fit(X, y, weights, family)
    copies = np.repeat(np.arange(N), weights.astype(int))
    np.testing.assert_allclose(fit(X[copies], y[copies], None, family), expected, atol=1e-7)
    shares = np.random.default_rng(1).random(N)  # each row split in two
    twice = np.concatenate([weights * shares, weights * (1 - shares)])
    np.testing.assert_allclose(fit(np.vstack([X, X]), np.tile(y, 2), twice, family), expected, atol=1e-7)
    order = np.random.default_rng(2).permutation(P)
    np.testing.assert_allclose(fit(X[:, order], y, weights, family), expected[..., order], atol=1e-7)
    np.testing.assert_allclose(fit(X, y, 1e6 * weights, family), expected, atol=1e-7)
    single = X.astype(np.float32)
    as_double = fit(single.astype(float), y, weights, family)
    np.testing.assert_allclose(fit(single, y, weights, family), as_double, atol=1e-12)


@pytest.mark.parametrize("c", [1e-6, 1e6])
def test_units(c):
    X, y, weights = table("gaussian")
    expected = fit(X, y, weights, "gaussian", (0.05, 0.01), l1_ratio=1.0)
    scaled = fit(X, c * y, weights, "gaussian", (0.05 * c, 0.01 * c), l1_ratio=1.0)
    np.testing.assert_allclose(scaled / c, expected, atol=1e-9)
    for family in ("gaussian", "binomial", "multinomial"):
        X, y, weights = table(family)
        expected = fit(X, y, weights, family, l1_ratio=1.0)
        scaled = fit(c * X, y, weights, family, (0.05 * c, 0.01 * c), l1_ratio=1.0)
        np.testing.assert_allclose(scaled * c, expected, atol=1e-7)


def test_names_of_classes():
    X, y, weights = table("multinomial")
    expected = fit(X, y, weights, "multinomial")
    found = fit(X, np.array([2, 0, 1])[y], weights, "multinomial")
    np.testing.assert_allclose(found[:, [2, 0, 1]], expected, atol=1e-7)
