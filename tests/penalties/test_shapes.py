"""MCP, L2SP, constraints and blocks by their definitions."""

import numpy as np
import pytest
from scipy.optimize import minimize

from normax.errors import InputError
from normax.penalties import L1, L2, L2SP, MCP, Blocks, GroupLasso, MaxNorm, Nonnegative, WeightDecay
from normax.penalties.groups import group_labels

RNG = np.random.default_rng(0)
GRID = np.linspace(-8, 8, 160_001)


@pytest.mark.parametrize(
    "penalty",
    [
        MCP(0.7, gamma=2.5),
        MCP(0.7) + L2(0.4),
        MCP(1.2, gamma=0.5),
        L2SP(0.8, start=np.full(1, 1.5)),
        L1(0.5) + L2SP(0.8, start=np.full(1, -1.5)),
        L1(0.5) + Nonnegative(),
        MCP(0.5) + Nonnegative(),
    ],
    ids=str,
)
def test_prox_is_the_argmin_of_its_definition(penalty):
    values = np.array([float(penalty.value(np.array([v]))) for v in GRID[::40]])
    for w, step in zip(RNG.normal(size=20) * 3, RNG.uniform(0.1, 4, size=20)):
        for given in (step, np.array([step])):
            prox = penalty.prox(np.array([w]), given)
            at = (prox[0] - w) ** 2 / (2 * step) + penalty.value(prox)
            assert at <= ((GRID[::40] - w) ** 2 / (2 * step) + values).min() + 1e-12


def test_mcp_lies_between_l1_and_flat():
    w = np.array([0.1, -1.0, 5.0, -50.0])
    assert MCP(0.5, gamma=1e9).value(w) == pytest.approx(L1(0.5).value(w))
    np.testing.assert_array_equal(MCP(1.0, gamma=3.0).prox(w, 1.0), [0, 0, 5, -50])
    np.testing.assert_allclose(MCP(1.0, gamma=1e9).prox(w, 0.3), L1(1.0).prox(w, 0.3), rtol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_the_projection_on_a_ball_in_any_metric(seed):
    rng = np.random.default_rng(seed)
    w, step, radius = rng.normal(size=(2, 5)) * 3, np.exp(rng.normal(size=(2, 5)) * 2), 1.3
    v = MaxNorm(1 / radius).prox(w, step)
    np.testing.assert_allclose(np.linalg.norm(v, axis=1), radius, rtol=1e-9)
    for row in range(2):
        best = minimize(
            lambda u, r=row: ((u - w[r]) ** 2 / step[r]).sum(),
            v[row] * 0.9,
            constraints={"type": "ineq", "fun": lambda u: radius**2 - u @ u},
            tol=1e-14,
        )
        assert ((v[row] - w[row]) ** 2 / step[row]).sum() <= best.fun + 1e-6
    inside = w / 100
    np.testing.assert_array_equal(MaxNorm(1 / radius).prox(inside, step), inside)
    assert MaxNorm(1 / radius).value(v) == 0
    assert MaxNorm(1 / radius).value(2 * v) == np.inf
    np.testing.assert_array_equal(MaxNorm(0.0).prox(w, step), w)
    assert np.linalg.norm(MaxNorm(1.0).prox(w, 0 * step), axis=1).max() <= 1 + 1e-12


def test_constraints_have_no_value_where_they_hold():
    assert Nonnegative().value(np.array([0.0, 2.0])) == 0
    assert Nonnegative().value(np.array([0.0, -2.0])) == np.inf
    assert Nonnegative().scaled(3.0) == Nonnegative()
    assert (L1(1.0) + Nonnegative()).constraint is False
    assert (MaxNorm(1.0) + Nonnegative()).constraint is True


def test_jax_arrays_and_traced_strengths():
    jax = pytest.importorskip("jax")
    w, step = RNG.normal(size=(2, 3, 4)).astype("f4") * 2
    step = abs(step) + 0.1
    kinds = [
        lambda s: MCP(s),
        lambda s: MaxNorm(s),
        lambda s: L2SP(s, start=np.ones((3, 4), "f4")),
        lambda s: L1(s) + Nonnegative(),
        lambda s: GroupLasso(s, Blocks("in", 2)),
    ]
    for make in kinds:
        found = jax.jit(lambda s, v, t, make=make: (make(s).prox(v, t), make(s).value(v)))(0.7, w, step)
        np.testing.assert_allclose(found[0], make(0.7).prox(w, step), atol=1e-5)
        np.testing.assert_allclose(found[1], make(0.7).value(w), rtol=1e-5)


def test_blocks_are_groups_of_neighbours():
    w, step = RNG.normal(size=(4, 6)), RNG.uniform(0.1, 2, size=(4, 6))
    by_label = GroupLasso(0.3, [0, 0, 1, 1, 2, 2])
    heads = GroupLasso(0.3, Blocks("in", 3))
    assert heads.value(w) == pytest.approx(by_label.value(w))
    np.testing.assert_allclose(heads.prox(w, step), by_label.prox(w, step))
    assert group_labels(Blocks("out", 2, parts=2), (8, 1))[:, 0].tolist() == [0, 0, 1, 1, 0, 0, 1, 1]
    assert GroupLasso(1.0, "channel").value(w) == GroupLasso(1.0, "out").value(w)
    with pytest.raises(InputError, match="5 blocks do not divide axis 1"):
        GroupLasso(1.0, Blocks("in", 5)).value(w)
    with pytest.raises(InputError, match="count: expected"):
        Blocks("in", 0)


def test_what_is_left_of_a_penalty_on_a_smaller_weight():
    w, kept = RNG.normal(size=(4, 6)), np.array([0, 1, 4, 5])
    for groups in ("in", [0, 0, 1, 1, 2, 2], Blocks("in", 3)):
        whole, part = GroupLasso(0.3, groups), GroupLasso(0.3, groups).restricted(1, kept, (4, 6))
        gone = w.copy()
        gone[:, 2:4] = 0
        assert part.value(w[:, kept]) == pytest.approx(whole.value(gone))
    anchored = L2SP(1.0).anchored(w)
    assert anchored.value(w) == 0
    assert anchored.restricted(1, kept, (4, 6)).value(w[:, kept]) == 0
    with pytest.raises(InputError, match="no starting weights"):
        L2SP(1.0).value(w)


def test_the_two_decays():
    w = RNG.normal(size=3)
    assert WeightDecay(0.2, decoupled=False).smooth == L2(0.2)
    assert WeightDecay(0.2, decoupled=False).decoupled_strength is None
    both = WeightDecay(0.2).scaled(2.0) + L1(0.1)
    assert both.decoupled_strength == 0.4
    assert both.nonsmooth == L1(0.1)
    np.testing.assert_array_equal(WeightDecay(0.2).prox(w, 1.0), w)
    with pytest.raises(InputError, match="gamma"):
        MCP(1.0, gamma=0.0)
