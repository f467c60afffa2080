"""Paths of a source by a pass for each step of all strengths are those of all rows in memory, and certified as such."""

import numpy as np
import pytest
from scipy.sparse import csr_array, random_array

from normax.errors import InputError, Notice
from normax.linear_model import fit_path, max_strength, row_source
from normax.linear_model.families import family_of
from normax.linear_model.sources.folds import RowFolds
from normax.linear_model.streams.follow import follow_stream
from normax.penalties import GroupLasso

N, P = 500, 12


def table(family="binomial", seed=0, kind="dense"):
    """Columns that go along with each other, one of them constant, one far from zero, one all but always zero."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, P)) @ (np.eye(P) + 0.4 * rng.normal(size=(P, P)))
    X[:, 3], X[:, 5] = 2.0, X[:, 5] + 1e4
    X[:, 7] = rng.random(N) < 0.01
    if kind == "sparse":
        X = random_array((N, P), density=0.3, rng=rng).toarray()
        X[:, 7], X[:, 8] = rng.random(N) < 0.01, 1 + rng.random(N)
    eta = (X - X.mean(axis=0)) @ (rng.normal(size=P) * (rng.random(P) < 0.5)) * 0.5
    if family == "binomial":
        y = (rng.random(N) < 1 / (1 + np.exp(-eta))).astype(float)
    elif family == "poisson":
        y = rng.poisson(np.exp(0.3 * eta)).astype(float)
    elif family == "multinomial":
        y = np.argmax(np.column_stack([eta, -eta, 0 * eta]) + rng.gumbel(size=(N, 3)), axis=1)
    else:
        y = eta + rng.normal(size=N)
        y = np.exp(0.2 * y) if family == "gamma" else y
    weights = rng.random(N)
    weights[::9] = 0.0
    return (csr_array(X) if kind == "sparse" else X), y, weights, 0.3 * rng.normal(size=N)


def objective(X, y, family, path, weights, offset, l1_ratio=1.0, factor=1.0):
    loss, X = family_of(family), X.toarray() if hasattr(X, "toarray") else X
    Y, values = loss.response(y, N), []
    for s, w, b in zip(path.strengths, path.coef, path.intercept):
        eta = X @ w.T + b + (0.0 if offset is None else offset[:, None])
        charge = l1_ratio * np.abs(w) + 0.5 * (1 - l1_ratio) * w**2
        values.append(loss.loss(Y, eta) @ (weights / weights.sum()) + s * (charge * factor).sum())
    return np.array(values)


CASES = {
    "lasso": {},
    "elastic net": {"l1_ratio": 0.5},
    "ridge": {"l1_ratio": 0.0},
    "no intercept": {"fit_intercept": False},
    "bounds": {"lower": 0.0, "upper": 0.2},
    "free and left out": {"penalty_factor": np.array([0, 0, 1, 1, 2, 1, np.inf, 1, 1, 1, 0.5, 1])},
}


@pytest.mark.parametrize("kind", ["dense", "sparse"])
@pytest.mark.parametrize("family", ["binomial", "poisson"])
@pytest.mark.parametrize("case", CASES)
def test_as_in_memory(case, family, kind):
    X, y, weights, offset = table(family, kind=kind)
    options, offset = CASES[case], offset if family == "poisson" else None
    options = options | {"family": family, "tol": 1e-9, "offset": offset}
    s = max_strength(X, y, sample_weight=weights, **{k: v for k, v in options.items() if k != "tol"})
    strengths = (1.0 if case == "ridge" else s) * np.array([0.03, 1.0, 0.3, 0.1])  # in any order
    whole = fit_path(X, y, strengths=strengths, sample_weight=weights, **options)
    source = row_source(X, y, sample_weight=weights, block_size=8 * P * 70)
    found = fit_path(source, None, strengths=strengths, **options)
    factor = np.where(np.isinf(f := options.get("penalty_factor", np.ones(P))), 0.0, f)
    told = (weights, offset, options.get("l1_ratio", 1.0), factor)
    a, b = (objective(X, y, family, path, *told) for path in (whole, found))
    assert (np.abs(a - b) <= 1e-9 * whole.null_deviance).all()
    assert found.gap.max() <= 1e-9
    assert (found.dual_gap + 1e-12 >= b - a).all()
    assert found.null_deviance == pytest.approx(whole.null_deviance, rel=1e-9)
    assert found.passes == source.passes < 25


@pytest.mark.parametrize("family", ["multinomial", "gamma", "huber"])
def test_other_losses(family):
    X, y, weights, _ = table(family)
    strengths = max_strength(X, y, family=family, sample_weight=weights) * np.array([0.5, 0.1])
    options = {"strengths": strengths, "family": family, "tol": 1e-9}
    whole = fit_path(X, y, sample_weight=weights, **options)
    found = fit_path(row_source(X, y, sample_weight=weights, block_size=8 * P * 70), None, **options)
    a, b = (objective(X, y, family, path, weights, None) for path in (whole, found))
    assert found.gap.max() <= 1e-9
    assert (np.abs(a - b) <= 1e-9 * whole.null_deviance).all()


@pytest.mark.parametrize("size", [8 * P * 7, 8 * P * 90, 1 << 26])
def test_neither_blocks_nor_their_order_show(size):
    X, y, weights, _ = table("binomial")
    order = np.random.default_rng(1).permutation(N)
    options = {"strengths": [0.05, 0.005], "family": "binomial", "tol": 1e-10}
    one = fit_path(row_source(X, y, sample_weight=weights), None, **options)
    other = row_source(X[order], y[order], sample_weight=weights[order], block_size=size)
    found = fit_path(other, None, **options)
    np.testing.assert_allclose(found.coef, one.coef, atol=1e-7)
    np.testing.assert_array_equal(found.coef == 0, one.coef == 0)
    again = fit_path(other, None, **options)
    np.testing.assert_array_equal(again.coef, found.coef)  # to the bit


@pytest.mark.parametrize("family", ["gaussian", "binomial"])
def test_columns_join_as_strengths_ask_for_them(family):
    rng = np.random.default_rng(2)
    X = random_array((300, 900), density=0.05, rng=rng, format="csr")
    y = X @ (rng.normal(size=900) * (rng.random(900) < 0.02)) + 0.1 * rng.normal(size=300)
    y = (y > 0).astype(float) if family == "binomial" else y
    strengths = max_strength(X, y, family=family) * np.geomspace(1, 0.2, 8)
    whole = fit_path(X, y, strengths=strengths, family=family, tol=1e-9)
    found = follow_stream(row_source(X, y, block_size=1 << 14), strengths, family=family_of(family), tol=1e-9)
    assert found.gap[0].max() <= 1e-9 * found.null[0]
    np.testing.assert_allclose(found.coef, whole.coef, atol=1e-5 * np.abs(whole.coef).max())
    assert found.passes < 15


@pytest.mark.parametrize("family", ["gaussian", "poisson"])
def test_folds_share_the_passes(family):
    X, y, weights, _ = table(family)
    strengths, count = np.array([0.2, 0.02]), 3
    loss = family_of(family)
    source = row_source(X, y, sample_weight=weights, block_size=8 * P * 70)
    found = follow_stream(source, strengths, family=loss, folds=RowFolds(count, N), tol=1e-9)
    labels = RowFolds(count, N).of(0, N)
    for k in range(count):
        train, test = labels != k, labels == k
        path = fit_path(
            X[train], y[train], strengths=strengths, family=family, sample_weight=weights[train], tol=1e-9
        )
        for i in range(2):
            eta = X[test] @ path.coef[i].T + path.intercept[i]
            held = loss.loss(y[test, None], eta) @ weights[test] / weights[test].sum()
            assert found.held[k, i] == pytest.approx(held, rel=1e-6)
    assert (found.gap <= 1e-9 * found.null[:, None]).all()
    np.testing.assert_allclose(found.sizes, [weights[labels == k].sum() for k in range(count)])
    assert found.passes < 15


def test_standardised_columns_are_charged_alike():
    X, y, _, _ = table("binomial")
    options = {"family": family_of("binomial"), "tol": 1e-10}
    found = follow_stream(row_source(X, y), np.array([0.01]), standardise=True, **options)
    sd = X.std(axis=0)
    sd[3] = 1.0
    whole = fit_path((X - X.mean(axis=0)) / sd, y, strengths=[0.01], family="binomial", tol=1e-10)
    np.testing.assert_allclose(found.coef[0, 0] * sd, whole.coef[0, 0], atol=1e-6)


def test_separable_classes_are_told():
    X = np.linspace(-1, 1, 50)[:, None]
    with pytest.warns(Notice, match="no minimiser at strengths 0"):
        path = fit_path(row_source(X, (X[:, 0] > 0.1) * 1.0), None, strengths=[0.1, 0.0], family="binomial")
    assert np.isfinite(path.coef).all()
    assert path.gap[0] <= 1e-6


def test_what_a_source_does_not_take():
    X, y, *_ = table("binomial")
    with pytest.raises(InputError, match="quantile"):
        fit_path(row_source(X, y), None, strengths=[1.0], family="quantile")
    penalty = GroupLasso(1.0, groups=np.arange(P) // 2)
    with pytest.raises(InputError, match="L1, L2 and ElasticNet"):
        fit_path(row_source(X, y), None, strengths=[1.0], family="binomial", penalty=penalty)
    with pytest.raises(InputError, match="offset: expected one number for each of 500 rows"):
        fit_path(row_source(X, y), None, strengths=[1.0], family="binomial", offset=np.ones(3))
    with pytest.raises(InputError, match="rows that differ"):
        fit_path(row_source(X, 0 * y), None, strengths=[1.0], family="binomial")
    source = row_source(X, y)
    source.memory = 1 << 12
    with pytest.raises(InputError, match=r"raise source\.memory"):
        fit_path(source, None, strengths=[1e-4], family="binomial")
