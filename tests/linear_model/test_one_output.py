"""One output by the compiled steps: the same rows, the same fits as by the general ones."""

import numpy as np
import pytest
from scipy.special import expit

from normax.compiled import kernel
from normax.linear_model import fit_path, max_strength
from normax.linear_model.design.design import Design
from normax.linear_model.families import FAMILIES
from normax.linear_model.families.rows import row
from normax.linear_model.solvers.newton import one_output
from normax.linear_model.solvers.newton.screening import Screen

COMPILED = [name for name, family in FAMILIES.items() if family.compiled_row is not None]


@kernel
def each(family, y, eta, out):
    for i in range(len(y)):
        out[0, i], out[1, i], out[2, i] = row(family, y[i], eta[i])


def test_binomial_and_poisson_are_compiled():
    assert set(COMPILED) == {"binomial", "poisson"}


@pytest.mark.parametrize("name", COMPILED)
def test_compiled_rows_are_the_formulas(name):
    family, eta = FAMILIES[name](), np.array([-800.0, -30.0, -1.5, 0.0, 1e-9, 2.0, 40.0, 700.0])
    for y in (np.zeros(8), np.full(8, 0.3), np.ones(8)):
        out = np.empty((3, 8))
        each(family.compiled_row, y, eta, out)
        column = y[:, None], eta[:, None]
        np.testing.assert_allclose(out[0], family.loss(*column), rtol=1e-14, atol=1e-15)
        np.testing.assert_allclose(out[1], family.residual(*column)[:, 0], rtol=1e-14, atol=1e-15)
        np.testing.assert_allclose(out[2], family.curvature(*column)[:, 0], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", COMPILED)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.3, 0.0])
@pytest.mark.parametrize("intercept", [True, False])
def test_it_agrees_with_the_general_steps(monkeypatch, name, l1_ratio, intercept):
    rng = np.random.default_rng(3)
    X, weights = rng.normal(size=(40, 25)) + 0.5, rng.integers(0, 3, size=40)  # some rows do not count
    X[:, 7], X[:, 9] = X[:, 8], 1.0
    eta, offset = X[:, :3] @ [1.0, -1.0, 0.5], rng.normal(size=40)
    y = rng.poisson(np.exp(eta - 1)) if name == "poisson" else rng.binomial(1, expit(eta))
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
    monkeypatch.setattr(one_output, "FEW", 0)
    kept = fit_path(X, y, strengths=grid, **options)
    assert max(fresh.gap.max(), kept.gap.max()) < 1e-10
    # Twins may share their coefficient otherwise, but for rows that count it is one linear predictor.
    np.testing.assert_allclose(fresh.predict(X), kept.predict(X), atol=1e-6)


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
