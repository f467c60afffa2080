"""Cox's model: its likelihood by its definition, statsmodels' fits, weights as copies, certificates, what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from normax.errors import InputError
from normax.linear_model import fit_path, max_strength
from normax.linear_model.families import Cox
from normax.linear_model.problem.terms import check_rules
from normax.linear_model.solvers.certificate import family_gap


@pytest.fixture
def rows():
    """X, start, time, event and stratum of 120 rows, times with ties."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 6))
    hazard = np.exp(X[:, :3] @ [0.6, -0.4, 0.3])
    life, end = rng.exponential(1 / hazard), rng.exponential(2.0, size=120)
    time = np.ceil(5 * np.minimum(life, end)) / 5
    start = np.floor(5 * time * rng.uniform(0, 0.6, size=120)) / 5
    return X, start, time, (life <= end).astype(float), rng.integers(0, 3, 120)


def shaped(rows, kind):
    """The response of such rows: right-censored, delayed, stratified, or both."""
    _, start, time, event, stratum = rows
    zero = np.zeros(len(time))
    return {
        "censored": np.column_stack([time, event]),
        "delayed": np.column_stack([start, time, event]),
        "stratified": np.column_stack([zero, time, event, stratum]),
        "both": np.column_stack([start, time, event, stratum]),
    }[kind]


def by_definition(start, stop, event, stratum, eta, weights, ties):
    """The negative logarithm of the partial likelihood, event time by event time."""
    total, size = 0.0, weights * np.exp(eta)
    for t, s in {(t, s) for t, s, d in zip(stop, stratum, event) if d}:
        at_risk = (stratum == s) & (start < t) & (stop >= t)
        own = (stratum == s) & (stop == t) & (event == 1)
        for k in range(own.sum()):
            less = k / own.sum() * size[own].sum() if ties == "efron" else 0.0
            total += weights[own].mean() * np.log(size[at_risk].sum() - less)
        total -= weights[own] @ eta[own]
    return total


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_the_loss_is_the_definition_and_its_derivatives_are_right(rows, ties):
    _, start, time, event, stratum = rows
    rng = np.random.default_rng(1)
    n, eta, weights = len(time), 2 * rng.normal(size=len(time)), rng.uniform(0.2, 3.0, size=len(time))
    share, cox = weights / weights.sum(), Cox(ties)
    y = cox.response(shaped(rows, "both"), n)
    bound = cox.suited(y, share, None)

    def loss(eta):
        return share @ bound.loss(y, eta[:, None])

    truth = by_definition(start, time, event, stratum, eta, n * share, ties)
    assert n * loss(eta) == pytest.approx(truth, rel=1e-12)
    d, shared = bound.joint(y, eta[:, None])
    B = shared(np.eye(n))
    bend = np.diag(d[:, 0]) - B.T @ B
    h, residual = 1e-5, bound.residual(y, eta[:, None])[:, 0]
    for i in range(0, n, 7):
        step = h * (np.arange(n) == i)
        slope = (loss(eta + step) - loss(eta - step)) / (2 * h)
        assert -share[i] * residual[i] == pytest.approx(slope, abs=1e-9)
        ends = [-share * bound.residual(y, (eta + side)[:, None])[:, 0] for side in (-step, step)]
        np.testing.assert_allclose((ends[1] - ends[0]) / (2 * h), bend[i], atol=1e-9)
    assert (share * bound.curvature(y, eta[:, None])[:, 0] >= np.diag(bend)).all()


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("kind", ["censored", "delayed", "stratified", "both"])
def test_without_a_penalty_it_is_statsmodels(rows, kind, ties):
    hazards = pytest.importorskip("statsmodels.duration.hazard_regression")
    X, start, time, event, stratum = rows
    start = start + 0.05  # statsmodels has rows at risk at their very start too
    given = {"entry": start} if kind in ("delayed", "both") else {}
    given |= {"strata": stratum} if kind in ("stratified", "both") else {}
    theirs = hazards.PHReg(time, X, status=event, ties=ties, **given).fit()
    y = shaped((X, start, time, event, stratum), kind)
    ours = fit_path(X, y, family=Cox(ties), strengths=[0.0])
    np.testing.assert_allclose(ours.coef[0, 0], theirs.params, atol=1e-7)


