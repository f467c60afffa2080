"""Multinomial ridge by conjugate gradients: the same minimum as by full Newton steps and as scikit-learn's."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression as Sk

from normax.linear_model import fit_path
from normax.linear_model.problem.problem import Problem
from normax.linear_model.solvers import strategy
from normax.linear_model.solvers.newton.conjugate import follow_conjugate
from normax.linear_model.solvers.newton.working_set import follow
from normax.linear_model.solvers.strategy import solve

STRENGTHS = np.array([0.3, 1e-2, 1e-4])


@pytest.fixture(autouse=True)
def no_problem_is_small(monkeypatch):
    monkeypatch.setattr(strategy, "QUICK", 0)


@pytest.fixture
def data():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(150, 9)) * np.geomspace(0.1, 20, 9) + 3
    X[:, 4] = 2.0
    eta = (X - 3) @ (rng.normal(size=(9, 4)) / np.geomspace(0.1, 20, 9)[:, None])
    return X, (eta + rng.gumbel(size=eta.shape)).argmax(axis=1)


CASES = {
    "plain": lambda X: (X, {}),
    "no intercept": lambda X: (X, {"fit_intercept": False}),
    "factors": lambda X: (X, {"penalty_factor": np.linspace(0.2, 3, X.shape[1])}),
    "weights": lambda X: (X, {"sample_weight": np.arange(len(X)) % 3}),
    "offset": lambda X: (X, {"offset": np.random.default_rng(0).normal(size=(len(X), 4))}),
    "single": lambda X: (X.astype(np.float32), {}),
    "sparse": lambda X: (sp.csc_array(np.where(X > 2, X, 0.0)), {}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_minimum_is_that_of_full_newton_steps(data, case):
    X, options = CASES[case](data[0])
    problem = Problem.of(X, data[1], family="multinomial", l1_ratio=0.0, **options)
    fit, other = follow_conjugate(problem, STRENGTHS), follow(problem, STRENGTHS)
    null = float(problem.design.weights @ problem.family.deviance(problem.y, 0 * problem.y))
    assert fit.gap.max() < 1e-11 * null
    np.testing.assert_allclose(fit.coef, other.coef, rtol=1e-5, atol=1e-7 * np.abs(other.coef).max())
    np.testing.assert_allclose(fit.intercept, other.intercept, rtol=1e-5, atol=1e-6)
    assert (fit.coef[:, :, problem.design.constant] == 0).all()
    np.testing.assert_array_equal(solve(problem, STRENGTHS).coef, fit.coef)  # who serves such problems


def test_few_rows_take_full_steps(data, monkeypatch):
    monkeypatch.undo()
    problem = Problem.of(*data, family="multinomial", l1_ratio=0.0)
    np.testing.assert_array_equal(solve(problem, STRENGTHS).coef, follow(problem, STRENGTHS).coef)


def test_scikit_learn_finds_the_same(data):
    X, y = data
    path = fit_path(X, y, family="multinomial", l1_ratio=0.0, strengths=[1e-2])
    peer = Sk(C=1 / (len(y) * 1e-2), tol=1e-10, solver="newton-cholesky").fit(X, y)
    np.testing.assert_allclose(path.coef[0], peer.coef_, rtol=1e-5, atol=1e-7)


def test_more_columns_than_rows(data):
    rng = np.random.default_rng(5)
    X, y = rng.normal(size=(40, 90)), rng.integers(0, 3, size=40)
    path = fit_path(X, y, family="multinomial", l1_ratio=0.0, strengths=[0.1])
    assert path.gap[0] < 1e-12
    peer = Sk(C=1 / (40 * 0.1), tol=1e-12, solver="newton-cg").fit(X, y)
    np.testing.assert_allclose(path.coef[0], peer.coef_, atol=1e-6)


def test_weights_are_repeated_rows_and_order_does_not_show(data):
    X, y = data
    times = 1 + np.arange(len(y)) % 3
    order = np.random.default_rng(1).permutation(times.sum())
    options = {"family": "multinomial", "l1_ratio": 0.0, "strengths": STRENGTHS}
    one = fit_path(X, y, sample_weight=times, **options)
    other = fit_path(np.repeat(X, times, axis=0)[order], np.repeat(y, times)[order], **options)
    np.testing.assert_allclose(one.coef, other.coef, rtol=1e-6, atol=1e-8)


def test_strength_zero_is_left_to_full_steps(data):
    X, y = data
    path = fit_path(X, y, family="multinomial", l1_ratio=0.0, strengths=[1e-3, 0.0])
    assert path.gap.max() < 1e-6
    alone = fit_path(X, y, family="multinomial", l1_ratio=0.0, strengths=[1e-3])
    np.testing.assert_allclose(path.coef[0], alone.coef[0], rtol=1e-5, atol=1e-7)


def test_a_step_that_overshoots_is_shortened():
    X = np.array([[0.0], [1.0], [2.0], [3.0], [400.0]])
    y = [0, 1, 2, 1, 0]
    path = fit_path(X, y, family="multinomial", l1_ratio=0.0, strengths=np.geomspace(1, 1e-8, 5))
    assert path.gap.max() < 1e-6


@pytest.mark.parametrize("kind", [np.asarray, sp.csc_array, sp.csr_array])
def test_columns_of_unlike_sizes_that_all_but_repeat_each_other(kind):
    rng = np.random.default_rng(7)
    X = np.where(
        rng.uniform(size=(200, 40)) < 0.2, rng.normal(size=(200, 40)) * np.geomspace(1e-3, 1e3, 40), 0
    )
    X[:, 1::2] = X[:, ::2] * (1 + 1e-6 * rng.normal(size=(200, 20)))
    path = fit_path(
        kind(X), rng.integers(0, 3, 200), family="multinomial", l1_ratio=0.0, strengths=[1.0, 1e-6]
    )
    assert path.gap.max() < 1e-11
    assert path.n_iter.max() < 15
