"""Knockoffs: the moments that copies must have, the filter, and the share of false selections."""

import cvxpy as cp
import numpy as np
import pytest
from scipy.linalg import toeplitz

from normax.errors import InputError
from normax.linear_model import knockoffs
from normax.linear_model.inference.knockoff_copies import fixed_copies, gaps, gaussian_copies
from normax.linear_model.inference.knockoffs import threshold_of

R = toeplitz(0.7 ** np.arange(6))


@pytest.mark.parametrize("rule", ["equal", "reconstruction"])
def test_gaps_leave_a_covariance(rule):
    s = gaps(R, rule)
    assert (s > 0).all()
    assert np.linalg.eigvalsh(2 * R - np.diag(s))[0] > -1e-9


def test_gaps_minimise_how_well_columns_are_told_from_the_rest():
    """`Σ 1/s_j + tr((2R − diag(s))⁻¹)`, by a general solver, and that it is the trace of the joint inverse."""
    s = gaps(R, "reconstruction")

    def trace(s):
        G = np.block([[R, R - np.diag(s)], [R - np.diag(s), R]])
        return np.trace(np.linalg.inv(G))

    free = cp.Variable(6)
    least = cp.Problem(cp.Minimize(cp.sum(cp.inv_pos(free)) + cp.tr_inv(2 * R - cp.diag(free)))).solve()
    assert trace(s) == pytest.approx(least, rel=1e-5)


@pytest.mark.parametrize("rule", ["equal", "reconstruction"])
def test_fixed_copies_have_the_products_they_must(rule):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 6)) @ np.linalg.cholesky(R).T
    X -= X.mean(axis=0)
    X /= np.linalg.norm(X, axis=0)
    own = X.T @ X
    s = gaps(own, rule)
    copies = fixed_copies(X, own, s, rng)
    np.testing.assert_allclose(copies.T @ copies, own, atol=1e-6)
    np.testing.assert_allclose(X.T @ copies, own - np.diag(s), atol=1e-9)
    np.testing.assert_allclose(copies.sum(axis=0), 0, atol=1e-9)


def test_model_copies_have_the_covariance_they_must():
    rng = np.random.default_rng(0)
    X = 3 + rng.normal(size=(100_000, 6)) @ np.linalg.cholesky(R).T
    s = gaps(R, "reconstruction")
    copies = gaussian_copies(X, np.full(6, 3.0), R, s, rng)
    found = np.cov(np.hstack([X, copies]).T)
    np.testing.assert_allclose(found, np.block([[R, R - np.diag(s)], [R - np.diag(s), R]]), atol=0.02)
    np.testing.assert_allclose(copies.mean(axis=0), 3, atol=0.02)


def test_the_filter_is_its_definition():
    rng = np.random.default_rng(0)
    for offset in (0, 1):
        for _ in range(50):
            w = np.round(rng.normal(size=30) + (rng.random(30) < 0.4) * 2, 1)
            fit = [
                t
                for t in np.arange(0.1, 6, 0.1).round(1)
                if (w >= t).any() and (offset + (w <= -t).sum()) / (w >= t).sum() <= 0.2
            ]
            kept = np.flatnonzero(threshold_of(w, 0.2, offset) <= w)
            assert kept.tolist() == (np.flatnonzero(fit[0] <= w).tolist() if fit else [])


@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson", "cox"])
def test_strong_features_are_found(family):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 20))
    eta = X[:, :8] @ np.full(8, 0.8)
    y = {
        "gaussian": lambda: eta + rng.normal(size=400),
        "binomial": lambda: (rng.random(400) < 1 / (1 + np.exp(-2 * eta))).astype(float),
        "poisson": lambda: rng.poisson(np.exp(eta)).astype(float),
        "cox": lambda: np.column_stack([rng.exponential(size=400) * np.exp(-eta), np.ones(400)]),
    }[family]()
    statistic = "entry" if family == "cox" else None
    found = knockoffs(X, y, fdr=0.3, family=family, statistic=statistic)
    assert set(range(8)) <= set(found.selected.tolist())
    assert found.estimated <= 0.3
    assert "the expected share of selected features without an effect" in found.covers


