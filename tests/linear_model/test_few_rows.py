"""Few rows by the compiled steps: the same formulas, the same fits as by the general ones."""

import numpy as np
import pytest
from scipy.special import expit, log_softmax, softmax
from sklearn.linear_model import LogisticRegression

from normax.linear_model import fit_path, max_strength
from normax.linear_model.design.design import Design
from normax.linear_model.families import FAMILIES
from normax.linear_model.families.rows import evaluate
from normax.linear_model.quadratic import active_rows
from normax.linear_model.solvers.newton import few_rows
from normax.linear_model.solvers.newton.screening import Screen
from normax.linear_model.solvers.squares import descent

COMPILED = [name for name, family in FAMILIES.items() if family.compiled_row is not None]


def test_which_families_are_compiled():
    assert set(COMPILED) == {"binomial", "poisson", "multinomial"}


@pytest.mark.parametrize("name", COMPILED)
def test_compiled_rows_are_the_formulas(name):
    family, eta = FAMILIES[name](), np.array([[-800.0, -30.0, -1.5, 0.0, 1e-9, 2.0, 40.0, 700.0]])
    eta = np.vstack([eta, 0.1 * eta, 0 * eta]) if name == "multinomial" else eta
    weights = np.arange(1.0, 9.0)
    for share in (0.0, 0.3, 1.0):
        y = np.full(eta.shape, share)
        y[1:] = (1 - share) / 2
        theta, d, mean = np.empty((3, *eta.shape))
        value = evaluate(family.compiled_row, y, weights, eta, theta, d, mean)
        np.testing.assert_allclose(value, weights @ family.loss(y.T, eta.T), rtol=1e-13)
        np.testing.assert_allclose(
            theta, (weights[:, None] * family.residual(y.T, eta.T)).T, rtol=1e-13, atol=1e-14
        )
        np.testing.assert_allclose(
            d, (weights[:, None] * family.curvature(y.T, eta.T)).T, rtol=1e-12, atol=1e-12
        )
        if name == "multinomial":
            np.testing.assert_allclose(mean, family.mean(eta.T).T, rtol=1e-13)


@pytest.mark.parametrize("name", COMPILED)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.3, 0.0])
@pytest.mark.parametrize("intercept", [True, False])
def test_it_agrees_with_the_general_steps(monkeypatch, name, l1_ratio, intercept):
    rng = np.random.default_rng(3)
    X, weights = rng.normal(size=(40, 25)) + 0.5, rng.integers(0, 3, size=40)  # some rows do not count
    X[:, 7], X[:, 9] = X[:, 8], 1.0
    m = 3 if name == "multinomial" else 1
    eta, offset = X[:, :3] @ [1.0, -1.0, 0.5], rng.normal(size=(40, m))
    y = {
        "poisson": lambda: rng.poisson(np.exp(eta - 1)),
        "binomial": lambda: rng.binomial(1, expit(eta)),
        "multinomial": lambda: np.digitize(eta + rng.logistic(size=40), [-1.0, 1.0]),
    }[name]()
    options = {
        "family": name,
        "l1_ratio": l1_ratio,
        "fit_intercept": intercept,
        "sample_weight": weights,
        "offset": offset,
        "penalty_factor": np.linspace(0.5, 2, 25),
    }
    grid = max_strength(X, y, **options) * np.geomspace(1, 1e-2, 6)
    fresh = fit_path(X, y, strengths=grid, **options)
    monkeypatch.setattr(few_rows, "FEW", 0)
    kept = fit_path(X, y, strengths=grid, **options)
    assert max(fresh.gap.max(), kept.gap.max()) < 1e-10
    # Twins may share their coefficient otherwise, but for rows that count it is one linear predictor.
    np.testing.assert_allclose(fresh.predict(X), kept.predict(X), atol=1e-6)


