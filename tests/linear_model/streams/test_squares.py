"""Fits of a source of rows are those of all rows at once, and say so by a gap from residuals of all."""

import numpy as np
import pytest
from scipy.sparse import random_array

from normax.errors import InputError
from normax.linear_model import fit_path, row_source
from normax.linear_model.sources.moments import scatters_of, triangle_of
from normax.penalties import MCP, GroupLasso

N, P = 600, 7
SIZE = 8 * P * 50


def table(outputs=0):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, P)) @ rng.normal(size=(P, P)) + 10 * rng.normal(size=P)
    X[:, 3] = 0.1  # constant
    Y = X @ rng.normal(size=(P, outputs or 1)) + rng.normal(size=(N, outputs or 1)) + 5
    return X, Y if outputs else Y[:, 0], rng.integers(0, 3, N).astype(float)


def both(X, y, weights=None, **options):
    source = row_source(X, y, sample_weight=weights, block_size=SIZE)
    return fit_path(X, y, sample_weight=weights, **options), fit_path(source, None, **options), source


def agree(whole, blocks, tol=1e-10):
    np.testing.assert_allclose(blocks.coef, whole.coef, rtol=tol, atol=tol * np.abs(whole.coef).max())
    np.testing.assert_allclose(blocks.intercept, whole.intercept, rtol=tol, atol=tol * 100)
    np.testing.assert_array_equal(blocks.coef == 0, whole.coef == 0)
    assert blocks.null_deviance == pytest.approx(whole.null_deviance, rel=1e-12)
    assert blocks.gap.max() <= 1e-12


@pytest.mark.parametrize("outputs", [0, 2])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        {"strengths": [1.0, 0.1, 0.0]},
        {"strengths": [0.01, 1.0], "fit_intercept": False},
        {"strengths": [1.0, 1e-9, 0.0], "l1_ratio": 0.0},
        {"strengths": [1.0, 0.1], "l1_ratio": 0.5, "penalty_factor": [0, 2, 1, 1, 0, np.inf, 1]},
        {"strengths": [1.0, 0.1], "lower": -0.1, "upper": 0.3},
        {"strengths": [1.0, 0.1], "penalty": GroupLasso(1.0, groups=np.arange(P) // 3)},
    ],
    ids=str,
)
def test_blocks_give_what_all_rows_give(options, weighted, outputs):
    X, y, weights = table(outputs)
    whole, blocks, source = both(X, y, weights if weighted else None, **options)
    agree(whole, blocks)
    assert source.passes == 2


