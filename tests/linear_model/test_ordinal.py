"""Proportional odds: statsmodels' fits, a conic solver's, and what an order must be."""

import cvxpy as cp
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression as Sk
from statsmodels.miscmodels.ordinal_model import OrderedModel

from normax.errors import InputError, Notice
from normax.linear_model import OrdinalClassifier, OrdinalClassifierCV, fit_path, max_strength
from normax.linear_model.families import Ordinal
from normax.linear_model.families.ordinal import level_probabilities


@pytest.fixture(scope="module")
def graded():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 5)) + 2
    return X, np.digitize(X @ [1, -0.7, 0.4, 0, 0] + rng.logistic(size=200), [-1, 0.5, 2, 2.7])


def test_without_a_penalty_it_is_statsmodels_ordered_model(graded):
    X, y = graded
    model = OrdinalClassifier().fit(X, y)
    peer = OrderedModel(y, X, distr="logit").fit(method="newton", disp=0, tol=1e-9, maxiter=200)
    np.testing.assert_allclose(model.coef_, peer.params[:5], rtol=1e-6)
    np.testing.assert_allclose(
        model.thresholds_, peer.model.transform_threshold_params(peer.params)[1:-1], rtol=1e-6
    )
    np.testing.assert_allclose(model.predict_proba(X), peer.predict(), atol=1e-7)
    assert model.gap_ < 1e-12


@pytest.mark.filterwarnings("ignore:Solution may be inaccurate")
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_with_one_it_is_a_conic_solvers(graded, l1_ratio):
    X, y = graded
    w, theta, s = cp.Variable(5), cp.Variable(4), 0.05
    loss = 0
    for k in range(5):
        eta = X[y == k] @ w
        loss += cp.sum(cp.logistic(eta - theta[k])) if k < 4 else 0
        loss += cp.sum(cp.logistic(theta[k - 1] - eta)) if k else 0
        loss -= (y == k).sum() * cp.log(1 - cp.exp(theta[k - 1] - theta[k])) if 0 < k < 4 else 0
    penalty = s * (l1_ratio * cp.norm1(w) + (1 - l1_ratio) / 2 * cp.sum_squares(w))
    best = cp.Problem(cp.Minimize(loss / len(y) + penalty)).solve(solver="CLARABEL")
    model = OrdinalClassifier(alpha=s, l1_ratio=l1_ratio).fit(X, y)
    np.testing.assert_allclose(model.coef_, w.value, atol=1e-5)
    np.testing.assert_allclose(model.thresholds_, theta.value, atol=1e-4)
    chosen = model.predict_proba(X)[np.arange(len(y)), y]
    own = -np.log(chosen).mean() + s * (
        l1_ratio * np.abs(model.coef_).sum() + (1 - l1_ratio) / 2 * model.coef_ @ model.coef_
    )
    assert own <= best + 1e-9
    assert 0 <= model.gap_ < 1e-10


def test_two_levels_are_logistic_regression(graded):
    X, y = graded
    model = OrdinalClassifier(alpha=0.1).fit(X, y > 2)
    peer = Sk(C=1 / (0.1 * len(y)), tol=1e-10, solver="newton-cholesky").fit(X, y > 2)
    np.testing.assert_allclose(model.coef_, peer.coef_[0], atol=1e-7)
    assert model.thresholds_[0] == pytest.approx(-peer.intercept_[0])


def test_the_gap_bounds_how_far_a_fit_is(graded):
    X, y = graded
    family = Ordinal()
    Y = family.response(y, len(y))
    weights = np.full(len(y), 1 / len(y))
    bound = family.suited(Y, weights, None)
    rng = np.random.default_rng(4)
    eta, other = rng.normal(size=(2, len(y), 1))
    r = bound.residual(Y, eta)
    assert abs(weights @ r[:, 0]) < 1e-14
    for c in (0.0, 0.3, 0.999):
        # Fenchel and Young at c r: no η has a loss below what the conjugate of c r allows.
        least = weights @ (bound.loss(Y, eta) - bound.fenchel(Y, eta, c) + c * (r * eta)[:, 0])
        assert weights @ (bound.loss(Y, other) + c * (r * other)[:, 0]) >= least - 1e-12
    assert weights @ bound.fenchel(Y, eta, 1.0) == pytest.approx(0, abs=1e-15)


def test_derivatives_are_those_of_the_profile(graded):
    y = graded[1]
    family, rng = Ordinal(), np.random.default_rng(5)
    Y, weights = family.response(y, len(y)), rng.dirichlet(np.ones(len(y)))
    bound, eta, step = (
        family.suited(Y, weights, None),
        rng.normal(size=(len(y), 1)),
        rng.normal(size=(len(y), 1)),
    )
    losses = [weights @ bound.loss(Y, eta + t * step) for t in (-1e-4, 0, 1e-4)]
    slope = -(weights * bound.residual(Y, eta)[:, 0]) @ step[:, 0]
    assert (losses[2] - losses[0]) / 2e-4 == pytest.approx(slope, rel=1e-5)
    d, shared = bound.joint(Y, eta)
    curve = d[:, 0] @ step[:, 0] ** 2 - float((shared(step) ** 2).sum())
    assert (losses[0] - 2 * losses[1] + losses[2]) / 1e-8 == pytest.approx(curve, rel=1e-4)
    ones = np.ones_like(step)  # a shift of all is not seen
    assert float(d.sum() - (shared(ones) ** 2).sum()) == pytest.approx(0, abs=1e-12)