def hard(seed):
    """Few rows of several classes that repeat, lack or determine something."""
    rng = np.random.default_rng(seed)
    n, p, m = int(rng.integers(8, 100)), int(rng.integers(4, 50)), int(rng.integers(2, 7))
    X = rng.normal(size=(n, p)) * np.exp(rng.normal(size=p)) + rng.normal(size=p)
    kind = seed % 6
    if kind == 0:
        X[:, 1], X[:, 2] = X[:, 0], -X[:, 0]
    elif kind == 1:
        X[:, 1], X[:, 2] = 3.0, X[:, 0] + X[:, 3]
    elif kind == 2:
        X = (rng.random((n, p)) < 0.3).astype(float)
    elif kind == 3:
        X = np.eye(p)[rng.integers(0, p, n)]
    q = max(1, p // 4)
    y = (rng.choice([0.3, 3, 100]) * X[:, :q] @ rng.normal(size=(q, m)) + rng.gumbel(size=(n, m))).argmax(
        axis=1
    )
    y[:m] = np.arange(m)
    if kind == 4 and m > 2:
        y[y == m - 1], y[0] = 0, m - 1  # one row of its class
    options = {"family": "multinomial", "l1_ratio": float(rng.choice([1, 1, 0.5, 0.05, 0.999]))}
    options["fit_intercept"] = bool(rng.random() < 0.8)
    if rng.random() < 0.5:
        options["sample_weight"] = np.r_[np.ones(m), rng.integers(0, 3, n - m)]
    if rng.random() < 0.4:
        options["offset"] = rng.normal(size=(n, m))
    if rng.random() < 0.4:
        options["penalty_factor"] = np.exp(rng.normal(size=p))
    return X, y, options


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(90))
def test_classes_of_hard_designs_agree_with_the_general_steps(monkeypatch, seed):
    X, y, options = hard(seed)
    grid = max_strength(X, y, **options) * np.geomspace(1.1, 1e-3, 12)
    fresh = fit_path(X, y, strengths=grid, **options)
    monkeypatch.setattr(few_rows, "FEW", 0)
    kept = fit_path(X, y, strengths=grid, **options)
    assert max(fresh.gap.max(), kept.gap.max()) < 1e-9
    rows, known = options.get("sample_weight", y + 1) > 0, options.get("offset")
    etas = [path.predict(X, known)[:, rows] for path in (fresh, kept)]
    np.testing.assert_allclose(*(softmax(eta, axis=2) for eta in etas), atol=1e-5)
    if options["l1_ratio"] < 1:  # a shift of all classes, which L1 alone does not always see
        np.testing.assert_allclose(*etas, atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_classes_lie_no_higher_than_scikit_learn_leaves_them(seed):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(120, 8)), np.r_[np.arange(3), rng.integers(0, 3, 117)]
    s = 0.3 * max_strength(X, y, family="multinomial")
    path = fit_path(X, y, strengths=s, family="multinomial", l1_ratio=1.0)
    peer = LogisticRegression(l1_ratio=1.0, C=1 / (120 * s), solver="saga", tol=1e-10, max_iter=100_000).fit(
        X, y
    )

    def objective(coef, intercept):
        return -log_softmax(X @ coef.T + intercept, axis=1)[np.arange(120), y].mean() + s * np.abs(coef).sum()

    ours = objective(path.coef[0], path.intercept[0])
    assert ours <= objective(peer.coef_, peer.intercept_) + 1e-12
    np.testing.assert_allclose(path.coef[0], peer.coef_, atol=1e-4)


@pytest.mark.parametrize("order", ["F", "C"])
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_the_screen_misses_nothing(order, kind):
    """While the residual turns, it names every entry beyond the floor, with the gradient that a full product gives."""
    rng = np.random.default_rng(5)
    X = np.asarray(rng.normal(size=(30, 200)) + 3, dtype=kind, order=order)
    X[:, 11] = 4.0
    rows = np.arange(3, 28)
    design = Design(X, np.full(25, 0.04), True, rows)
    screen, start, drift = Screen(design), *rng.normal(size=(2, 25, 2))
    coef, spared = np.zeros((2, 200)), 0
    coef[1, 11] = coef[0, 50] = 1.0
    for step in np.linspace(0, 0.6, 13):
        theta = start + step * drift
        u = design.gradient(theta)
        floor = np.linspace(0.6, 0.9, 200) * np.abs(u).max()
        entries, values = screen.look(theta, coef, floor)
        assert entries.tolist() == np.flatnonzero((np.abs(u) > floor) | (coef != 0)).tolist()
        np.testing.assert_allclose(values, u.ravel()[entries], rtol=1e-9, atol=1e-9)
        spared += screen.reference is not None
    assert spared > 2  # the bound was at work


