"""Cross-validation as one problem against the plain way: a fit for each fold."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit, TimeSeriesSplit

from normax.errors import InputError, Notice
from normax.linear_model import fit_path, max_strength, relaxed_path
from normax.linear_model.cross_validation.held_out import cross_validate
from normax.linear_model.design.moments import Moments
from normax.linear_model.families import FAMILIES


def problem(n, p, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * rng.uniform(0.1, 5, size=p) + rng.normal(size=p)
    return X, X[:, :4] @ rng.normal(size=4) + rng.normal(size=n), rng


def plainly(X, y, pairs, family="gaussian", weights=None, strengths=None, per_row=True, **options):
    weights = np.ones(len(y)) if weights is None else weights
    loss, errors = FAMILIES[family](), []
    for train, test in pairs:
        grid = strengths if per_row else strengths / weights[train].sum()
        path = fit_path(
            X[train], y[train], strengths=grid, family=family, sample_weight=weights[train], **options
        )
        rows = [
            loss.loss(y[test].reshape(len(test), -1), eta) @ weights[test] for eta in path.predict(X[test])
        ]
        errors.append(np.array(rows) / weights[test].sum())
    return np.array(errors)


SPLITTERS = {
    "folds": KFold(4, shuffle=True, random_state=0),
    "forward": TimeSeriesSplit(3),
    "random": ShuffleSplit(3, test_size=0.3, random_state=0),
    "groups": GroupKFold(3),
}


@pytest.mark.parametrize("shape", [(120, 9), (60, 100)], ids=["moments", "masks"])
@pytest.mark.parametrize("splitter", SPLITTERS)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.4])
def test_every_fold_is_the_fit_of_that_fold(shape, splitter, l1_ratio):
    X, y, rng = problem(*shape)
    groups = np.arange(len(y)) % 7 if splitter == "groups" else None
    pairs = list(SPLITTERS[splitter].split(X, groups=groups))
    strengths = max_strength(X, y, l1_ratio=l1_ratio) * rng.permutation(np.geomspace(1, 1e-3, 12))
    for weights in (None, rng.integers(0, 3, size=len(y)).astype(float)):
        for options in ({}, {"fit_intercept": False}, {"per_row": False}):
            errors, sizes = cross_validate(
                X, y, pairs, strengths=strengths, l1_ratio=l1_ratio, sample_weight=weights, **options
            )
            expected = plainly(
                X, y, pairs, weights=weights, strengths=strengths, l1_ratio=l1_ratio, **options
            )
            np.testing.assert_allclose(errors, expected, rtol=1e-8)
            held = [len(test) if weights is None else weights[test].sum() for _, test in pairs]
            np.testing.assert_allclose(sizes, held)


@pytest.mark.parametrize("shape", [(120, 9), (60, 100)], ids=["moments", "masks"])
def test_several_outputs_and_a_column_constant_in_one_fold(shape):
    X, y, rng = problem(*shape)
    pairs = list(KFold(3).split(X))
    X[pairs[0][0], 2] = 0.1
    Y = np.column_stack([y, rng.normal(size=len(y))])
    strengths = np.array([0.5, 0.05])
    errors, _ = cross_validate(X, Y, pairs, strengths=strengths)
    np.testing.assert_allclose(errors, plainly(X, Y, pairs, strengths=strengths), rtol=1e-8)


@pytest.mark.parametrize("shape", [(80, 12), (40, 60)], ids=["tall", "wide"])
@pytest.mark.parametrize("weakest", [1e-2, 1e-9, 0.0])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_ridge_of_all_folds_from_one_factorisation(shape, weakest, fit_intercept):
    X, y, rng = problem(*shape)
    Y = np.column_stack([y, rng.normal(size=len(y))])
    strengths = np.array([weakest, 1.0, 30.0])
    for weights in (None, rng.uniform(0.5, 2, size=len(y))):
        for splitter in ("folds", "forward"):
            pairs = list(SPLITTERS[splitter].split(X))
            options = {"l1_ratio": 0.0, "fit_intercept": fit_intercept}
            errors, _ = cross_validate(X, Y, pairs, strengths=strengths, sample_weight=weights, **options)
            expected = plainly(X, Y, pairs, weights=weights, strengths=strengths, **options)
            np.testing.assert_allclose(errors, expected, rtol=1e-6)


@pytest.mark.parametrize("family", ["binomial", "multinomial"])
def test_other_families(family):
    X, y, _ = problem(80, 12)
    y = np.digitize(y, [0.0] if family == "binomial" else [-1.0, 1.0])
    Y = y.astype(float) if family == "binomial" else np.eye(3)[y]
    pairs = list(KFold(4).split(X))
    strengths = np.array([0.01, 1.0])
    errors, _ = cross_validate(X, Y, pairs, strengths=strengths, family=family, l1_ratio=0.5)
    expected = plainly(X, Y, pairs, family, strengths=strengths, l1_ratio=0.5)
    np.testing.assert_allclose(errors, expected, rtol=1e-8)


def test_a_missed_tolerance_is_told():
    X, y, _ = problem(80, 12)
    with pytest.warns(ConvergenceWarning, match=r"tol=1e-30 at strengths 0\.01"):
        cross_validate(X, y, list(KFold(4).split(X)), strengths=[0.01], tol=1e-30)


@pytest.mark.parametrize("far", [0.0, 1e6])
@pytest.mark.parametrize("weighted", [False, True])
def test_moments_subtract_exactly(far, weighted):
    """Also where the columns lie a million standard deviations from zero."""
    X, y, rng = problem(90, 5)
    X, Y = X + far, np.column_stack([y + far, y])
    weights = rng.uniform(0.5, 2, size=90) if weighted else np.ones(90)
    every, test = Moments.of(X, Y, weights), np.arange(0, 90, 3)
    held = Moments.of(X[test], Y[test], weights[test], every.x0, every.y0)
    train = np.setdiff1d(np.arange(90), test)
    G, c, squares, x_mean, y_mean = (every - held).centred(True)
    w = weights[train] / weights[train].sum()
    np.testing.assert_allclose(x_mean, w @ X[train], rtol=1e-12)
    np.testing.assert_allclose(y_mean, w @ Y[train], rtol=1e-12)
    Z, V = X[train] - w @ X[train], Y[train] - w @ Y[train]
    np.testing.assert_allclose(G, Z.T @ (w[:, None] * Z), rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(c, Z.T @ (w[:, None] * V), rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(squares, w @ V**2, rtol=1e-8)
    coef, intercept = rng.normal(size=(2, 2, 5)), rng.normal(size=(2, 2)) - far * 5
    direct = [weights[test] @ ((Y[test] - X[test] @ b.T - a) ** 2).sum(1) for a, b in zip(intercept, coef)]
    np.testing.assert_allclose(held.squared_errors(coef, intercept), direct, rtol=1e-6)
    if not far:
        G, c, squares, _, _ = every.centred(False)
        w = weights / weights.sum()
        np.testing.assert_allclose(G, X.T @ (w[:, None] * X), rtol=1e-10)
        np.testing.assert_allclose(c, X.T @ (w[:, None] * Y), rtol=1e-10)
        np.testing.assert_allclose(squares, w @ Y**2, rtol=1e-10)


def three_classes(n=60):
    random = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [n // 2, n // 2 - 1, 1])
    return random.normal(size=(n, 3)) + y[:, None] % 2, y


def test_rows_of_a_class_that_a_fold_never_saw_are_left_out_of_its_error():
    X, y = three_classes()
    random = np.random.default_rng(1)
    order = random.permutation(len(y))
    pairs = [(np.setdiff1d(order, test), test) for test in np.array_split(order, 3)]
    alone = next(k for k, (_, test) in enumerate(pairs) if 2 in y[test])
    with pytest.warns(Notice, match=f"fold {alone} trains without class 'rare', of which it holds out 1"):
        errors, sizes = cross_validate(
            X, np.eye(3)[y], pairs, strengths=np.array([0.1, 0.01]), l1_ratio=0.0, family="multinomial",
            classes=["a", "b", "rare"],
        )  # fmt: skip
    train, test = pairs[alone]
    test = test[y[test] != 2]
    two, _ = cross_validate(
        X, np.eye(2)[np.minimum(y, 1)], [(train, test)], strengths=np.array([0.1, 0.01]), l1_ratio=0.0,
        family="multinomial",
    )  # fmt: skip
    np.testing.assert_allclose(errors[alone], two[0], rtol=1e-10)
    assert sizes[alone] == len(test)


@pytest.mark.parametrize(
    ("y", "family", "fault"),
    [
        ([0, 0, 0, 1, 1, 1], "binomial", "fold 0 trains on one class alone"),
        ([0, 0, 2, 1, 1, 2], "multinomial", "fold 0 trains without class 0 and holds out nothing else"),
    ],
)
def test_folds_that_cannot_judge_any_class_are_refused(y, family, fault):
    pairs = [(np.array([2, 3, 4, 5]), np.array([0, 1])), (np.array([0, 1, 2, 3]), np.array([4, 5]))]
    if family == "binomial":
        pairs[0] = (np.array([3, 4, 5]), np.array([0, 1, 2]))
    Y = np.array(y) if family == "binomial" else np.eye(3)[y]
    with pytest.raises(InputError, match=fault):
        cross_validate(np.arange(6.0)[:, None], Y, pairs, strengths=np.array([0.1]), family=family)


@pytest.mark.parametrize("family", ["gaussian", "binomial", "multinomial", "poisson"])
def test_a_row_of_weight_two_is_two_rows_and_one_of_weight_zero_is_none(family):
    """Also where a fold trains on a class by rows of weight zero alone."""
    X, z, rng = problem(40, 5)
    weights = rng.integers(0, 4, size=40)
    y = {"gaussian": z, "poisson": rng.poisson(2, size=40)}.get(family, (z > 0).astype(int))
    if family == "multinomial":
        y[:2], weights[:2] = 2, [2, 0]
    repeated = np.repeat(np.arange(40), weights)
    fold = np.arange(40) % 3
    pairs, again = (
        [(np.flatnonzero(f != k), np.flatnonzero(f == k)) for k in range(3)] for f in (fold, fold[repeated])
    )
    kinds, relaxed, told = [], [], []
    for rows, split, own in ((np.arange(40), pairs, weights), (repeated, again, None)):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            kinds.append(
                cross_validate(
                    X[rows], y[rows], split, strengths=[0.1, 0.01], family=family, sample_weight=own
                )
            )
            given = {"strengths": [0.1], "family": family, "sample_weight": own}
            relaxed.append(relaxed_path(X[rows], y[rows], cv=split, **given).cv_mean)
        told.append([str(w.message)[:38] for w in caught])
    np.testing.assert_allclose(kinds[0][0], kinds[1][0], rtol=1e-6)
    np.testing.assert_array_equal(kinds[0][1], kinds[1][1])
    np.testing.assert_allclose(*relaxed, rtol=1e-5)
    assert told[0] == told[1]
    assert bool(told[0]) == (family == "multinomial")
