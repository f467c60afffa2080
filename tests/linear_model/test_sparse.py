"""Sparse and single-precision designs: the same answers as of the dense one in double precision, X left as it is."""

import warnings

import numpy as np
import pytest
import scipy.sparse
from sklearn.linear_model import Lasso as TheirLasso

from normax import linear_model as lm
from normax.errors import InputError
from normax.linear_model import fit_path, max_strength
from normax.linear_model.cross_validation.held_out import cross_validate
from normax.penalties import GroupLasso

TALL, WIDE = (60, 8), (30, 70)
RULES = {"penalty_factor": np.linspace(0, 2, 70), "lower": -0.2, "upper": np.linspace(0.1, 1, 70)}
KINDS = {
    "csc": scipy.sparse.csc_array,
    "csr": scipy.sparse.csr_matrix,
    "coo": scipy.sparse.coo_matrix,
    "float32": lambda X: X.astype(np.float32),
    "float32, by columns": lambda X: np.asfortranarray(X, dtype=np.float32),
    "csc of float32": lambda X: scipy.sparse.csc_matrix(X.astype(np.float32)),
}


def problem(n, p, seed=0):
    """Values that single precision holds exactly, a constant column and an empty one."""
    rng = np.random.default_rng(seed)
    X = np.where(rng.random((n, p)) < 0.3, np.round(8 * rng.normal(size=(n, p))) / 8, 0.0)
    X[:, 1], X[:, 2] = 1.5, 0.0
    return X, X[:, :5] @ rng.normal(size=5) + rng.normal(size=n)


def response(family, y):
    if family == "gaussian":
        return y
    return {
        "binomial": y > 0,
        "poisson": np.round(np.exp(np.clip(y, -2, 2))),
        "multinomial": np.digitize(y, (-1, 1)),
    }[family]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("shape", "options"),
    [
        (TALL, {}),
        (WIDE, {}),
        (WIDE, {"fit_intercept": False, "l1_ratio": 0.4}),
        (WIDE, RULES),
        (WIDE, {"l1_ratio": 0.0}),
        (TALL, {"l1_ratio": 0.0}),
        (WIDE, {"penalty": GroupLasso(1.0, np.arange(70) // 5)}),
        (TALL, {"family": "binomial"}),
        (WIDE, {"family": "binomial", "l1_ratio": 0.5}),
        (WIDE, {"family": "poisson", "l1_ratio": 0.0}),
        (TALL, {"family": "multinomial"}),
    ],
    ids=str,
)
def test_any_kind_of_matrix_gives_the_path_of_the_dense_one(kind, shape, options):
    X, y = problem(*shape)
    y = response(options.get("family", "gaussian"), y)
    weights = np.random.default_rng(1).integers(0, 3, len(y))
    options = options | {"sample_weight": weights}
    strengths = max_strength(X, y, **options) * np.array([0.9, 0.3, 0.05])
    assert max_strength(KINDS[kind](X), y, **options) == pytest.approx(
        max_strength(X, y, **options), rel=1e-12
    )
    dense = fit_path(X, y, strengths=strengths, **options)
    path = fit_path(KINDS[kind](X), y, strengths=strengths, **options)
    assert path.gap.max() <= 1e-9
    np.testing.assert_allclose(path.coef, dense.coef, atol=2e-6)
    np.testing.assert_allclose(path.intercept, dense.intercept, atol=2e-6)
    np.testing.assert_allclose(path.predict(KINDS[kind](X)), dense.predict(X), atol=2e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("shape", "options"),
    [
        (TALL, {}),
        (WIDE, {}),
        (TALL, {"l1_ratio": 0.0}),
        (WIDE, {"l1_ratio": 0.0}),
        (WIDE, {"family": "binomial"}),
    ],
    ids=str,
)
def test_folds_of_any_kind_of_matrix_are_those_of_the_dense_one(kind, shape, options):
    X, y = problem(*shape)
    y = response(options.get("family", "gaussian"), y)
    parts = np.array_split(np.random.default_rng(2).permutation(len(y)), 3)
    pairs = [(np.sort(np.concatenate(parts[:k] + parts[k + 1 :])), parts[k]) for k in range(3)]
    strengths = max_strength(X, y, **options) * np.array([0.5, 0.1])
    dense = cross_validate(X, y, pairs, strengths=strengths, **options)
    np.testing.assert_allclose(
        cross_validate(KINDS[kind](X), y, pairs, strengths=strengths, **options)[0], dense[0], rtol=1e-6
    )


def test_many_correlated_sparse_columns_agree_with_scikit_learn():
    rng = np.random.default_rng(3)
    X = scipy.sparse.random_array((200, 400), density=0.05, format="csc", rng=rng)
    X = (X + scipy.sparse.csc_array(X[:, [0]] @ np.ones((1, 400))) * 0.5).tocsc()
    y = X @ rng.normal(size=400) + rng.normal(size=200)
    strength = 0.003 * max_strength(X, y)
    theirs = TheirLasso(alpha=strength, tol=1e-14, max_iter=10**6).fit(X, y)
    assert lm.Lasso(alpha=strength).fit(X, y).gap_ <= 1e-6
    ours = lm.Lasso(alpha=strength, tol=1e-10).fit(X, y)
    assert ours.gap_ <= 1e-10
    assert 50 < np.count_nonzero(ours.coef_) < 200
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), atol=1e-5)