def test_the_lasso_is_statsmodels(rows):
    hazards = pytest.importorskip("statsmodels.duration.hazard_regression")
    X, _, time, event, _ = rows
    y = shaped(rows, "censored")
    ours = fit_path(X, y, family="cox", strengths=[0.05, 0.02])
    thin = fit_path(sparse.csc_array(X), y, family="cox", strengths=[0.05, 0.02])
    np.testing.assert_allclose(thin.coef, ours.coef, atol=1e-9)
    model = hazards.PHReg(time, X, status=event, ties="breslow")
    for s, w in zip(ours.strengths, ours.coef[:, 0]):
        lasso = model.fit_regularized(alpha=s, maxiter=2000, cnvrg_tol=1e-12)
        np.testing.assert_allclose(w, lasso.params, atol=1e-6)


def test_weights_are_copies(rows):
    X, y = rows[0], shaped(rows, "both")
    weights = np.random.default_rng(2).integers(0, 4, len(X))
    copies = np.repeat(np.arange(len(X)), weights)
    weighed = fit_path(X, y, family="cox", strengths=[0.02, 0.0], sample_weight=weights)
    copied = fit_path(X[copies], y[copies], family="cox", strengths=[0.02, 0.0])
    np.testing.assert_allclose(weighed.coef, copied.coef, atol=1e-9)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.3])
def test_the_gap_bounds_what_is_left(rows, ties, l1_ratio):
    """A fit that stops early lies above the minimum by no more than its gap says."""
    X, y = rows[0], shaped(rows, "both")
    model = {"family": Cox(ties), "l1_ratio": l1_ratio}
    s = 0.1 * max_strength(X, y, **model)
    best = fit_path(X, y, strengths=[s], **model)
    assert best.gap[0] < 1e-9
    cox, weights = Cox(ties), np.full(len(X), 1 / len(X))
    y = cox.response(y, len(X))
    terms = replace(check_rules(X.shape[1], None, None, None), l1_ratio=l1_ratio).terms(s)

    def objective(w):
        charge = l1_ratio * np.abs(w).sum() + 0.5 * (1 - l1_ratio) * w @ w
        return weights @ cox.loss(y, (X @ w)[:, None]) + s * charge

    for shrink in (0.0, 0.5, 0.9):
        w = shrink * best.coef[0, 0]
        eta = (X @ w)[:, None]
        u = X.T @ (weights * cox.residual(y, eta)[:, 0])
        gap = family_gap(cox, weights, y, eta, w[None], u[None], terms)
        left = objective(w) - objective(best.coef[0, 0])
        assert 0 < left <= gap < objective(0 * w)


def test_predictors_that_differ_by_thousands_stay_finite(rows):
    y = Cox().response(shaped(rows, "both"), 120)
    eta = np.linspace(-2000, 2000, 120)[:, None]
    for family in (Cox(), Cox("efron")):
        for values in (family.loss, family.residual, family.curvature, family.deviance):
            assert np.isfinite(values(y, eta)).all()


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1.0, 2, 3], r"cox expects numbers \(3, 2\), time and event"),
        ([(1, 0), (2, 0), (3, 0)], "all rows are censored"),
        (
            [(-1, 1), (2, 0), (3, 2)],
            "times >= 0, got -1 at row 0 .*; events that are 0 or 1, got event 2 at row 2",
        ),
        ([(0, 1, 1), (2, 2, 0), (1, 3, 1)], "starts before their stops, got 2 to 2 at row 1"),
        ([(1, np.nan), (2, 0), (3, 1)], "y: "),
    ],
)
def test_what_no_times_can_be_is_refused(y, message):
    with pytest.raises(InputError, match=message):
        fit_path(np.eye(3), y, family="cox", strengths=[0.1])
    with pytest.raises(InputError, match="ties: expected"):
        Cox("exact")


def test_scikit_survivals_arrays_are_taken():
    X, y = np.array([[0.0], [1], [0], [1]]), [(5, 1), (1, 1), (4, 0), (6, 1)]
    theirs = np.array([(bool(d), t) for t, d in y], dtype=[("event", "?"), ("time", "f8")])
    ours, same = (fit_path(X, z, family="cox", strengths=[0.01]).coef for z in (y, theirs))
    np.testing.assert_array_equal(ours, same)