def test_features_are_left_out_by_name(tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    pa = pytest.importorskip("pyarrow")
    X, y, _ = table()
    names = [f"x{j}" for j in range(P)]
    pq.write_table(pa.table({**dict(zip(names, X.T)), "y": y}), tmp_path / "t.parquet")
    path = fit_path(tmp_path, "y", strengths=[0.1], exclude=["x0", "x5"])
    agree(fit_path(X, y, strengths=[0.1], exclude=[0, 5]), path)
    assert path.feature_names == tuple(names)


def test_compressed_rows():
    rng = np.random.default_rng(1)
    X = random_array((N, P), density=0.2, rng=rng, format="csr")
    y = X @ rng.normal(size=P) + rng.normal(size=N)
    for options in ({"strengths": [0.1, 0.001]}, {"strengths": [0.1, 0.0], "l1_ratio": 0.0}):
        whole, blocks, _ = both(X, y, **options)
        agree(whole, blocks)


def test_columns_that_all_but_repeat_each_other_take_one_pass_more():
    X, y, _ = table()
    X = np.column_stack([X, X[:, 0] + 1e-6 * np.random.default_rng(2).normal(size=N)])
    for options in ({"strengths": [0.0]}, {"strengths": [1e-9], "l1_ratio": 0.0}):
        whole, blocks, source = both(X, y, **options)
        agree(whole, blocks, 1e-7)
        assert source.passes == 3


def test_the_gap_is_that_of_all_rows_and_not_of_those_that_stand_for_them(monkeypatch):
    """Coefficients that are off by a known step have the gap that step costs."""
    from normax.linear_model.streams import squares

    X, y, _ = table()
    path = fit_path(X, y, strengths=[0.5], l1_ratio=0.0)
    source = row_source(X, y, block_size=SIZE)
    known = squares.Squares.of(source)
    off = path.coef + 0.01
    intercept = (y.mean() - off @ X.mean(axis=0)).reshape(1, 1)
    (gap,) = known.gaps(known.problem(l1_ratio=0.0), path.strengths, off, intercept)

    def objective(w, b):
        return 0.5 * np.mean((y - X @ w - b) ** 2) + 0.25 * w @ w

    cost = objective(off[0, 0], intercept[0, 0]) - objective(path.coef[0, 0], path.intercept[0, 0])
    # The gap of ridge is the squared step in the metric of the dual too: no less than the cost, and of its size.
    assert cost <= gap[0] <= 1e3 * cost


def test_moments_of_folds_add_up_and_come_apart():
    X, y, weights = table()
    from normax.linear_model.sources.folds import RowFolds

    labels = np.random.default_rng(3).integers(-1, 3, N).astype(np.int16)
    source = row_source(X, y, sample_weight=weights, block_size=SIZE)
    Z = np.column_stack([X, y])
    *parts, rest = scatters_of(source, RowFolds(3, N, labels))
    every = rest
    for part in parts:
        every = every.join(part)
    for k in range(3):
        for found, rows in ((parts[k], labels == k), (every.without(parts[k]), labels != k)):
            mean = weights[rows] @ Z[rows] / weights[rows].sum()
            S = (Z[rows] - mean).T @ (weights[rows, None] * (Z[rows] - mean))
            assert (found.rows, found.total) == (rows.sum(), weights[rows].sum())
            np.testing.assert_allclose(found.mean, mean, rtol=1e-12)
            np.testing.assert_allclose(found.full, S, rtol=1e-11, atol=1e-11 * np.abs(S).max())
    S, factor = every.full, triangle_of(source).factor
    np.testing.assert_allclose(factor.T @ factor, S, rtol=1e-11, atol=1e-11 * np.abs(S).max())


def test_far_means_cost_their_own_digits_and_not_those_of_their_squares():
    X, y, _ = table()
    far = X - X.mean(axis=0) + 2.0**20  # products about zero would keep three digits
    near = far - 2.0**20
    (whole,) = scatters_of(row_source(near, y, block_size=SIZE))
    (blocks,) = scatters_of(row_source(far, y, block_size=SIZE))
    scale = np.sqrt(np.outer(np.diag(whole.full), np.diag(whole.full)))
    scale[scale == 0] = 1
    assert np.abs((blocks.full - whole.full) / scale).max() < 1e-9


@pytest.mark.parametrize(
    ("fit", "told"),
    [
        (lambda s: fit_path(s, None, strengths=[1], family="cox"), "loss of their own"),
        (lambda s: fit_path(s, None, strengths=[1], penalty=MCP), "takes L1, L2, ElasticNet, and groups"),
        (
            lambda s: fit_path(s, None, strengths=[1], offset=np.zeros(N)),
            "offset: expected None beside a source",
        ),
        (
            lambda s: fit_path(lambda: [(np.eye(2), None)], None, strengths=[1]),
            "y: expected a response, got None",
        ),
        (
            lambda s: fit_path(lambda: [(np.eye(2), ["a", "b"])], None, strengths=[1]),
            "y: expected numbers, got 'a'",
        ),
        (lambda s: fit_path(s, np.zeros(N), strengths=[1]), "expected None beside a source"),
        (
            lambda s: fit_path(lambda: [(np.eye(2), [1, 2], [0, 0])], None, strengths=[1]),
            "all weights are zero",
        ),
    ],
)
def test_what_blocks_cannot_do_is_refused(fit, told):
    X, y, _ = table()
    with pytest.raises(InputError, match=told):
        fit(row_source(X, y))