@pytest.mark.parametrize("intercept", [True, False])
def test_the_gap_of_columns_that_were_never_read_is_that_of_all(intercept):
    rng = np.random.default_rng(5)
    X = scipy.sparse.random_array((300, 3000), density=0.01, format="csc", rng=rng)
    y = X[:, :5] @ np.full(5, 3.0) + 0.1 * rng.normal(size=300)
    y -= 0.0 if intercept else y.mean()
    strengths = max_strength(X, y, fit_intercept=intercept) * np.geomspace(1, 0.02, 40)
    path = fit_path(X, y, strengths=strengths, fit_intercept=intercept)
    Z = X.toarray() - (X.mean(axis=0) if intercept else 0.0)
    z = y - (y.mean() if intercept else 0.0)
    null = 0.5 * (z @ z) / 300
    for s, w, gap in zip(strengths, path.coef[:, 0], path.gap):
        r = z - Z @ w
        c = min(1.0, s / np.abs(Z.T @ r / 300).max())
        dual = null - 0.5 * ((z - c * r) ** 2).sum() / 300
        assert gap <= 1e-6
        assert gap * null == pytest.approx(0.5 * (r @ r) / 300 + s * np.abs(w).sum() - dual, abs=1e-12 * null)


def test_ridge_of_many_sparse_rows_and_columns_needs_no_factorisation(monkeypatch):
    from normax.linear_model.design import shapes

    X, y = problem(*WIDE)
    strengths = np.array([1.0, 0.01, 0.0])
    dense = fit_path(X, y, strengths=strengths, l1_ratio=0.0)
    monkeypatch.setattr(shapes, "WIDEST", 5)
    path = fit_path(scipy.sparse.csc_array(X), y, strengths=strengths, l1_ratio=0.0)
    assert path.gap.max() <= 1e-9
    np.testing.assert_allclose(path.coef, dense.coef, atol=1e-7)
    with pytest.raises(InputError, match="cv=5"):
        lm.RidgeCV().fit(scipy.sparse.csc_array(X), y)


ESTIMATORS = [
    lm.Ridge(0.5),
    lm.LassoCV(cv=3, alphas=8),
    lm.ElasticNetCV(cv=3, alphas=5),
    lm.RidgeCV(),
    lm.RidgeCV(cv=3),
    lm.PoissonRegressor(alpha=0.1),
    lm.LogisticRegression(l1_ratio=1.0),
    lm.LogisticRegressionCV(cv=3, Cs=3),
    lm.MultiTaskLasso(0.1),
    lm.PenalisedRegressor(strengths=5, cv=3),
]