def test_units_change_nothing_and_a_seed_repeats():
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 12))
    y = X[:, :6] @ np.ones(6) + rng.normal(size=100)
    for kind in ("model", "fixed"):
        first = knockoffs(X, y, kind=kind, fdr=0.3)
        other = knockoffs(X * np.geomspace(1e-3, 1e3, 12), 100 * y, kind=kind, fdr=0.3)
        np.testing.assert_allclose(other.statistic, 100 * first.statistic, rtol=1e-5, atol=1e-9)
        assert other.selected.tolist() == first.selected.tolist()
        np.testing.assert_array_equal(knockoffs(X, y, kind=kind, fdr=0.3).statistic, first.statistic)
    named = knockoffs(pd.DataFrame(X, columns=list("abcdefghijkl")), y, fdr=0.3)
    assert set("abcdef") <= set(named.frame().query("selected == 'x'")["feature"])
    assert "Knockoffs(" in named._repr_html_()


def test_a_statistic_and_a_covariance_of_ones_own():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 10))
    y = X[:, :5].sum(axis=1) + rng.normal(size=200)

    def correlation(X, copies, y):
        return np.abs(X.T @ y) - np.abs(copies.T @ y)

    found = knockoffs(X, y, fdr=0.3, statistic=correlation, covariance=np.eye(10))
    assert set(range(5)) <= set(found.selected.tolist())
    assert found.facts["covariance"] == "given"
    with pytest.raises(InputError, match="statistic: expected 10 finite numbers, got shape"):
        knockoffs(X, y, statistic=lambda *_: 1.0)


X, Y = np.random.default_rng(1).normal(size=(20, 10)), np.arange(20.0)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"kind": "fixed"}, r"at least 2p \+ 1 = 21 rows for 10 columns, got 20; take kind='model'"),
        ({"kind": "fixed", "family": "poisson"}, "'fixed' serves squared error alone"),
        ({"kind": "fixed", "statistic": "coefficient"}, "expected 'entry' for fixed copies"),
        ({"kind": "gaussian"}, "kind: expected 'model' or 'fixed'"),
        ({"fdr": 10}, "fdr: expected a number between 0 and 1"),
        ({"offset": 2}, "offset: expected 1 or 0"),
        ({"statistic": "lasso"}, "statistic: expected 'coefficient', 'entry' or a function"),
        ({"covariance": np.eye(3)}, r"covariance: expected a symmetric \(10, 10\) matrix"),
        ({"covariance": np.ones((10, 10))}, "none of which repeats others"),
    ],
)
def test_what_cannot_be_done_is_told(options, told):
    with pytest.raises(InputError, match=told):
        knockoffs(X, Y, **options)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "n", "rho"), [("model", 300, 0.3), ("fixed", 300, 0.5)])
def test_the_expected_share_of_false_selections_is_bounded(kind, n, rho):
    p, root, false, power = 100, np.linalg.cholesky(toeplitz(rho ** np.arange(100))).T, [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        beta = np.zeros(p)
        beta[rng.choice(p, 20, replace=False)] = 0.35 * rng.choice([-1, 1], 20)
        design = rng.normal(size=(n, p)) @ root
        found = knockoffs(design, design @ beta + rng.normal(size=n), kind=kind, fdr=0.2, seed=seed).selected
        false.append((beta[found] == 0).mean() if len(found) else 0.0)
        power.append((beta[found] != 0).sum() / 20)
    print(f"\nknockoffs {kind}: false {np.mean(false):.3f} of at most 0.2, found {np.mean(power):.2f}")
    assert np.mean(false) < 0.2 + 2 * np.std(false) / np.sqrt(60)
    assert np.mean(power) > 0.5
