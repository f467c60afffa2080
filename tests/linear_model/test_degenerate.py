"""Degenerate data of every kind: a fit with finite numbers, a refusal that names the cause, and never a warning of NumPy's."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sps
from sklearn.exceptions import ConvergenceWarning

from normax.errors import InputError, Notice
from normax.linear_model import fit_path, max_strength
from normax.linear_model.families import Huber, Multinomial, Quantile, Tweedie
from normax.linear_model.quadratic import quadratic
from normax.linear_model.quadratic.active_set import independent_face
from normax.penalties import MCP, Fused, GroupLasso, SparseGroupLasso

P = 4  # columns
SIZES = (1e-29, 1e-12, 1e8, 1e29)  # the ends of what is taken, and what is usual


def designs(rng, n):
    """Designs of n rows, dense and sparse, one degenerate in each way."""
    X = rng.normal(size=(n, P))
    twins, near, hot = X.copy(), X.copy(), np.eye(n)[:, :P]
    sparser = X * (rng.random((n, P)) < 0.08) + hot
    twins[:, 1], twins[:, 2] = X[:, 0], -2 * X[:, 3]
    near[:, 1] = X[:, 0] + 1e-9 * X[:, 1]
    return {
        "plain": X,
        "zeros": np.zeros((n, P)),
        "constant": np.full((n, P), 3.0),
        "one": X[:, :1],
        "wide": rng.normal(size=(n, 3 * n)),
        "twins": twins,
        "near": near,
        "one row differs": hot,
        "one-hot": np.eye(P)[np.arange(n) % P],
        "shifted": X + 1e8,
        "mixed": X * np.geomspace(1e-29, 1e29, P),
        "mild": X * np.geomspace(1e-6, 1e6, P),
        "heavy": rng.standard_cauchy((n, P)) ** 3,
        **{f"{size:g}": X * size for size in SIZES},
        "sparse": sps.csc_array(X * (X > 0.5)),
        "sparser": sps.csc_array(sparser),
        "sparser mixed": sps.csc_array(sparser * np.geomspace(1e-12, 1e12, P)),
        "sparse mixed": sps.csc_array(X * (X > 0) * np.geomspace(1e-12, 1e12, P)),
        "sparse zeros": sps.csc_array((n, P)),
    }


def targets(family, X, rng):
    """Responses, one degenerate in each way that the family allows."""
    n = X.shape[0]
    first = (X[:, [0]].toarray() if sps.issparse(X) else X[:, [0]])[:, 0]
    sign, noise = (first > np.median(first)).astype(float), rng.normal(size=n)
    if family == "binomial":
        return {
            "separate": sign,
            "all": np.ones(n),
            "one": np.eye(n)[3],
            "random": (noise > 0) * 1.0,
            "half": np.full(n, 0.5),
        }
    if family == "multinomial":
        three = np.digitize(first, np.quantile(first, [0.3, 0.7]))
        return {
            "separate": three,
            "all": np.zeros(n, int),
            "random": rng.permutation(np.arange(n) % 3),
            "rare": np.r_[1, 2, np.zeros(n - 2)],
        }
    scaled = lambda y: {f"{size:g}": size * y for size in SIZES}  # noqa: E731
    if family in ("poisson", "tweedie", "gamma"):
        counts = rng.poisson(2.0, n) + 1.0
        none = {"zeros": np.zeros(n), "separate": sign, "one": np.eye(n)[3]}
        return {
            "plain": counts,
            "constant": np.ones(n),
            "heavy": np.abs(rng.standard_cauchy(n)) ** 3 + 1e-3,
            **scaled(counts),
        } | ({} if family == "gamma" else none)
    return {
        "plain": noise, "constant": np.full(n, 7.0), "zeros": np.zeros(n), "first": first, "one": np.eye(n)[3],
        "heavy": rng.standard_cauchy(n) ** 3, "two": sign, "shifted": noise + 1e8, **scaled(noise),
    }  # fmt: skip


OPTIONS = {
    "l1": lambda n, p: {},
    "l2": lambda n, p: {"l1_ratio": 0.0},
    "mixture": lambda n, p: {"l1_ratio": 0.5, "fit_intercept": False},
    "factors": lambda n, p: {"penalty_factor": np.arange(p) % 3 * 1.0},
    "bounds": lambda n, p: {"lower": 0.0, "upper": 0.4},
    "free bounds": lambda n, p: {"lower": -0.1, "penalty_factor": np.arange(p) % 2 * 1.0},
    "weights": lambda n, p: {"sample_weight": np.geomspace(1e-8, 1e8, n)},
    "offset": lambda n, p: {"offset": 1.0},
    "group": lambda n, p: {"penalty": GroupLasso(1.0, np.arange(p) // 2)},
    "free group": lambda n, p: {
        "penalty": GroupLasso(1.0, np.arange(p) // 2),
        "penalty_factor": np.arange(p) // 2 % 2 * 1.0,
    },
    "sparse group": lambda n, p: {"penalty": SparseGroupLasso(1.0, np.arange(p) // 2)},
    "fused": lambda n, p: {"penalty": Fused()},
    "mcp": lambda n, p: {"penalty": MCP(1.0)},
}
FAMILIES = {
    "gaussian": "gaussian",
    "binomial": "binomial",
    "multinomial": "multinomial",
    "poisson": "poisson",
    "gamma": "gamma",
    "tweedie": Tweedie(1.5),
    "huber": Huber(1.0),
    "quantile": Quantile(0.3),
}
NONSMOOTH_TAKES_NOT = ("fused", "mcp")


def fault(family, X, y, options):
    """What a user would see that no user may, or None."""
    options = {"family": FAMILIES[family], **OPTIONS[options](*X.shape)}
    if "offset" in options:
        options["offset"] = np.random.default_rng(0).normal(
            size=(len(y), 3 if family == "multinomial" else 1)
        )
    path = None
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            top = max_strength(X, y, **options) or 1.0
            path = fit_path(X, y, strengths=top * np.array([0.5, 1e-2, 1e-5, 0.0]), max_iter=20, **options)
        except InputError:
            pass
        except Exception as error:
            return repr(error)[:200]
    odd = [w for w in told if not isinstance(w.message, (Notice, ConvergenceWarning))]
    if odd:
        return f"{odd[0].message} at {odd[0].filename.rpartition('/')[2]}:{odd[0].lineno}"
    if path is not None and not (np.isfinite(path.coef).all() and np.isfinite(path.intercept).all()):
        return "numbers that are not finite"
    return None


def sweep(family, n=12, every=1):
    """The faults of all cases, or of each so many-th."""
    rng, wrong, k, count = np.random.default_rng(0), {}, 0, 0
    for design, X in designs(rng, n).items():
        for target, y in targets(family, X, rng).items():
            for options in OPTIONS:
                k += 1
                if k % every or (family in ("huber", "quantile") and options in NONSMOOTH_TAKES_NOT):
                    continue
                count += 1
                found = fault(family, X, y, options)
                if found:
                    wrong[design, target, options] = found
    assert count
    return wrong


@pytest.mark.parametrize("family", FAMILIES)
def test_degenerate_data_bring_finite_fits_or_refusals(family):
    assert sweep(family, every=499 if family == "quantile" else 97) == {}  # whose rounds take long


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("n", [12, 60])
def test_all_degenerate_data_do(family, n):
    assert sweep(family, n) == {}


def test_copies_of_dummy_columns_are_exchanged_and_not_decomposed_for_classes(monkeypatch):
    """Two text columns that say the same: one copy is at work at a time, and no eigenvalues are asked for."""
    rng = np.random.default_rng(0)
    code = rng.integers(0, 30, 300)
    hot = np.eye(30)[code]
    y = np.digitize(rng.normal(size=30)[code] + rng.logistic(size=300), [-1.0, 0.0, 1.0])
    X = np.hstack([hot, hot[:, ::-1], rng.normal(size=(300, 2))])
    strengths = max_strength(X, y, family="multinomial") * np.geomspace(1, 1e-3, 12)
    alone = fit_path(np.hstack([hot, X[:, -2:]]), y, strengths=strengths, family="multinomial", tol=1e-9)

    def decomposed(K):
        raise AssertionError("a face was decomposed")

    monkeypatch.setattr(quadratic, "eigen", decomposed)
    path = fit_path(X, y, strengths=strengths, family="multinomial", tol=1e-9)
    assert path.gap.max() <= 1e-9
    means = [Multinomial().mean(eta) for eta in path.predict(X)]
    expected = [Multinomial().mean(eta) for eta in alone.predict(np.hstack([hot, X[:, -2:]]))]
    np.testing.assert_allclose(means, expected, atol=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_a_face_is_made_independent_and_pays_no_more(seed):
    rng = np.random.default_rng(seed)
    A = rng.integers(-1, 2, (4, 9)).astype(float)
    w = rng.normal(size=9)
    G, before, fitted = A.T @ A, np.abs(w).sum(), A @ w
    L, S, inside = np.zeros((9, 9)), np.zeros(9, dtype=np.intp), np.zeros(9, dtype=bool)
    size = independent_face(G, w, L, S, inside, np.ones(9), np.zeros(9))
    assert 0 <= size == inside.sum() == np.linalg.matrix_rank(A[:, inside])
    np.testing.assert_allclose(A @ w, fitted, atol=1e-8)
    assert np.abs(w).sum() <= before + 1e-9
    assert not w[(np.diag(G) > 0) & ~inside].any()


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_a_column_that_rounding_alone_ties_to_a_copy_does_not_end_the_exchange(sign):
    """The first to leave is one whose part in the combination is rounding; the copy has to leave after it."""
    A, w = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1e-13]]), np.array([1.0, sign * 1e-17, 1.0])
    L, S, inside = np.zeros((3, 3)), np.zeros(3, dtype=np.intp), np.zeros(3, dtype=bool)
    assert independent_face(A.T @ A, w, L, S, inside, np.ones(3), np.zeros(3)) == 1
    np.testing.assert_allclose(w, [2.0, 0.0, 0.0], atol=1e-12)
