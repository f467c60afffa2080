"""The debiased lasso: least squares where there is no penalty, its own formulas where there is, and its coverage."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.linalg import toeplitz
from scipy.sparse import csc_array
from scipy.special import expit
from sklearn.linear_model import Lasso

from normax.errors import InputError, Notice
from normax.linear_model import debiased_lasso
from normax.linear_model.families import Cox
from normax.linear_model.inference.nodewise import directions


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def survival(rng, eta):
    time, until = rng.exponential(size=len(eta)) * np.exp(-eta), 2 * rng.exponential(size=len(eta))
    return np.column_stack([np.minimum(time, until), time <= until])


def drawn(family, rng, eta):
    """A response of a family with this linear predictor."""
    if family == "gaussian":
        return eta + rng.normal(size=len(eta))
    if family == "binomial":
        return (rng.random(len(eta)) < expit(eta)).astype(float)
    return rng.poisson(np.exp(eta)).astype(float) if family == "poisson" else survival(rng, eta)


@pytest.mark.parametrize(
    ("family", "theirs"),
    [("gaussian", None), ("binomial", sm.families.Binomial()), ("poisson", sm.families.Poisson())],
)
@pytest.mark.parametrize("robust", [False, True])
def test_without_a_penalty_it_is_least_squares_or_maximum_likelihood(rng, family, theirs, robust):
    X = rng.normal(size=(60, 4)) * [1, 2, 5, 50]
    y = drawn(family, rng, X @ [0.4, 0, 0.1, 0])
    found = debiased_lasso(X, y, family=family, strength=0, robust=robust)
    Z, options = sm.add_constant(X), {"cov_type": "HC0" if robust else "nonrobust"}
    model = sm.OLS(y, Z).fit(**options, **({"use_t": True} if robust else {})) if theirs is None else None
    model = model or sm.GLM(y, Z, family=theirs).fit(tol=1e-14, **options)
    np.testing.assert_allclose(found.estimate, model.params[1:], rtol=1e-6)
    np.testing.assert_allclose(found.standard_error, model.bse[1:], rtol=1e-6)
    np.testing.assert_allclose(np.column_stack([found.lower, found.upper]), model.conf_int()[1:], rtol=1e-5)
    np.testing.assert_allclose(found.p_value, model.pvalues[1:], rtol=1e-5, atol=1e-12)


def test_an_offset_is_a_known_part(rng):
    X, known = rng.normal(size=(60, 3)), rng.normal(size=60)
    y = rng.poisson(np.exp(0.3 * X[:, 0] + known)).astype(float)
    found = debiased_lasso(X, y, family="poisson", strength=0, offset=known)
    model = sm.GLM(y, sm.add_constant(X), family=sm.families.Poisson(), offset=known).fit(tol=1e-14)
    np.testing.assert_allclose(found.standard_error, model.bse[1:], rtol=1e-6)
    shifted = debiased_lasso(X, y + known, strength=0.1, offset=known)
    plain = debiased_lasso(X, y, strength=0.1)
    np.testing.assert_allclose(shifted.lower, plain.lower, rtol=1e-8)
    known[:] = 7.0  # beside an intercept a constant one is none
    y = drawn("cox", rng, X[:, 0])
    options = {"family": "cox", "strength": 0.05}
    np.testing.assert_allclose(
        debiased_lasso(X, y, offset=known, **options).lower, debiased_lasso(X, y, **options).lower, rtol=1e-5
    )


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_without_a_penalty_cox_is_the_partial_likelihood(rng, ties):
    X = rng.normal(size=(80, 3))
    y = survival(rng, X @ [0.5, 0, -0.5])
    y[:, 0] = np.ceil(4 * y[:, 0])
    found = debiased_lasso(X, y, family=Cox(ties), strength=0)
    model = sm.PHReg(y[:, 0], X, status=y[:, 1], ties=ties).fit()
    np.testing.assert_allclose(found.estimate, model.params, rtol=1e-6)
    np.testing.assert_allclose(found.standard_error, model.bse, rtol=1e-6)
    np.testing.assert_allclose(found.p_value, model.pvalues, rtol=1e-5)


def test_more_columns_than_rows_by_the_formula(rng):
    """`b_j = β̂_j + z_jᵀ(y − Xβ̂) / z_jᵀx_j` and `σ‖z_j‖ / |z_jᵀx_j|` with lassos of scikit-learn."""
    n, p = 40, 60
    X = rng.normal(size=(n, p))
    y = X[:, 0] + rng.normal(size=n)
    found = debiased_lasso(X, y, strength=0.2, nodewise=0.15, noise=1.3, columns=[0, 7])
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    tight = {"tol": 1e-14, "max_iter": 10**6}
    e = y - (fit := Lasso(0.2, **tight).fit(Z, y)).predict(Z)
    for i, j in enumerate([0, 7]):
        others = np.delete(Z, j, axis=1)
        z = Z[:, j] - Lasso(0.15, **tight).fit(others, Z[:, j]).predict(others)
        scale = X.std(axis=0)[j]
        assert found.estimate[i] == pytest.approx((fit.coef_[j] + z @ e / (z @ Z[:, j])) / scale, rel=1e-6)
        assert found.standard_error[i] == pytest.approx(
            1.3 * np.linalg.norm(z) / abs(z @ Z[:, j]) / scale, rel=1e-6
        )


@pytest.mark.parametrize(("n", "p", "rho"), [(50, 80, 0.5), (300, 20, 0.9), (40, 41, 0.0)])
def test_strengths_of_the_nodes_keep_what_they_promise(rng, n, p, rho):
    """Bias at most √(2 log p), or near the least there is; a standard error at most a quarter above that bound's."""
    X = rng.normal(size=(n, p)) @ np.linalg.cholesky(toeplitz(rho ** np.arange(p))).T
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    H = X.T @ X / n
    c, strengths = directions(H, n, np.arange(p))
    own = np.einsum("ij,ij->i", c @ H, c)
    for j in range(p):
        others = np.delete(c[j] @ H, j)
        assert np.abs(others).max() <= strengths[j] + 1e-9
        assert c[j, j] == 1
        bias = np.sqrt(n) * np.abs(others).max() / np.sqrt(own[j])
        assert bias <= np.sqrt(2 * np.log(p)) + 1e-6
    if n > p and rho == 0.9:  # the inverse itself costs at most a quarter more here for some
        inverse = np.linalg.inv(H)
        exact = strengths == 0
        np.testing.assert_allclose(own[exact], 1 / np.diag(inverse)[exact], rtol=1e-8)


