"""Group penalties in linear models of every family, and offsets."""

import numpy as np
import pytest
import sklearn.linear_model as sk
from scipy.optimize import minimize

from normax.errors import InputError
from normax.linear_model import fit_path, max_strength
from normax.linear_model.families import FAMILIES
from normax.linear_model.quadratic import group_descent, group_quadratic
from normax.linear_model.solvers.groups import squares as group_squares
from normax.penalties import L1, L2, GroupLasso, SparseGroupLasso
from normax.penalties.groups import group_labels

FAMILY_NAMES = ("gaussian", "binomial", "multinomial", "poisson")
SIZES = np.repeat(np.arange(6), [1, 2, 3, 4, 1, 4])


def problem(family, seed=0, n=60, p=15):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) @ (np.eye(p) + 0.3 * rng.normal(size=(p, p))) + 1.0
    signal = X @ (rng.normal(size=p) * (np.arange(p) < p // 2)) + rng.normal(size=n)
    if family == "poisson":
        return X, rng.poisson(np.exp(signal / np.abs(signal).max() * 2))
    cuts = {"binomial": [0.5], "multinomial": [0.3, 0.6]}
    return X, signal if family == "gaussian" else np.digitize(signal, np.quantile(signal, cuts[family]))


def full(y, family):
    return np.eye(3)[y] if family == "multinomial" else np.asarray(y, float)[:, None]


def distance(u, w, labels, l1, l2, charge):
    """How far u is from the subdifferential of the penalty, the worst group."""
    worst = 0.0
    for g in np.unique(labels):
        a, v = u[labels == g] - l2 * w[labels == g], w[labels == g]
        if v.any():
            r = a - charge[g] * v / np.linalg.norm(v)
            worst = max(
                worst, np.where(v != 0, np.abs(r - l1 * np.sign(v)), np.maximum(np.abs(r) - l1, 0)).max()
            )
        else:
            worst = max(worst, np.linalg.norm(np.maximum(np.abs(a) - l1, 0)) - charge[g])
    return worst


@pytest.mark.parametrize("family", FAMILY_NAMES)
@pytest.mark.parametrize("shape", [(60, 15), (12, 15), (15, 45)])
@pytest.mark.parametrize("kind", ["group", "sparse", "with L2", "in"])
def test_optimality_along_the_path(family, shape, kind):
    X, y = problem(family, 1, *shape)
    p, weights = shape[1], np.random.default_rng(3).integers(0, 4, size=shape[0]).astype(float)
    weights[:6] = 1.0
    groups = "in" if kind == "in" else SIZES if p == 15 else np.arange(p) // 5
    r, l2 = (0.4 if kind == "sparse" else 0.0), (0.1 if kind == "with L2" else 0.0)
    penalty = SparseGroupLasso(1.0, groups, l1_ratio=r) + L2(l2) if l2 or r else GroupLasso(1.0, groups)
    options = {"family": family, "penalty": penalty, "sample_weight": weights}
    top = max_strength(X, y, **options)
    strengths = top * np.array([0.3, 1 + 1e-9, 0.03, 0.99])
    path = fit_path(X, y, strengths=strengths, **options)
    assert path.gap.max() < 1e-9
    assert (path.gap >= 0).all()
    assert path.nonzero[1] == 0
    assert path.nonzero[3] > 0
    for s, coef, intercept in zip(strengths, path.coef, path.intercept):
        mean = FAMILIES[family]().mean(X @ coef.T + intercept)
        theta = weights[:, None] * (full(y, family) - mean) / weights.sum()
        labels = np.broadcast_to(group_labels(groups, coef.shape), coef.shape).ravel()
        charge = s * (1 - r) * np.sqrt(np.bincount(labels))
        off = distance((theta.T @ X).ravel(), coef.ravel(), labels, s * r, s * l2, charge)
        assert off < 1e-8 * top
        assert np.abs(theta.sum(axis=0)).max() < 1e-10


def test_several_responses_are_scikit_learns_multi_task():
    rng = np.random.default_rng(0)
    for n, p in ((100, 8), (20, 40)):
        X = rng.normal(size=(n, p))
        Y = X[:, :3] @ rng.normal(size=(3, 4)) + rng.normal(size=(n, 4)) + 2
        for r in (1.0, 0.5):
            theirs = sk.MultiTaskElasticNet(0.2, l1_ratio=r, tol=1e-14, max_iter=10**6).fit(X, Y)
            path = fit_path(X, Y, penalty=GroupLasso(r / 2, "in") + L2(1 - r), strengths=[0.2])
            np.testing.assert_allclose(path.coef[0], theirs.coef_, atol=1e-6)
            np.testing.assert_allclose(path.intercept[0], theirs.intercept_, atol=1e-6)


def test_groups_of_one_are_the_lasso():
    for family in FAMILY_NAMES[:2]:
        X, y = problem(family)
        single = fit_path(X, y, family=family, penalty=GroupLasso(2.0, range(15)), strengths=[0.05, 0.01])
        lasso = fit_path(X, y, family=family, strengths=[0.1, 0.02])
        both = fit_path(X, y, family=family, penalty=L1(2.0), strengths=[0.05, 0.01])
        np.testing.assert_allclose(single.coef, lasso.coef, atol=1e-8)
        np.testing.assert_allclose(both.coef, lasso.coef, atol=1e-12)


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_invariances(family):
    """Order of columns, duplicated rows, and several factors; duplicated columns still have a certified minimiser."""
    X, y = problem(family)
    rng, penalty = np.random.default_rng(4), SparseGroupLasso(1.0, SIZES, l1_ratio=0.3)
    options = {"family": family, "strengths": [0.1, 0.01]}
    path = fit_path(X, y, penalty=penalty, **options)
    order, counts = rng.permutation(15), rng.integers(1, 4, size=len(X))
    moved = fit_path(X[:, order], y, penalty=SparseGroupLasso(1.0, SIZES[order], l1_ratio=0.3), **options)
    np.testing.assert_allclose(moved.coef, path.coef[:, :, order], atol=1e-8)
    repeated = fit_path(np.repeat(X, counts, 0), np.repeat(y, counts), penalty=penalty, **options)
    weighted = fit_path(X, y, penalty=penalty, sample_weight=counts, **options)
    np.testing.assert_allclose(repeated.coef, weighted.coef, atol=1e-7)
    factor = np.array([0.0, 1.0, 2.0, 0.5, 1.0, 3.0])[SIZES]
    freed = fit_path(X, y, penalty=penalty, penalty_factor=factor, **options)
    assert freed.gap.max() < 1e-9
    assert freed.coef[:, :, 0].all()
    top = max_strength(X, y, family=family, penalty=penalty, penalty_factor=factor)
    edge = fit_path(
        X, y, family=family, penalty=penalty, penalty_factor=factor, strengths=[1.0001 * top, 0.99 * top]
    )
    assert not edge.coef[0][:, 1:].any()
    assert edge.coef[1][:, 1:].any()
    twice = fit_path(np.hstack([X, X]), y, penalty=GroupLasso(1.0, np.r_[SIZES, SIZES]), **options)
    assert twice.gap.max() < 1e-8


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_an_offset_is_a_coefficient_that_is_known(family):
    X, y = problem(family)
    rng = np.random.default_rng(5)
    m = 3 if family == "multinomial" else 1
    offset, weights = rng.normal(size=(len(X), m)), rng.uniform(0.5, 2, size=len(X))
    for l1_ratio, p in ((0.5, 4), (0.0, 4)):
        path = fit_path(
            X[:, :p],
            y,
            family=family,
            strengths=[0.1],
            l1_ratio=l1_ratio,
            offset=offset,
            sample_weight=weights,
        )
        Y, loss = full(y, family), FAMILIES[family]()

        def objective(v, p=p, l1_ratio=l1_ratio, Y=Y, loss=loss):
            coef, intercept = v[: m * p].reshape(m, p), v[m * p :]
            rows = loss.loss(Y, X[:, :p] @ coef.T + intercept + offset)
            return weights @ rows / weights.sum() + 0.1 * (
                l1_ratio * np.abs(coef).sum() + (1 - l1_ratio) / 2 * (coef**2).sum()
            )

        ours = objective(np.concatenate([path.coef[0].ravel(), path.intercept[0]]))
        start = np.concatenate([path.coef[0].ravel(), path.intercept[0]]) + 0.1
        best = minimize(
            objective, start, method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 2000}
        )
        assert ours <= best.fun + 1e-9
        assert path.gap[0] < 1e-8
        np.testing.assert_allclose(path.predict(X[:, :p], offset) - path.predict(X[:, :p]), offset[None])
    top = max_strength(X, y, family=family, offset=offset)
    edge = fit_path(X, y, family=family, offset=offset, strengths=[1.0001 * top, 0.99 * top])
    assert edge.nonzero[0] == 0
    assert edge.nonzero[1] > 0


def test_what_cannot_be_used_is_refused():
    X, y = problem("gaussian")
    for options, message in (
        ({"penalty": GroupLasso(1.0, SIZES), "upper": 1}, "takes no bounds but lower=0"),
        ({"penalty": GroupLasso(1.0, SIZES) + GroupLasso(1.0, "in")}, "at most one part"),
        ({"penalty": GroupLasso(1.0, SIZES), "penalty_factor": np.arange(15)}, "same factor for all"),
        ({"penalty": GroupLasso(1.0, [0, 1])}, "2 labels do not fit"),
        ({"penalty": 3.0}, "penalty: expected a penalty such as L1"),
        ({"offset": np.ones(3)}, "offset: expected one number for each of the 60 rows"),
        ({"offset": np.full(60, np.nan)}, "offset: expected finite"),
    ):
        with pytest.raises(InputError, match=message):
            fit_path(X, y, strengths=[1.0], **options)


@pytest.mark.parametrize(
    ("n", "p", "groups"), [(120, 90, "in"), (60, 150, "in"), (60, 150, np.arange(150) // 3)]
)
def test_many_outputs_at_work_are_solved_without_a_factor(monkeypatch, n, p, groups):
    """By descent alone, to the gap that is asked for, and near the answer of Newton steps on all outputs at once.

    With more columns than rows at work descent keeps up residuals instead of gradients.
    """
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, p))
    Y = X @ rng.normal(size=(p, 5)) + 3 * rng.normal(size=(n, 5))
    top, penalty = max_strength(X, Y, penalty=GroupLasso(1.0, groups)), GroupLasso(1.0, groups)
    options = {"strengths": top * np.array([0.5, 0.1, 0.08, 0.05]), "penalty": penalty}
    direct = []
    solve = group_squares.minimise_columns
    monkeypatch.setattr(group_squares, "minimise_columns", lambda *a, **k: direct.append(1) or solve(*a, **k))
    path = fit_path(X, Y, **options)
    assert path.nonzero[-1] > group_quadratic.WIDEST_APART
    assert path.gap.max() <= 1e-6
    assert bool(direct) == (p > n)
    monkeypatch.setattr(group_quadratic, "WIDEST_APART", np.inf)
    exact = fit_path(X, Y, **options)
    assert exact.gap.max() <= 1e-9
    np.testing.assert_allclose(path.coef, exact.coef, atol=0.02 * np.abs(exact.coef).max())


def test_jumps_shorten_descent(monkeypatch):
    """Columns much alike: without them the same gap takes more than twice as many passes."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 150)) + 2 * rng.normal(size=(60, 1))
    Y = X @ rng.normal(size=(150, 5)) + 3 * rng.normal(size=(60, 5))
    passes, descend = [], group_descent.descend_groups
    monkeypatch.setattr(group_descent, "descend_groups", lambda *a: passes.append(1) or descend(*a))
    penalty = GroupLasso(1.0, "in")
    options = {
        "penalty": penalty,
        "strengths": max_strength(X, Y, penalty=penalty) * np.geomspace(0.1, 0.01, 5),
    }
    assert fit_path(X, Y, **options).gap.max() <= 1e-6
    with_jumps = len(passes)
    monkeypatch.setattr(group_descent, "_shares", lambda steps: np.eye(len(steps))[-1])
    assert fit_path(X, Y, **options).gap.max() <= 1e-6
    assert len(passes) > 2.5 * with_jumps
