"""The fused lasso: its prox by duality, its fits by the lasso of the differences."""

import jax.numpy as jnp
import numpy as np
import pytest
import sklearn.linear_model as sk
from scipy.optimize import minimize

from normax.errors import InputError
from normax.linear_model import fit_path
from normax.linear_model.cross_validation.held_out import cross_validate
from normax.penalties import L1, L2, MCP, Fused, GroupLasso, Nonnegative


def least(w, step, fused, l1):
    """The minimum of the prox's definition, by its dual: a smooth problem in a box."""
    D, p = np.diff(np.eye(len(w)), axis=0), len(w)
    A = np.vstack([D, np.eye(p)])  # the penalty is the largest z·Av over the box

    def dual(z):
        shift = step * (A.T @ z)
        return 0.5 * shift @ (A.T @ z) - z @ (A @ w), A @ (shift - w)

    bound = [(-fused, fused)] * (p - 1) + [(-l1, l1)] * p
    options = {"ftol": 1e-16, "gtol": 1e-12, "maxiter": 2000}
    return -minimize(
        dual, np.zeros(2 * p - 1), jac=True, bounds=bound, method="L-BFGS-B", options=options
    ).fun


@pytest.mark.parametrize("seed", range(8))
def test_prox_is_the_argmin_of_its_definition(seed):
    rng = np.random.default_rng(seed)
    w = rng.normal(size=rng.integers(1, 14)) * 2
    w = np.round(w) if seed % 2 else w  # with ties
    step = rng.uniform(0.2, 3, size=len(w))
    for penalty, l1, own in ((Fused(0.6), 0.0, step), (Fused(0.6) + L1(0.3), 0.3, np.full(len(w), 0.8))):
        v = penalty.prox(w, own)
        at = ((v - w) ** 2 / (2 * own)).sum() + penalty.value(v)
        assert at == pytest.approx(least(w, own, 0.6, l1), abs=1e-9)


def test_bounds_come_after_differences_in_any_order():
    w = np.array([3.0, -2.0, 1.0, -4.0, 2.0])
    flat = Fused(0.5).prox(w, 1.0)
    for penalty in (Fused(0.5) + L1(0.3) + Nonnegative(), Nonnegative() + L1(0.3) + Fused(0.5)):
        np.testing.assert_allclose(penalty.prox(w, 1.0), np.maximum(flat - 0.3, 0.0))


def test_chains_lie_along_the_last_axis():
    W = np.random.default_rng(0).normal(size=(3, 20)).astype("float32")
    v = Fused(0.5).prox(W, 2.0)
    assert v.dtype == W.dtype
    np.testing.assert_array_equal(v, [Fused(0.5).prox(row, 2.0) for row in W])
    assert Fused(0.5).value(W) == pytest.approx(sum(Fused(0.5).value(row) for row in W))
    assert float(Fused(0.5).value(jnp.asarray(W))) == pytest.approx(Fused(0.5).value(W), rel=1e-6)
    np.testing.assert_array_equal(Fused(0.0).prox(W, 2.0), W)
    np.testing.assert_allclose(Fused(1e3).prox(W, 2.0), W.mean(axis=1, keepdims=True) + 0 * W, atol=1e-6)


def chain():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(80, 30)) + 0.5 * rng.normal(size=(80, 1))
    return X, X @ np.repeat([0, 2.0, -1, 0, 0.5], 6) + rng.normal(size=80) + 3


def test_fits_are_the_lasso_of_the_differences():
    """w = Lβ with ones below the diagonal: β_1 is free, the others are the differences."""
    X, y = chain()
    Z = X @ np.tril(np.ones((30, 30)))
    free = np.column_stack([np.ones(80), Z[:, 0]])
    rest = np.column_stack([Z[:, 1:], y])
    rest -= free @ np.linalg.lstsq(free, rest, rcond=None)[0]
    path = fit_path(X, y, strengths=[0.5, 0.1, 0.01], penalty=Fused())
    assert path.gap.max() <= 1e-6
    for s, w, b in zip(path.strengths, path.coef[:, 0], path.intercept[:, 0]):
        theirs = sk.Lasso(s, fit_intercept=False, tol=1e-14, max_iter=200000).fit(rest[:, :-1], rest[:, -1])
        left = rest[:, -1] - rest[:, :-1] @ theirs.coef_
        best = 0.5 * (left**2).mean() + s * np.abs(theirs.coef_).sum()
        assert 0.5 * ((y - X @ w - b) ** 2).mean() + Fused(s).value(w) == pytest.approx(best, rel=1e-6)
        np.testing.assert_allclose(np.diff(w), theirs.coef_, atol=1e-4)
        assert (np.diff(w) == 0).sum() == (np.abs(theirs.coef_) < 1e-9).sum()


def test_other_families_and_sums():
    X, y = chain()
    y, L = (y > 3).astype(float), np.tril(np.ones((30, 30)))
    shape = {"family": "binomial", "strengths": [0.02]}
    fused = fit_path(X, y, penalty=Fused(), **shape)
    lasso = fit_path(X @ L, y, penalty_factor=np.r_[0, np.ones(29)], **shape)
    np.testing.assert_allclose(fused.coef[0, 0], L @ lasso.coef[0, 0], atol=2e-3)
    both = fit_path(X, y, penalty=Fused() + L1(2.0) + L2(0.1), **shape)
    assert both.gap[0] <= 1e-6
    w = both.coef[0, 0]
    assert 0 < np.count_nonzero(w) < 30
    assert len(np.unique(w)) < np.count_nonzero(w)


def test_folds_are_solved_as_far_as_a_fit_alone():
    X, y = chain()
    errors, _ = cross_validate(X, y, [(np.arange(50), np.arange(50, 80))], strengths=[0.1], penalty=Fused())
    alone = fit_path(X[:50], y[:50], strengths=[0.1], penalty=Fused())
    left = y[50:] - X[50:] @ alone.coef[0, 0] - alone.intercept[0, 0]
    assert errors[0, 0] == pytest.approx(0.5 * (left**2).mean(), rel=1e-4)


def test_what_it_cannot_do_is_told():
    with pytest.raises(InputError, match="for linear models"):
        Fused().prox(jnp.ones(3), 1.0)
    with pytest.raises(InputError, match="takes none"):
        fit_path(*chain(), strengths=[0.1], penalty=Fused(), penalty_factor=np.arange(30.0))
    for other in (GroupLasso(1.0, [0] * 30), MCP()):
        with pytest.raises(InputError, match="no prox of its sums"):
            fit_path(*chain(), strengths=[0.1], penalty=Fused() + other)
    with pytest.raises(InputError, match="its loss has kinks"):
        fit_path(*chain(), strengths=[0.1], penalty=Fused(), family="quantile")
