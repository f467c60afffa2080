"""The separable penalties by their definitions."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from normax.errors import InputError
from normax.penalties import L1, L2, ElasticNet

PENALTIES = [L1(0.7), L2(0.7), ElasticNet(0.7, l1_ratio=0.3), L1(0.2) + L2(0.5), L1(0.2) + ElasticNet(0.4)]


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
def test_prox_is_the_argmin_of_its_definition(penalty):
    rng = np.random.default_rng(0)
    w, step = rng.normal(size=8) * 2, rng.uniform(0.1, 3, size=8)
    prox = penalty.prox(w, step)
    for j in range(8):

        def objective(v, j=j):
            return (v - w[j]) ** 2 / (2 * step[j]) + penalty.value(np.array([v]))

        best = minimize_scalar(objective, bounds=(-10, 10), method="bounded", options={"xatol": 1e-10})
        assert objective(prox[j]) <= best.fun + 1e-12
    np.testing.assert_allclose(penalty.prox(w, 0.5), penalty.prox(w, np.full(8, 0.5)))


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
def test_scaling_and_the_split_into_smooth_and_kinked(penalty):
    w = np.random.default_rng(1).normal(size=5)
    assert penalty.scaled(3.0).value(w) == pytest.approx(3 * penalty.value(w))
    parts = [part for part in (penalty.smooth, penalty.nonsmooth) if part is not None]
    assert sum(part.value(w) for part in parts) == pytest.approx(penalty.value(w))
    small = 1e-6
    if penalty.smooth is not None:  # no kink at zero
        assert penalty.smooth.value(np.array([small])) < small**1.5
        h = 1e-3
        second = penalty.smooth.value(np.array([2 * h])) - 2 * penalty.smooth.value(np.array([h]))
        assert second / h**2 == pytest.approx(penalty.curvature)
    if penalty.nonsmooth is not None:
        assert penalty.nonsmooth.value(np.array([small])) > 0.1 * small


def test_known_values():
    w = np.array([3.0, -4.0])
    assert L1(2.0).value(w) == 14.0
    assert L2(2.0).value(w) == 25.0
    assert ElasticNet(2.0, l1_ratio=0.5).value(w) == 7.0 + 12.5
    np.testing.assert_array_equal(L1(1.0).prox(w, 3.5), [0.0, -0.5])
    np.testing.assert_array_equal(L2(1.0).prox(w, 1.0), [1.5, -2.0])


@pytest.mark.parametrize("make", [L1, L2, ElasticNet])
@pytest.mark.parametrize("strength", [-1.0, np.inf, np.nan])
def test_a_strength_must_be_finite_and_not_negative(make, strength):
    with pytest.raises(InputError, match="strength"):
        make(strength)


def test_the_ratio_must_be_a_share():
    with pytest.raises(InputError, match="l1_ratio"):
        ElasticNet(1.0, l1_ratio=1.5)