@pytest.mark.parametrize("model", ESTIMATORS, ids=str)
def test_estimators_take_a_sparse_table(model):
    X, y = problem(*TALL)
    if isinstance(model, lm.MultiTaskLasso):
        y = np.column_stack([y, -y])
    elif "Logistic" in type(model).__name__:
        y = y > 0
    elif isinstance(model, lm.PoissonRegressor):
        y = np.round(np.exp(np.clip(y, -2, 2)))
    sparse = scipy.sparse.csr_array(X)
    dense = model.fit(X, y).coef_, model.predict(X)
    np.testing.assert_allclose(model.fit(sparse, y).coef_, dense[0], atol=1e-6)
    np.testing.assert_allclose(model.predict(sparse), dense[1], atol=1e-5)
    if hasattr(model, "summary") and not isinstance(model, lm.MultiTaskLasso):
        assert "rows, features" in str(model.summary())


def test_what_is_wrong_in_a_sparse_table_is_named_by_row_and_column():
    X = scipy.sparse.csc_array(np.array([[0.0, 1.0], [np.nan, 0.0], [2.0, 3.0]]))
    with pytest.raises(InputError, match="NaN in columns 0, first at row 1"):
        fit_path(X, np.arange(3.0), strengths=[0.1])
    with pytest.raises(InputError, match="NaN in columns 0, first at row 1"):
        lm.variance_inflation(X)


def test_entries_that_share_a_cell_add_up_and_the_matrix_stays_as_it_was():
    X = scipy.sparse.csc_array(
        (np.array([1.0, 1.0, 4.0, 1.0]), np.array([0, 0, 1, 2]), np.array([0, 4])), shape=(4, 1)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = fit_path(X, np.array([2.0, 4.0, 1.0, 0.0]), strengths=[0.0])
    assert path.coef.item() == pytest.approx(1.0)
    assert X.nnz == 4


def test_sparse_coefficients_on_request():
    X, y = problem(*WIDE)
    options = {"strengths": [0.1, 0.4, 0.02], "family": "multinomial"}
    y = response("multinomial", y)
    dense, path = fit_path(X, y, **options), fit_path(X, y, sparse_coef=True, **options)
    assert np.array_equal([w.toarray() for w in path.coef], dense.coef)
    assert path.nonzero.tolist() == dense.nonzero.tolist()
    np.testing.assert_allclose(path.predict(X), dense.predict(X), atol=1e-12)


@pytest.mark.parametrize("family", ["binomial", "poisson"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"fit_intercept": False},
        {"l1_ratio": 0.3},
        {"l1_ratio": 0.0},
        {"lower": -0.1, "upper": 0.2},
        {"penalty_factor": np.r_[0.0, 1 + np.arange(149) % 3]},
        {"offset": np.linspace(-1, 1, 120)},
    ],
    ids=lambda options: ",".join(options) or "plain",
)
@pytest.mark.parametrize("kind", ["csc", "csr"])
def test_families_of_few_entries_agree_with_the_dense_matrix(family, options, kind):
    """One entry in twenty, so that no column becomes dense; rows of weight 0 as those that a fold holds out."""
    rng = np.random.default_rng(0)
    X = np.where(rng.random((120, 150)) < 0.05, rng.normal(size=(120, 150)), 0.0)
    X[:, 3], X[:, 7] = 0.0, 1.0
    y = response(family, 2 * X @ rng.normal(size=150) + 0.3 * rng.normal(size=120))
    options = options | {"family": family, "sample_weight": rng.integers(0, 3, 120)}
    strengths = max_strength(X, y, **options) * np.array([0.5, 1.0, 0.05, 0.2])
    dense = fit_path(X, y, strengths=strengths, **options, tol=1e-11)
    path = fit_path(KINDS[kind](X), y, strengths=strengths, **options, tol=1e-11)
    np.testing.assert_allclose(path.coef, dense.coef, atol=1e-6)
    np.testing.assert_allclose(path.intercept, dense.intercept, atol=1e-6)
    assert path.gap.max() <= 1e-11
    loose = fit_path(KINDS[kind](X), y, strengths=strengths, **options)
    assert loose.gap.max() <= 1e-6