def test_units_and_order_of_rows_and_columns_change_nothing(rng):
    X = rng.normal(size=(60, 40))
    y = X[:, 0] + rng.normal(size=60)
    options = {"strength": 0.1, "noise": "scaled"}
    first = debiased_lasso(X, y, **options)
    scale, columns, rows = np.geomspace(1e-3, 1e3, 40), rng.permutation(40), rng.permutation(60)
    other = debiased_lasso((X * scale + 5)[rows][:, columns], y[rows], **options)
    np.testing.assert_allclose(other.estimate * scale[columns], first.estimate[columns], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(
        other.standard_error * scale[columns], first.standard_error[columns], rtol=1e-6
    )
    third = debiased_lasso(X, 1000 * y, strength=100, noise="scaled")
    np.testing.assert_allclose(third.upper, 1000 * first.upper, rtol=1e-5)
    np.testing.assert_allclose(third.p_value, first.p_value, rtol=1e-4)


@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson", "cox"])
def test_weights_are_repeated_rows_and_a_sparse_X_is_the_same(rng, family):
    X = rng.normal(size=(70, 25)) * (rng.random((70, 25)) < 0.5)
    y = drawn(family, rng, X @ np.r_[0.5, np.zeros(24)])
    times = rng.integers(0, 3, size=70)
    options = {"family": family, "strength": 0.05}
    once = debiased_lasso(np.repeat(X, times, axis=0), np.repeat(y, times, axis=0), **options)
    weighted = debiased_lasso(csc_array(X), y, sample_weight=times, **options)
    for name in ("estimate", "lower", "p_value"):
        np.testing.assert_allclose(getattr(weighted, name), getattr(once, name), rtol=1e-5, atol=1e-8)


def test_twins_are_told(rng):
    X = rng.normal(size=(60, 5))
    y = X[:, 0] + rng.normal(size=60)
    with pytest.warns(Notice, match="^x0, x5: other columns are so like them"):
        debiased_lasso(np.column_stack([X, X[:, 0]]), y, strength=0.1)


def test_columns_by_name_are_those_of_all(rng):
    pd = pytest.importorskip("pandas")
    X = pd.DataFrame(rng.normal(size=(50, 5)), columns=list("abcde"))
    y = X["b"] + rng.normal(size=50)
    whole, some = debiased_lasso(X, y), debiased_lasso(X, y, columns=["d", "b"])
    assert some.features == ("d", "b")
    np.testing.assert_array_equal(some.lower, whole.lower[[3, 1]])
    assert list(whole.frame().columns) == [
        "feature",
        "estimate",
        "standard_error",
        "lower",
        "upper",
        "p_value",
    ]
    assert "covers the coefficient of its column in the model of all columns" in repr(whole)
    assert "covers" in whole._repr_html_()


def test_adjusted_p_values(rng):
    from statsmodels.stats.multitest import multipletests

    X = rng.normal(size=(60, 20))
    found = debiased_lasso(X, X[:, 0] + 0.3 * X[:, 1] + rng.normal(size=60), strength=0.1)
    for ours, theirs in (("holm", "holm"), ("bh", "fdr_bh"), ("by", "fdr_by")):
        np.testing.assert_allclose(found.adjusted(ours), multipletests(found.p_value, method=theirs)[1])
    with pytest.raises(InputError, match="expected 'holm', 'bh' or 'by'"):
        found.adjusted("bonferoni")


WIDE = np.random.default_rng(1).normal(size=(12, 20))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"strength": 0}, "strength: 0 needs more rows than columns.*12 rows and 20 columns"),
        ({"nodewise": 0.0, "strength": 0.1}, "nodewise: 0 needs more rows than columns"),
        ({"strength": 1e-6}, "no residual degrees of freedom.*noise='scaled'"),
        ({"noise": "cv"}, "noise: expected 'residual', 'scaled' or a number"),
        ({"noise": -1}, "noise: expected"),
        ({"level": 95}, "level: expected a number between 0 and 1"),
        ({"family": "gamma"}, "family: expected one of gaussian, binomial, poisson, cox.*bootstrap"),
        ({"columns": ["x20"]}, "columns: expected names of columns or numbers below 20.*did you mean 'x"),
        ({"columns": [20]}, "numbers below 20, got 20"),
        ({"robust": True, "family": "cox"}, "robust: expected False for cox"),
        ({"strength": "cv"}, "strength: expected a number >= 0 or None"),
    ],
)
def test_what_cannot_be_done_is_told(options, told):
    y = WIDE[:, 0] + np.arange(12.0)
    if options.get("family") == "cox":
        y = np.column_stack([np.arange(1.0, 13), np.ones(12)])
    with pytest.raises(InputError, match=told):
        debiased_lasso(WIDE, y, **options)


