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
    with pytest.raises(InputError, match=r"X: expected numbers between 1e-30 and 1e\+30"):
        fit_path(X * size, y, strengths=[0.1])
    with pytest.raises(InputError, match=r"y: expected numbers between 1e-30 and 1e\+30"):
        fit_path(X, y * size, strengths=[0.1])


@pytest.mark.parametrize("dollars", [1e2, 1e5, 1e7])
@pytest.mark.parametrize(
    "options", [{}, {"l1_ratio": 0.5}, {"fit_intercept": False}, {"penalty_factor": [0.0, 1.0, 1.0, 1.0]}]
)
def test_a_delta_far_below_the_scale_of_y_is_the_median_in_the_limit(dollars, options):
    X, y = rows("gaussian")
    y = dollars * (y + 3.0)
    strengths = max_strength(X, y, family="huber", **options) * np.array([0.5, 0.1, 0.01, 0.0])
    path = fit_path(X, y, family="huber", strengths=strengths, **options)
    assert path.gap.max() < 1e-6
    median = fit_path(X, y, family="quantile", strengths=strengths / 2, **options)
    left = np.abs(y[:, None] - path.predict(X)[:, :, 0].T).mean(axis=0)
    least = np.abs(y[:, None] - median.predict(X)[:, :, 0].T).mean(axis=0)
    assert left[-1] <= least[-1] * (1 + 1e-4) + 1.0


@pytest.mark.parametrize("family", ["quantile", "huber", "poisson", "binomial"])
def test_powers_of_one_column_reach_the_minimum_without_a_penalty(family):
    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(0, 10, 150))
    mean = np.sin(x)
    y = {"poisson": rng.poisson(np.exp(mean)), "binomial": rng.random(150) < 0.5 + 0.4 * mean}.get(
        family, mean + 0.1 * rng.normal(size=150)
    )
    powers, unit = np.vander(x, 9)[:, :-1], np.linalg.qr(np.vander(x - 5, 9))[0][:, :-1]
    loss = family_of(family)
    fits = [fit_path(X, 1.0 * y, family=family, strengths=[0.0]) for X in (powers, unit)]
    losses = [loss.loss(1.0 * y[:, None], path.predict(X)[0]).mean() for path, X in zip(fits, (powers, unit))]
    assert max(path.gap[0] for path in fits) < 1e-6
    assert losses[0] == pytest.approx(losses[1], abs=1e-6 * fits[0].null_deviance)


@pytest.mark.parametrize("strength", [1e-13, 1e-16])
@pytest.mark.parametrize("options", [{}, {"lower": -1e30}, {"l1_ratio": 0.5}])
def test_a_strength_that_is_rounding_beside_the_gradients_is_certified(strength, options):
    X, y = rows("gaussian")
    path = fit_path(X, y, strengths=[strength], **options)
    fitted = np.column_stack([X, np.ones(60)])
    exact = fitted @ np.linalg.lstsq(fitted, y, rcond=None)[0]
    np.testing.assert_allclose(path.predict(X)[0, :, 0], exact, atol=1e-9)
    assert path.gap[0] < 1e-6


@pytest.mark.parametrize("size", [1e-8, 1e8])
@pytest.mark.parametrize("options", [{}, {"l1_ratio": 0.0}, {"lower": -1e30}, {"fit_intercept": False}])
@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_a_column_of_another_unit_is_not_dropped(size, options, kind):
    X, y = rows("gaussian")
    y = y + 2.0 * X[:, 0]
    Z = X * [size, 1.0, 1.0, 1.0]
    path = fit_path(sps.csc_array(Z) if kind == "sparse" else Z, y, strengths=[0.0], **options)
    there = fit_path(X, y, strengths=[0.0], **options)
    np.testing.assert_allclose(path.coef[0] * [size, 1.0, 1.0, 1.0], there.coef[0], rtol=1e-6)
    assert path.gap[0] < 1e-6


@pytest.mark.parametrize("family", ["gaussian", "huber", "quantile", "poisson", "gamma"])
def test_a_constant_response_is_explained_by_its_intercept(family):
    X, _ = rows("gaussian")
    weights = np.random.default_rng(0).uniform(0, 2, 60)
    weights[::3] = 0
    for value in (7.0, 1e9) if family != "poisson" else (7.0,):
        path = fit_path(X, np.full(60, value), family=family, strengths=[0.1, 0.0], sample_weight=weights)
        assert path.null_deviance == 0
        np.testing.assert_allclose(family_of(family).mean(path.predict(X)), value, rtol=1e-9)


@pytest.mark.parametrize("family", ["binomial", "poisson", "gamma", "tweedie", "huber", "quantile"])
@pytest.mark.parametrize("shape", [(1, 3), (2, 4), (5, 3)])
def test_tables_without_anything_to_learn_end_in_the_intercept(family, shape):
    y = 0.5 + 0.25 * (np.arange(shape[0]) % 2)
    path = fit_path(np.ones(shape), y, family=family, strengths=[0.1, 1e-6, 0.0])
    assert not path.coef.any()
    assert np.isfinite(path.intercept).all()


@pytest.mark.parametrize("tiny", [1e-9, 1e-12, 1e-20])
@pytest.mark.parametrize("kind", [np.asarray, sps.csc_array, sps.csr_array])
@pytest.mark.parametrize("shape", [(80, 8), (8, 8), (6, 12)])
@pytest.mark.parametrize("strengths", [[0.0], [0.1, 0.0]])
@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
def test_least_squares_take_a_column_of_any_size_for_one(tiny, kind, shape, strengths, l1_ratio):
    rng = np.random.default_rng(0)
    X = rng.normal(size=shape) * (rng.random(shape) < 0.3) + np.eye(*shape)
    y = X @ rng.normal(size=shape[1]) + rng.normal(size=shape[0])
    unit = np.where(np.arange(shape[1]) == 2, tiny, 1.0)
    path = fit_path(kind(X * unit), y, strengths=strengths, l1_ratio=l1_ratio)
    plain = fit_path(X, y, strengths=[0.0])
    np.testing.assert_allclose(
        (X * unit) @ path.coef[-1, 0] + path.intercept[-1], X @ plain.coef[-1, 0] + plain.intercept[-1]
    )
    assert path.gap.max() < 1e-6


def test_what_centring_leaves_of_a_constant_column_stays_none_without_an_intercept():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 3)), rng.normal(size=30)
    rest = np.c_[X, np.full(30, 2.0**-52)]
    for l1_ratio in (0.0, 1.0):
        path, plain = (
            fit_path(A, y, strengths=[0.0], l1_ratio=l1_ratio, fit_intercept=False) for A in (rest, X)
        )
        np.testing.assert_allclose(path.coef[0, 0], [*plain.coef[0, 0], 0.0], rtol=1e-9, atol=1e-12)
