"""LassoNet's penalty by its definition."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

from normax.errors import InputError
from normax.penalties import Hierarchical


def least(w, step, penalty):
    """The smallest value of the prox's objective for one feature, by bounded search over the length of θ."""
    o, M, s = penalty.outputs, penalty.M, penalty.strength
    (v, u), (d, e) = (w[:o], w[o:]), (step[:o], step[o:])

    def objective(t):
        if t == 0:
            return (v**2 / d).sum() / 2 + (u**2 / e).sum() / 2

        # θ on the sphere of radius t nearest to v in the metric 1/d: v / (1 − d/d_max + d·ν), for the one ν > 0.
        def nearest(log):
            return v / (1 - d / d.max() + d * np.exp(log))

        theta = nearest(brentq(lambda log: np.linalg.norm(nearest(log)) - t, -40, 40, xtol=1e-15))
        W = np.clip(u, -M * t, M * t)
        return ((theta - v) ** 2 / d).sum() / 2 + ((W - u) ** 2 / e).sum() / 2 + s * t

    ends = np.concatenate([[0.0], np.geomspace(1e-6, 20 * (np.abs(w).max() + 1), 40)])
    values = [objective(t) for t in ends]
    best = int(np.argmin(values))
    found = minimize_scalar(
        objective,
        bounds=(ends[max(best - 1, 0)] + 1e-12, ends[best + 1]),
        method="bounded",
        options={"xatol": 1e-11},
    )
    return min(found.fun, *values)


@pytest.mark.parametrize("metric", ["one step", "one each"])
def test_prox_is_the_argmin_of_its_definition(metric):
    """Against an independent minimiser, from tame weights to ones that span many orders of size."""
    rng = np.random.default_rng(0)
    dead = 0
    for trial in range(60):
        o, h = rng.integers(1, 5), rng.integers(1, 40)
        w = rng.normal(size=o + h) * np.exp(rng.normal(size=o + h) * rng.choice([0, 1, 3]))
        step = np.full(o + h, 0.7) if metric == "one step" else np.exp(rng.normal(size=o + h))
        penalty = Hierarchical(
            np.exp(1 + 2 * rng.normal()), outputs=int(o), M=float(np.exp(2 * rng.normal()))
        )
        prox = penalty.prox(w[:, None], 0.7 if metric == "one step" else step[:, None])
        length = np.linalg.norm(prox[:o])
        assert (abs(prox[o:]) <= penalty.M * length * (1 + 1e-12)).all()
        value = ((prox[:, 0] - w) ** 2 / step).sum() / 2 + penalty.value(prox)
        assert value <= least(w, step, penalty) + 1e-9 * (1 + value), trial
        dead += length == 0
    assert 5 < dead < 55


def test_jax_agrees_and_maps_over_strengths():
    rng = np.random.default_rng(1)
    w, step = rng.normal(size=(12, 5)), np.exp(rng.normal(size=(12, 5)))
    strengths = np.array([0.0, 0.3, 3.0, 30.0, 1e4])
    unit = Hierarchical(1.0, outputs=2, M=3.0)
    lanes = jax.jit(jax.vmap(lambda s: unit.scaled(s).prox(jnp.asarray(w), jnp.asarray(step))))(strengths)
    for s, lane in zip(strengths, lanes):
        expected = Hierarchical(s, outputs=2, M=3.0).prox(w, step)
        np.testing.assert_allclose(lane, expected, atol=1e-5)
        np.testing.assert_array_equal(np.asarray(lane) == 0, expected == 0)
    assert not lanes[-1].any()


def test_what_needs_no_change_stays_and_features_leave_as_a_whole():
    w = np.array([[1.0, 0.1, 0.0], [0.5, 0.01, 0.0], [-2.0, 0.0, 3.0]])
    np.testing.assert_array_equal(Hierarchical(0.0, M=10.0).prox(w[:, :1], 0.5), w[:, :1])
    out = Hierarchical(1.0, M=10.0).prox(w, 0.5)
    assert out[:, 0].all()
    assert not out[:, 1:].any()  # θ = 0 has no direction to come back in
    assert Hierarchical(2.0, outputs=2).value(w) == pytest.approx(2 * (np.sqrt(1.25) + np.sqrt(0.0101)))
    group_lasso = Hierarchical(1.0, M=0.0).prox(w, 0.5)
    np.testing.assert_allclose(group_lasso, [[0.5, 0, 0], [0, 0, 0], [0, 0, 0]])


def test_steps_of_idle_coordinates_are_borne():
    """0 (left alone) and the largest float (the penalty alone decides), as an optimiser without gradients gives."""
    w = np.array([[1.0, 1.0], [0.5, 0.5], [-2.0, 40.0]], np.float32)
    penalty = Hierarchical(1.0, M=10.0)
    np.testing.assert_allclose(penalty.prox(w, 0.0)[:, 0], w[:, 0], rtol=1e-6)
    assert not penalty.prox(w, np.finfo(np.float32).max).any()


def test_refuses_what_it_cannot_take():
    for wrong in ({"strength": -1.0}, {"outputs": 0}, {"outputs": 1.5}, {"M": -1.0}, {"M": np.inf}):
        with pytest.raises(InputError, match=next(iter(wrong))):
            Hierarchical(**wrong)
    with pytest.raises(InputError, match=r"3 outputs.*\(2, 5\).*LassoNet"):
        Hierarchical(outputs=3).prox(np.ones((2, 5)), 1.0)
