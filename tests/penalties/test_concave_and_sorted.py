"""SCAD, SLOPE, group MCP and group SCAD by their definitions."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import isotonic_regression, minimize, minimize_scalar

from normax.errors import InputError
from normax.penalties import MCP, SCAD, SLOPE, GroupMCP, GroupSCAD
from normax.penalties.pooling import decreasing

LABELS = [0, 1, 0, 2, 1, 0]


@pytest.mark.parametrize("step", [0.3, 1.0, 2.6, 2.7, 5.0, 40.0])
def test_scad_prox_is_the_argmin_at_steps_of_any_size(step):
    penalty = SCAD(0.7, a=3.7)
    for w in np.linspace(-8, 8, 81):
        v = penalty.prox(np.array([w]), step)
        grid = np.linspace(-8, 8, 4001)
        costs = (grid - w) ** 2 / (2 * step) + penalty._each(np.abs(grid))
        assert (v[0] - w) ** 2 / (2 * step) + penalty.value(v) <= costs.min() + 1e-12


def test_scad_is_the_integral_of_its_slope():
    penalty = SCAD(0.7, a=3.0)
    for w in (0.3, 1.0, 1.9, 5.0):
        area = quad(lambda x: float(penalty.slope(np.array([x]))[0]), 0, w, points=[0.7, 2.1])[0]
        assert penalty.value(np.array([-w])) == pytest.approx(area)
    assert penalty.scaled(2.0) == SCAD(1.4, a=3.0)
    with pytest.raises(InputError, match="a: expected a number > 2"):
        SCAD(1.0, a=2.0)


def test_slope_is_the_largest_of_all_pairings():
    penalty, rng = SLOPE(0.5, weights=[3.0, 1.5, 0.5, 0.0]), np.random.default_rng(0)
    for _ in range(5):
        w = rng.normal(size=4)
        pairings = (np.dot(order, np.abs(w)) for order in itertools.permutations(penalty.weights))
        assert penalty.value(w) == pytest.approx(0.5 * max(pairings))
        best = max(w @ v / penalty.value(v) for v in rng.normal(size=(4000, 4)))
        assert 0.8 * penalty.polar(w) < best <= penalty.polar(w) + 1e-12
        # The polar is reached where all of the k largest have one size.
        k = np.argmax(np.cumsum(np.sort(np.abs(w))[::-1]) / np.cumsum(penalty.weights))
        v = np.sign(w) * (np.argsort(np.argsort(-np.abs(w))) <= k)
        assert w @ v / penalty.value(v) == pytest.approx(penalty.polar(w))


def test_slope_prox_is_the_argmin():
    rng = np.random.default_rng(1)
    penalty = SLOPE(0.4, q=0.2)
    for _ in range(5):
        w = 2 * rng.normal(size=7)
        v = penalty.prox(w, 0.8)

        def objective(x, w=w):
            return ((x - w) ** 2).sum() / 1.6 + penalty.value(x)

        for start in (w, v, np.zeros(7)):
            best = minimize(objective, start, method="Powell", options={"xtol": 1e-9, "ftol": 1e-12})
            assert objective(v) <= best.fun + 1e-9
        np.testing.assert_allclose(penalty.prox(w[::-1], 0.8), v[::-1])
        np.testing.assert_array_equal(penalty.prox(w, np.full(7, 0.8)), v)


def test_pooling_is_isotonic_regression():
    rng = np.random.default_rng(2)
    for n in (1, 2, 5, 200):
        level = rng.normal(size=n).round(1)  # with ties
        own = np.maximum(isotonic_regression(level, increasing=False).x, 0)
        np.testing.assert_allclose(decreasing(level), own, atol=1e-12)


def test_benjamini_and_hochbergs_weights_fall():
    levels = SLOPE(q=0.1).levels(50)
    assert (np.diff(levels) < 0).all()
    assert levels[0] == pytest.approx(3.0902, abs=1e-4)  # the normal quantile of 1 − 0.1/100
    assert levels[-1] == pytest.approx(1.6449, abs=1e-4)


@pytest.mark.parametrize("weights", [[], [0.0, 0.0], [1.0, 2.0], [1.0, -1.0], [np.nan], [np.inf, 1.0]])
def test_weights_that_do_not_fall_are_told(weights):
    with pytest.raises(InputError, match="weights: expected finite numbers that decrease"):
        SLOPE(weights=weights)


def test_slope_says_what_it_cannot():
    with pytest.raises(InputError, match="one for each of 3 coefficients, got 2"):
        SLOPE(weights=[2.0, 1.0]).value(np.ones(3))
    with pytest.raises(InputError, match="one step for all weights alone"):
        SLOPE().prox(np.ones(3), np.array([1.0, 2.0, 1.0]))
    with pytest.raises(InputError, match="q: expected"):
        SLOPE(q=1.5)


@pytest.mark.parametrize("kind", [GroupMCP, GroupSCAD])
@pytest.mark.parametrize("step", [0.5, 1.0, 6.0])
def test_a_groups_prox_is_the_argmin(kind, step):
    rng = np.random.default_rng(3)
    penalty = kind(0.6, LABELS)
    for size in (0.5, 2.0, 6.0):
        w = size * rng.normal(size=6)
        v = penalty.prox(w, step)
        for g in range(3):
            own = np.flatnonzero(np.array(LABELS) == g)
            u = w[own] / np.linalg.norm(w[own])

            def objective(t, own=own, u=u, w=w, v=v):
                x = v.copy()
                x[own] = t * u
                return ((x - w) ** 2).sum() / (2 * step) + penalty.value(x)

            costs = [objective(t) for t in np.linspace(0, 2 * np.linalg.norm(w), 2001)]
            near = minimize_scalar(objective, bounds=(0, 20), method="bounded").fun
            assert objective(u @ v[own]) <= min(*costs, near) + 1e-9


def test_groups_of_one_are_the_separable_penalties():
    w = np.array([0.2, -1.5, 4.0])
    for grouped, single in ((GroupMCP(0.7, [0, 1, 2]), MCP(0.7)), (GroupSCAD(0.7, [0, 1, 2]), SCAD(0.7))):
        assert grouped.value(w) == pytest.approx(single.value(w))
        np.testing.assert_allclose(grouped.prox(w, 0.9), single.prox(w, 0.9))
        with pytest.raises(InputError, match="one step for all weights"):
            grouped.prox(w, np.ones(3))


@pytest.mark.parametrize(
    "penalty",
    [SCAD(0.4), SLOPE(0.4), SLOPE(0.4, weights=np.linspace(2, 0, 12)), GroupMCP(0.3), GroupSCAD(0.3)],
)
def test_jax_arrays_are_numpys(penalty):
    w = 2 * np.random.default_rng(4).normal(size=(3, 4)).astype(np.float32)
    np.testing.assert_allclose(penalty.value(jnp.asarray(w)), penalty.value(w), rtol=1e-5)
    moved = jax.jit(lambda x, s: penalty.scaled(s).prox(x, 0.7))(jnp.asarray(w), 1.5)
    np.testing.assert_allclose(moved, penalty.scaled(1.5).prox(w, 0.7), rtol=1e-4, atol=1e-6)
