"""The group penalties by their definitions."""

import numpy as np
import pytest
from scipy.optimize import minimize

from normax.errors import InputError
from normax.penalties import L1, L2, GroupLasso, SparseGroupLasso
from normax.penalties.groups import group_labels

LABELS = [0, 1, 0, 2, 1, 1]
PENALTIES = [
    GroupLasso(0.7, LABELS),
    SparseGroupLasso(0.9, LABELS, l1_ratio=0.3),
    SparseGroupLasso(0.9, LABELS, l1_ratio=1.0),
    GroupLasso(0.3, LABELS) + L1(0.2),
]


@pytest.mark.parametrize("penalty", PENALTIES, ids=range(4))
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("spread", [1.0, 100.0])
def test_prox_is_the_argmin_of_its_definition(penalty, seed, spread):
    """No point that a minimiser finds is better, and near the answer the objective only grows."""
    rng = np.random.default_rng(seed)
    w, step = rng.normal(size=6) * 2, np.exp(rng.uniform(-1, 1, size=6) * np.log(spread) / 2) * 0.5

    def objective(v):
        return ((v - w) ** 2 / (2 * step)).sum() + penalty.value(v)

    prox = penalty.prox(w, step)
    best = min(
        minimize(
            objective, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000}
        ).fun
        for start in (w, prox, 0 * w)
    )
    assert objective(prox) <= best + 1e-10
    for d in rng.normal(size=(50, 6)):
        for scale in (1e-3, 1e-1):
            assert objective(prox) <= objective(prox + scale * step * d) + 1e-12


def test_a_step_for_all_is_a_step_for_each():
    rng = np.random.default_rng(0)
    for penalty in PENALTIES:
        for size in (0.1, 1.0, 10.0):
            w = rng.normal(size=6) * size
            np.testing.assert_allclose(penalty.prox(w, 0.5), penalty.prox(w, np.full(6, 0.5)), atol=1e-12)


def test_groups_vanish_as_a_whole_and_exactly():
    w = np.array([0.5, 3.0, -0.5, 0.1, 4.0, 0.0])
    shrunk = GroupLasso(1.0, LABELS).prox(w, 1.0)
    assert (shrunk[[0, 2, 3]] == 0).all()
    np.testing.assert_allclose(shrunk[[1, 4]], w[[1, 4]] * (1 - np.sqrt(3) / 5))
    assert not GroupLasso(1.0, LABELS).prox(np.zeros(6), np.ones(6)).any()
    assert not GroupLasso(1e4, LABELS).prox(w, np.geomspace(0.1, 10, 6)).any()
    np.testing.assert_array_equal(GroupLasso(0.0, LABELS).prox(w, np.ones(6)), w)


def test_known_values_of_all_kinds_of_groups():
    W = np.array([[3.0, 0.0], [4.0, 1.0]])
    assert GroupLasso(1.0, "in").value(W) == pytest.approx(np.sqrt(2) * 6)
    assert GroupLasso(1.0, "out").value(W) == pytest.approx(np.sqrt(2) * (3 + np.sqrt(17)))
    assert GroupLasso(1.0, [0, 0]).value(W) == pytest.approx(2 * np.sqrt(26))
    assert GroupLasso(2.0, "in").value(W[1]) == 10.0
    np.testing.assert_allclose(GroupLasso(1.0, "in").prox(W, 1.0), GroupLasso(1.0, ["a", "b"]).prox(W, 1.0))
    np.testing.assert_allclose(
        GroupLasso(1.0, 1).prox(W, np.array([[1.0, 2.0], [0.5, 1.0]])),
        GroupLasso(1.0, [7, 3]).prox(W, np.array([[1.0, 2.0], [0.5, 1.0]])),
    )
    kernel = np.arange(24.0).reshape(2, 3, 2, 2)
    assert group_labels("in", kernel.shape)[1, 2].tolist() == [[2, 2], [2, 2]]
    assert GroupLasso(1.0, [[0, 2], [1]]) == GroupLasso(1.0, ["a", "b", "a"])
    hash(GroupLasso(1.0, np.array([0, 1])))


def test_the_split_and_scaling():
    w = np.random.default_rng(1).normal(size=6)
    for penalty in PENALTIES:
        assert penalty.scaled(3.0).value(w) == pytest.approx(3 * penalty.value(w))
        assert penalty.smooth is None
    both = GroupLasso(0.5, LABELS) + L2(1.0)
    assert both.smooth == L2(1.0)
    np.testing.assert_allclose(both.prox(w, 0.3), GroupLasso(0.5, LABELS).prox(w, 0.3) / 1.3)


def test_jax_arrays_and_a_traced_strength():
    jax = pytest.importorskip("jax")
    w, step = np.random.default_rng(2).normal(size=(2, 6)).astype("f4"), np.full((2, 6), 0.5, "f4")
    for make in (lambda s: GroupLasso(s, LABELS), lambda s: SparseGroupLasso(s, "in", l1_ratio=0.4)):
        prox = jax.jit(lambda s, v, make=make: make(s).prox(v, step))
        for s in (0.1, 0.8):
            np.testing.assert_allclose(prox(s, w), make(s).prox(w, step), atol=1e-6)
            np.testing.assert_allclose(
                make(s).prox(jax.numpy.asarray(w), 0.5), make(s).prox(w, 0.5), atol=1e-6
            )


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ("inn", "did you mean"),
        ([[0, 1], [1]], "every feature"),
        (1.5, "expected 'out' or 'in'"),
        ([], "labels"),
    ],
)
def test_groups_that_are_none_are_refused(groups, message):
    with pytest.raises(InputError, match=message):
        GroupLasso(1.0, groups)


def test_groups_must_fit_the_weight():
    with pytest.raises(InputError, match="6 labels do not fit"):
        GroupLasso(1.0, LABELS).value(np.ones(5))
    with pytest.raises(InputError, match="axis 1"):
        GroupLasso(1.0, 1).value(np.ones(5))
    with pytest.raises(InputError, match="l1_ratio"):
        SparseGroupLasso(1.0, "in", l1_ratio=2.0)