def test_a_gap_is_the_gap_of_all_columns():
    """What the screen skipped would not have changed the certificate."""
    rng = np.random.default_rng(6)
    X = np.asfortranarray(rng.normal(size=(40, 300)))
    y = rng.binomial(1, expit(X[:, 0] - X[:, 1]))
    grid = max_strength(X, y, family="binomial") * np.geomspace(1, 0.05, 12)
    path = fit_path(X, y, strengths=grid, family="binomial")
    assert path.gap.max() < 1e-11
    for s, w, b in zip(grid, path.coef[:, 0], path.intercept[:, 0]):
        u = X.T @ (y - expit(X @ w + b)) / 40
        assert np.abs(u).max() <= s * (1 + 1e-7)


@pytest.mark.parametrize("weighted", [False, True])
def test_faces_wider_than_the_rows_agree_with_the_factor_of_the_columns(monkeypatch, weighted):
    rng = np.random.default_rng(5)
    X = rng.standard_normal((40, 300)) + 0.4 * rng.standard_normal((40, 1))
    y = X[:, :8].sum(axis=1) + rng.standard_normal(40)
    words = {"l1_ratio": 0.3} | ({"sample_weight": rng.uniform(0.5, 2.0, 40)} if weighted else {})
    strengths = max_strength(X, y, l1_ratio=0.3) * np.append(
        np.geomspace(1, 1e-3, 40), 1e-2
    )  # some leave again
    ends, go_on = [], descent.go_on_rows

    def noted(*args):
        out = go_on(*args)
        ends.append(out[0])
        return out

    monkeypatch.setattr(descent, "go_on_rows", noted)
    rows = fit_path(X, y, strengths=strengths, **words)
    assert len(ends) > 5
    assert all(ends)
    monkeypatch.setattr(active_rows.Rows, "serve", lambda *_: False)
    columns = fit_path(X, y, strengths=strengths, **words)
    assert np.count_nonzero(rows.coef[-2]) > 40
    np.testing.assert_allclose(rows.coef, columns.coef, atol=1e-10)
    assert rows.gap.max() < 1e-12 * np.var(y)


@pytest.mark.parametrize("name", COMPILED)
def test_what_must_not_change_a_fit(name):
    rng = np.random.default_rng(5)
    X, weights = rng.normal(size=(60, 5)), rng.integers(1, 4, size=60).astype(float)
    eta = X[:, 0] - X[:, 1] + rng.logistic(size=60)
    y = {
        "poisson": np.round(np.exp(eta / 2)),
        "binomial": eta > 0,
        "multinomial": np.digitize(eta, [-1.0, 1.0]),
    }[name]

    def fit(X, y, weights, strengths=(0.05, 0.01), l1_ratio=1.0):
        options = {"family": name, "strengths": strengths, "l1_ratio": l1_ratio, "tol": 1e-10}
        path = fit_path(X, np.asarray(y, float), sample_weight=weights, **options)
        # L1 alone may leave a shift common to all classes free.
        return path.coef - np.median(path.coef, axis=1, keepdims=True) if name == "multinomial" else path.coef

    for l1_ratio in (1.0, 0.5, 0.0):
        expected = fit(X, y, weights, l1_ratio=l1_ratio)
        copies, order = np.repeat(np.arange(60), weights.astype(int)), rng.permutation(60)
        halves = np.concatenate([0.25 * weights, 0.75 * weights])
        columns = rng.permutation(5)
        for found in (
            fit(X[copies], y[copies], None, l1_ratio=l1_ratio),
            fit(np.vstack([X, X]), np.tile(y, 2), halves, l1_ratio=l1_ratio),
            fit(X[order], y[order], weights[order], l1_ratio=l1_ratio),
            fit(X[:, columns], y, weights, l1_ratio=l1_ratio)[..., np.argsort(columns)],
        ):
            np.testing.assert_allclose(found, expected, atol=1e-7)
    for c in (1e-4, 1e4):
        scaled = fit(c * X, y, weights, (0.05 * c, 0.01 * c)) * c
        np.testing.assert_allclose(scaled, fit(X, y, weights), atol=1e-7)
