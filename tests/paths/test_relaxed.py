"""A path with the fit undone of its shrinkage, against `relaxed_path`; and paths of groups against `fit_path`."""

import numpy as np
import pytest

from normax.errors import InputError
from normax.linear_model import fit_path, relaxed_path
from normax.paths import linear_path
from normax.penalties import L2, GroupLasso, MaxNorm
from normax.selection import folds

GAMMAS = (0.0, 0.5, 1.0)


@pytest.fixture(scope="module")
def data():
    random = np.random.default_rng(0)
    X = random.normal(size=(120, 12))
    return X, 2 * X[:, 0] + X[:, 1] - X[:, 5] + random.normal(size=120)


@pytest.mark.parametrize(("loss", "family"), [("squared", "gaussian"), ("binary_cross_entropy", "binomial")])
def test_it_is_the_relaxed_path(data, loss, family):
    X, y = data
    y = y if family == "gaussian" else (y > 0).astype(int)
    cv = folds(4, 120, seed=0)
    oracle = relaxed_path(X, y, strengths=12, gammas=GAMMAS, cv=cv, family=family)
    path = linear_path(X, y, loss=loss, strengths=oracle.strengths, gammas=GAMMAS, cv=cv, select="min")
    g = oracle.best[1]
    assert path.gamma == GAMMAS[g]
    np.testing.assert_allclose(path.cv_mean, oracle.cv_mean[:, g], rtol=1e-9)
    np.testing.assert_allclose(path.weights["weight"], oracle.coef[:, g], atol=1e-9)
    assert path.best.index == oracle.best[0]


def test_the_penalised_fit_alone_is_the_mixture_at_one(data):
    X, y = data
    plain, mixed = (linear_path(X, y, strengths=20, cv=4, gammas=g) for g in (None, [1.0]))
    np.testing.assert_allclose(mixed.fold_errors, plain.fold_errors, rtol=1e-9)
    np.testing.assert_allclose(mixed.held_out(), plain.held_out(), rtol=1e-9)


def test_it_does_better_where_few_columns_are_strong():
    random = np.random.default_rng(0)
    X = random.normal(size=(100, 40))
    y = 5 * X[:, :3].sum(axis=1) + random.normal(size=100)
    plain, refit = (linear_path(X, y, cv=4, gammas=g, select="min") for g in (None, GAMMAS))
    assert refit.gamma < 1
    assert refit.best.cv_mean < plain.best.cv_mean
    assert refit.best.nonzero < plain.best.nonzero


def test_groups_are_those_of_fit_path(data):
    X, y = data
    penalty = GroupLasso(groups=np.repeat(np.arange(4), 3).tolist())
    path = linear_path(X, y, penalty=penalty, strengths=10, cv=3)
    oracle = fit_path(X, y, strengths=path.strengths, penalty=penalty)
    np.testing.assert_allclose(path.weights["weight"], oracle.coef, atol=1e-7)
    live = (path.weights["weight"][:, 0] != 0).reshape(10, 4, 3)
    assert (live.any(axis=2) == live.all(axis=2)).all()
    assert not live[0].any()
    assert path.gaps.max() <= 1e-6


def test_what_cannot_be_is_refused(data):
    X, y = data
    with pytest.raises(InputError, match="L2 chooses no columns"):
        linear_path(X, y, penalty=L2, gammas=GAMMAS)
    with pytest.raises(InputError, match="without folds"):
        linear_path(X, y, cv=None, gammas=GAMMAS)
    with pytest.raises(InputError, match=r"gammas: expected numbers in \[0, 1\]"):
        linear_path(X, y, gammas=[2.0])
    with pytest.raises(InputError, match=r"GroupSCAD and SLOPE, got MaxNorm"):
        linear_path(X, y, penalty=MaxNorm)
