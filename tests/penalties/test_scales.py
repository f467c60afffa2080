"""Strengths on every scale: by the libraries' own solutions, and there and back."""

import itertools

import numpy as np
import pytest
import sklearn.linear_model as sk

from normax.errors import InputError
from normax.linear_model import fit_path
from normax.penalties.scales import MIXED, SCALES, convert_strength, scale_table

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
Y = X @ np.array([1.0, -2.0, 0.0, 0.5]) + RNG.normal(size=60)
LABELS = (Y > 0).astype(int)
SD = Y.std()


@pytest.mark.parametrize(("source", "target"), list(itertools.permutations(SCALES, 2)))
@pytest.mark.parametrize("l1_ratio", [0.0, 0.25, 1.0])
def test_there_and_back(source, target, l1_ratio):
    if any(s not in MIXED and SCALES[s].l1_ratio != l1_ratio for s in (source, target)):
        with pytest.raises(InputError, match="cannot be stated"):
            convert_strength(0.3, source=source, target=target, n=7, y_sd=3.0, l1_ratio=l1_ratio)
        return
    there = convert_strength(0.3, source=source, target=target, n=7, y_sd=3.0, l1_ratio=l1_ratio)
    value, ratio = there if isinstance(there, tuple) else (there, l1_ratio)
    back = convert_strength(value, source=target, target=source, n=7, y_sd=3.0, l1_ratio=ratio)
    np.testing.assert_allclose(back, (0.3, l1_ratio) if 0 < l1_ratio < 1 else 0.3)


def coefficients(strength, l1_ratio=1.0, y=Y, family="gaussian"):
    return fit_path(X, y, family=family, strengths=[strength], l1_ratio=l1_ratio).coef[0, 0]


def test_scikit_learns_scales():
    lasso = convert_strength(0.1, source="sklearn-lasso", target="normax")
    np.testing.assert_allclose(coefficients(lasso), sk.Lasso(0.1, tol=1e-14).fit(X, Y).coef_, atol=1e-7)
    ridge = convert_strength(5.0, source="sklearn-ridge", target="normax", n=60)
    np.testing.assert_allclose(coefficients(ridge, 0.0), sk.Ridge(5.0).fit(X, Y).coef_, atol=1e-9)
    logistic = convert_strength(0.3, source="sklearn-logistic", target="normax", n=60, l1_ratio=0)
    theirs = sk.LogisticRegression(C=0.3, solver="newton-cholesky", tol=1e-12).fit(X, LABELS).coef_[0]
    np.testing.assert_allclose(coefficients(logistic, 0.0, LABELS, "binomial"), theirs, atol=1e-7)


def test_textbook_and_keras_ridge_by_the_normal_equations():
    """λ‖w‖² beside half the mean squared error; Keras adds the same to its loss, whatever that is."""
    centred = X - X.mean(axis=0)
    for scale in ("textbook", "keras-l2"):
        strength = convert_strength(0.2, source=scale, target="normax", l1_ratio=0)
        system = centred.T @ centred / 60 + 2 * 0.2 * np.eye(4)
        np.testing.assert_allclose(coefficients(strength, 0.0), np.linalg.solve(system, centred.T @ Y / 60))


def test_torch_weight_decay_is_the_fixed_point_of_plain_sgd():
    strength = convert_strength(0.2, source="torch-weight-decay", target="normax")
    w, centred, response = np.zeros(4), X - X.mean(axis=0), Y - Y.mean()
    for _ in range(2000):
        w = w - 0.1 * (centred.T @ (centred @ w - response) / 60 + 0.2 * w)
    np.testing.assert_allclose(coefficients(strength, 0.0), w, atol=1e-10)


@pytest.mark.parametrize("l1_ratio", [0.0, 0.4, 1.0])
def test_glmnet_works_on_y_over_its_standard_deviation(l1_ratio):
    """glmnet divides y and lambda by sd(y), solves, and multiplies the coefficients back."""
    lam = 0.3
    theirs = SD * coefficients(lam / SD, l1_ratio, (Y - Y.mean()) / SD)
    ours = convert_strength(
        lam,
        source="glmnet-lasso" if l1_ratio else "glmnet-ridge",
        target="normax",
        y_sd=SD,
        l1_ratio=l1_ratio,
    )
    strength, ratio = ours if isinstance(ours, tuple) else (ours, l1_ratio)
    np.testing.assert_allclose(coefficients(strength, ratio), theirs, atol=1e-10)


def test_no_penalty_at_all():
    assert convert_strength(0.0, source="normax", target="sklearn-logistic", n=5, l1_ratio=0) == np.inf
    assert convert_strength(np.inf, source="sklearn-logistic", target="normax", n=5, l1_ratio=0) == 0.0
    assert convert_strength(0.0, source="normax", target="glmnet-lasso", y_sd=2, l1_ratio=0.5) == (0.0, 0.5)


def test_the_table_lists_every_scale():
    assert [row["scale"] for row in scale_table()] == list(SCALES)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"source": "sklearn_lasso", "target": "normax"}, "did you mean 'sklearn-lasso'"),
        ({"source": "normax", "target": "glmnet"}, "target: expected one of"),
        ({"source": "normax", "target": "textbook"}, "write l1_ratio=1 or 0"),
        ({"source": "sklearn-lasso", "target": "sklearn-ridge", "n": 5}, "one is L1, the other L2"),
        ({"source": "sklearn-ridge", "target": "normax"}, "n: the number of rows is needed"),
        ({"source": "glmnet-ridge", "target": "normax"}, "y_sd: "),
        ({"source": "sklearn-ridge", "target": "normax", "n": 0}, "n: expected a finite number > 0"),
        (
            {"source": "normax", "target": "textbook", "l1_ratio": 2},
            r"l1_ratio: expected a number in \[0, 1\]",
        ),
        ({"source": "normax", "target": "textbook", "l1_ratio": 1, "value": -1.0}, "value: expected"),
        ({"source": "sklearn-logistic", "target": "normax", "n": 5, "value": 0.0}, "value: expected"),
    ],
)
def test_what_cannot_be_converted_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        convert_strength(**({"value": 1.0} | options))


@pytest.mark.parametrize("l1_ratio", [0.2, 0.7])
def test_elastic_nets_of_scikit_learn_on_either_loss(l1_ratio):
    strength, ratio = convert_strength(0.1, source="sklearn-lasso", target="normax", l1_ratio=l1_ratio)
    theirs = sk.ElasticNet(0.1, l1_ratio=l1_ratio, tol=1e-14).fit(X, Y).coef_
    np.testing.assert_allclose(coefficients(strength, ratio), theirs, atol=1e-7)
    strength, ratio = convert_strength(
        0.3, source="sklearn-logistic", target="normax", n=60, l1_ratio=l1_ratio
    )
    model = sk.LogisticRegression(C=0.3, l1_ratio=l1_ratio, solver="saga", tol=1e-12, max_iter=100_000)
    theirs = model.fit(X, LABELS).coef_[0]
    np.testing.assert_allclose(coefficients(strength, ratio, LABELS, "binomial"), theirs, atol=1e-7)
