"""What only shifts an intercept, or only names another unit, changes nothing else."""

import numpy as np
import pytest
import scipy.sparse as sps

from normax.errors import InputError
from normax.linear_model import fit_path, max_strength
from normax.linear_model.families import Huber, Quantile, Tweedie, family_of

FAMILIES = [
    "gaussian",
    "binomial",
    "multinomial",
    "poisson",
    "gamma",
    Tweedie(1.3),
    Huber(0.5),
    Quantile(0.3),
]


def rows(family):
    rng = np.random.default_rng(3)
    X, name = rng.normal(size=(60, 4)), family_of(family).name
    eta = 0.5 * X[:, 0] - 0.3 * X[:, 1]
    y = {
        "binomial": (eta + rng.normal(size=60) > 0).astype(int),
        "multinomial": rng.integers(0, 3, 60),
        "poisson": rng.poisson(np.exp(eta)),
        "gamma": np.exp(eta) * rng.gamma(2.0, 1.0, 60),
        "tweedie": rng.poisson(np.exp(eta)) * rng.gamma(2.0, 1.0, 60),
    }.get(name, eta + rng.normal(size=60))
    return X, y


@pytest.mark.parametrize("family", FAMILIES, ids=str)
@pytest.mark.parametrize("level", [-700.0, -40.0, 25.0, 300.0, 700.0])
@pytest.mark.parametrize("kind", ["l1", "l2", "sparse", "weights"])
def test_a_constant_in_the_offset_only_shifts_the_intercept(family, level, kind):
    X, y = rows(family)
    m = 3 if family == "multinomial" else 1
    known = np.random.default_rng(0).normal(size=(len(y), m))
    options = {"family": family, "strengths": [0.1, 0.01, 0.0], "l1_ratio": 0.0 if kind == "l2" else 1.0}
    if kind == "weights":
        options["sample_weight"] = np.random.default_rng(1).uniform(0.5, 2.0, len(y))
    if kind == "sparse":
        X = sps.csc_array(X * (np.abs(X) > 1.9))
        options["strengths"] = [0.1, 0.01]
    here = fit_path(X, y, offset=known, **options)
    there = fit_path(X, y, offset=known + level, **options)
    np.testing.assert_allclose(there.coef, here.coef, atol=1e-5)
    np.testing.assert_allclose(there.intercept + level, here.intercept, atol=1e-5)
    assert there.gap.max() < 1e-6


def test_the_largest_strength_does_not_see_a_constant_in_the_offset():
    X, y = rows("poisson")
    one = max_strength(X, y, family="poisson")
    assert max_strength(X, y, family="poisson", offset=np.full(60, 500.0)) == pytest.approx(one, rel=1e-9)


def test_an_offset_beyond_all_means_is_refused():
    X, y = rows("poisson")
    with pytest.raises(InputError, match="offset: poisson expects linear predictors whose means are finite"):
        fit_path(X, y, family="poisson", strengths=[0.1], offset=np.full(60, 800.0), fit_intercept=False)


@pytest.mark.parametrize("size", [1e155, 1e-155])
def test_numbers_whose_squares_leave_the_range_are_refused(size):
    X, y = rows("gaussian")
    with pytest.raises(InputError, match=r"X: expected numbers between 1e-60 and 1e\+60"):
        fit_path(X * size, y, strengths=[0.1])
    with pytest.raises(InputError, match=r"y: expected numbers between 1e-60 and 1e\+60"):
        fit_path(X, y * size, strengths=[0.1])