def test_bad_data_is_told():
    X = WIDE[:, :3].copy()
    X[:, 1] = 0.1
    with pytest.raises(InputError, match="constant ones: x1; leave them out"):
        debiased_lasso(X, np.arange(12.0))
    with pytest.raises(InputError, match="all rows are censored"):
        debiased_lasso(WIDE, np.column_stack([np.arange(1.0, 13), np.zeros(12)]), family="cox")
    with pytest.raises(InputError, match="leaves no residual"):
        debiased_lasso(WIDE[:, :3], np.ones(12))
    with pytest.raises(InputError, match="seed: expected a whole number from 0"):
        debiased_lasso(WIDE, np.arange(12.0), seed=-1)
    with pytest.raises(InputError, match="one output, got 2"):
        debiased_lasso(WIDE, np.ones((12, 2)))


def coverage(n, p, beta, repeats, family="gaussian", rho=0.5, **options):
    """Shares of intervals of the columns with an effect and of the others that cover."""
    root = np.linalg.cholesky(toeplitz(rho ** np.arange(p))).T
    told = np.unique(np.r_[np.flatnonzero(beta)[:30], np.arange(0, p, 10)])  # some columns will do
    true, hits = beta[told], []
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(n, p)) @ root
        found = debiased_lasso(X, drawn(family, rng, X @ beta), family=family, columns=told, **options)
        hits.append((found.lower <= true) & (true <= found.upper))
    hits = np.mean(hits, axis=0)
    return hits[true != 0].mean(), hits[true == 0].mean() if (true == 0).any() else np.nan, hits.mean()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "n", "p", "size", "repeats"),
    [
        ("gaussian", 300, 300, 1.0, 100),
        ("binomial", 400, 60, 0.7, 100),
        ("poisson", 300, 60, 0.4, 100),
        ("cox", 400, 60, 0.5, 100),
    ],
)
def test_coverage_where_few_columns_have_an_effect(family, n, p, size, repeats):
    beta = np.zeros(p)
    beta[[0, p // 2, p - 1]] = size, -size, size
    active, rest, whole = coverage(n, p, beta, repeats, family, strength=0.05 if family == "cox" else None)
    print(f"\ndebiased lasso, {family} {n} x {p}: active {active:.3f}, others {rest:.3f}")
    assert abs(whole - 0.95) < 0.02
    assert active > 0.95 - 3 * np.sqrt(0.95 * 0.05 / (3 * repeats))


@pytest.mark.slow
def test_coverage_fails_where_every_column_has_an_effect():
    """With σ known, so that what the model misses cannot hide in the noise; estimated, it makes intervals wide."""
    beta = 0.3 * np.random.default_rng(7).choice([-1.0, 1.0], 300)
    *_, whole = coverage(100, 300, beta, 10, noise=1.0)
    *_, wide = coverage(100, 300, beta, 5, noise="scaled")
    print(f"\ndebiased lasso, 300 effects in 100 rows: {whole:.3f} with σ known, {wide:.3f} with σ estimated")
    assert whole < 0.7
    assert wide > 0.95


def test_classes_that_a_fit_tells_apart_are_told():
    X = np.random.default_rng(0).normal(size=(60, 3))
    with pytest.warns(Notice, match="the fit tells the classes of all rows apart"):
        debiased_lasso(X, (X[:, 0] > 0).astype(int), family="binomial", strength=0.005)