def test_order_of_rows_and_columns_weights_and_units(graded):
    X, y = graded
    one = OrdinalClassifier(alpha=0.03, l1_ratio=1).fit(X, y)
    rng = np.random.default_rng(6)
    rows, columns, times = rng.permutation(len(y)), rng.permutation(5), 1 + np.arange(len(y)) % 3
    other = OrdinalClassifier(alpha=0.03, l1_ratio=1).fit(X[rows][:, columns], y[rows])
    np.testing.assert_allclose(other.coef_, one.coef_[columns], atol=1e-9)
    weighted = OrdinalClassifier(alpha=0.03).fit(X, y, sample_weight=times)
    repeated = OrdinalClassifier(alpha=0.03).fit(np.repeat(X, times, axis=0), np.repeat(y, times))
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, atol=1e-9)
    np.testing.assert_allclose(weighted.thresholds_, repeated.thresholds_, atol=1e-9)
    largest = max_strength(X, y, family="ordinal")
    assert max_strength(1000 * X, y, family="ordinal") == pytest.approx(1000 * largest)
    reversed_ = OrdinalClassifier(alpha=0.03).fit(X, -y)
    np.testing.assert_allclose(reversed_.coef_, -OrdinalClassifier(alpha=0.03).fit(X, y).coef_, atol=1e-9)
    sparse = OrdinalClassifier(alpha=0.03, l1_ratio=1).fit(sp.csr_array(X), y)
    np.testing.assert_allclose(sparse.coef_, one.coef_, atol=1e-9)


def test_rows_of_weight_zero_do_not_count(graded):
    X, y = graded
    weights = (y != 3).astype(float)
    with pytest.warns(Notice, match="no row has level 3"):
        model = OrdinalClassifier(alpha=0.1).fit(X, y, sample_weight=weights)
    alone = OrdinalClassifier(alpha=0.1, levels=[0, 1, 2, 4]).fit(X[y != 3], y[y != 3])
    assert model.classes_.tolist() == [0, 1, 2, 4]
    np.testing.assert_allclose(model.coef_, alone.coef_, atol=1e-9)


def test_separable_levels_without_a_penalty_end_at_finite_numbers():
    X = np.arange(9.0)[:, None]
    with pytest.warns(Notice, match="no minimiser"):
        model = OrdinalClassifier().fit(X, np.repeat([0, 1, 2], 3))
    assert np.isfinite(model.coef_).all()
    assert (model.predict(X) == np.repeat([0, 1, 2], 3)).all()


def test_text_needs_an_order_and_categories_have_one(graded):
    X, y = graded
    names = np.array(["none", "low", "mid", "high", "top"])
    with pytest.raises(InputError, match="whose order is not known"):
        OrdinalClassifier().fit(X, names[y])
    told = OrdinalClassifier(alpha=0.1, levels=names).fit(X, names[y])
    np.testing.assert_array_equal(told.coef_, OrdinalClassifier(alpha=0.1).fit(X, y).coef_)
    assert told.classes_.tolist() == names.tolist()
    category = pd.Series(pd.Categorical(names[y], categories=names, ordered=True))
    np.testing.assert_array_equal(OrdinalClassifier(alpha=0.1).fit(X, category).coef_, told.coef_)
    with pytest.raises(InputError, match="expected one of the levels"):
        OrdinalClassifier(levels=names[:4]).fit(X, names[y])


def test_a_gap_in_the_levels_is_told(graded):
    X, y = graded
    with pytest.warns(Notice, match="no row has level 3: it gets no threshold"):
        model = OrdinalClassifier(alpha=0.1).fit(X, np.where(y == 4, 4, np.minimum(y, 2)))
    assert model.classes_.tolist() == [0, 1, 2, 4]
    with pytest.raises(InputError, match="none of the rows is 3"):
        fit_path(X, np.where(y == 3, 4, y), family="ordinal", strengths=[0.1])
    with pytest.raises(InputError, match="at least two classes"):
        OrdinalClassifier().fit(X, np.ones(len(y)))


def test_cross_validation_scores_by_the_training_thresholds(graded):
    X, y = graded
    halves = [(np.arange(100), np.arange(100, 200)), (np.arange(100, 200), np.arange(100))]
    model = OrdinalClassifierCV(alphas=[1.0, 0.1, 0.01], cv=halves).fit(X, y)
    for k, (train, test) in enumerate(halves):
        for i, alpha in enumerate(model.alphas_):
            alone = OrdinalClassifier(alpha=alpha).fit(X[train], y[train])
            told = -np.log(alone.predict_proba(X[test])[np.arange(100), y[test]]).mean()
            assert model.fold_errors_[k, i] == pytest.approx(told, rel=1e-6)
    assert model.alpha_ == model.alphas_[model.cv_mean_.argmin()]
    distance = OrdinalClassifierCV(alphas=[0.1], cv=halves, scoring="distance").fit(X, y)
    assert distance.fold_errors_[0, 0] == pytest.approx(
        np.abs(OrdinalClassifier(alpha=0.1).fit(X[:100], y[:100]).predict(X[100:]) - y[100:]).mean()
    )
    with pytest.raises(InputError, match="fold 0 trains without level 4"):
        OrdinalClassifierCV(alphas=[0.1], cv=[(np.flatnonzero(y < 4), np.flatnonzero(y == 4))]).fit(X, y)


def test_probabilities_do_not_cancel():
    shares = level_probabilities(np.array([40.0, -800.0]), np.array([0.0, 1e-9, 1.0]))
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert shares[0, 1] == pytest.approx(1e-9 * np.exp(-40.0), rel=1e-6)
