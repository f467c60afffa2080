"""What the estimators take besides scikit-learn's: offsets, groups, adaptive factors, rules in RidgeCV, and what cannot be used."""

import numpy as np
import pytest
import sklearn
import sklearn.linear_model
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from normax import linear_model as lm
from normax.errors import InputError
from normax.penalties import L1, L2, GroupLasso, SparseGroupLasso


@pytest.fixture(scope="module")
def diabetes():
    X, y = load_diabetes(return_X_y=True)
    return X / X.std(axis=0), y


@pytest.mark.parametrize("classes", [2, 3])
def test_offsets_of_logits_are_coefficients_that_are_known(diabetes, classes):
    """Without a penalty the fit makes up for any linear offset; with one it makes up for a constant."""
    X = diabetes[0][:150, :4]
    rng = np.random.default_rng(1)
    y = np.digitize(X[:, 0] + rng.logistic(size=150), [0.0, 0.8][: classes - 1])
    known = (0.5 * X[:, 1] - 0.2)[:, None] * np.arange(1, classes)
    known = known[:, 0] if classes == 2 else np.column_stack([np.zeros(150), known])
    plain = lm.LogisticRegression(C=np.inf).fit(X, y)
    moved = lm.LogisticRegression(C=np.inf).fit(X, y, offset=known)
    np.testing.assert_allclose(moved.predict_proba(X, known), plain.predict_proba(X), atol=1e-7)
    assert not np.allclose(moved.predict_proba(X), plain.predict_proba(X), atol=1e-2)
    assert (moved.predict(X, offset=known) == plain.predict(X)).all()
    shift = np.full(150, 0.7) if classes == 2 else np.tile([0.3, 0.0, -1.0], (150, 1))
    chosen = lm.LogisticRegressionCV(Cs=4, cv=3, l1_ratios=0.5).fit(X, y)
    shifted = lm.LogisticRegressionCV(Cs=4, cv=3, l1_ratios=0.5).fit(X, y, offset=shift)
    np.testing.assert_allclose(shifted.scores_, chosen.scores_, atol=1e-7)
    np.testing.assert_allclose(shifted.coef_, chosen.coef_, atol=1e-7)
    own = lm.PenalisedClassifier(L2(0.1)).fit(X, y, offset=shift)
    np.testing.assert_allclose(own.coef_, lm.PenalisedClassifier(L2(0.1)).fit(X, y).coef_, atol=1e-7)
    with pytest.raises(InputError, match="offset: expected"):
        lm.LogisticRegression().fit(X, y, offset=[1.0, 2.0])


LABELS = np.repeat(np.arange(5), 2)


def test_offsets_are_exposures(diabetes):
    """Counts over twice the time have twice the mean; with ridge and weights the same as rates weighted by exposure."""
    X = diabetes[0][:100]
    rng = np.random.default_rng(0)
    exposure = rng.uniform(0.5, 3, size=100)
    y = rng.poisson(exposure * np.exp(0.3 * X[:, 0] - 0.2 * X[:, 2]))
    scale = exposure.mean()  # the mean loss of rates is over the exposures, that of counts over the rows
    rates = lm.PoissonRegressor(alpha=0.1).fit(X, y / exposure, sample_weight=exposure)
    counts = lm.PoissonRegressor(alpha=0.1 * scale).fit(X, y, offset=np.log(exposure))
    np.testing.assert_allclose(counts.coef_, rates.coef_, atol=1e-8)
    np.testing.assert_allclose(counts.predict(X, offset=np.log(exposure)), exposure * counts.predict(X))
    assert counts.intercept_ == pytest.approx(rates.intercept_, abs=1e-8)
    same = lm.PenalisedRegressor(L2(0.1 * scale), family="poisson").fit(X, y, offset=np.log(exposure))
    np.testing.assert_allclose(same.coef_, rates.coef_, atol=1e-8)
    chosen = lm.PoissonRegressorCV(alphas=5, cv=3).fit(X, y, offset=np.log(exposure))
    assert chosen.gap_ < 1e-9
    assert 0 <= float(str(chosen.summary()).split("deviance explained")[1].split()[0]) < 1
    with pytest.raises(InputError, match="offset: expected one number for each of the 100 rows"):
        lm.PoissonRegressor().fit(X, y, offset=[1.0, 2.0])


@pytest.mark.parametrize(
    "model",
    [
        lm.Lasso(alpha=0.5), lm.ElasticNet(alpha=0.5, positive=True), lm.Ridge(alpha=3.0), lm.LassoCV(alphas=5, cv=3),
        lm.ElasticNetCV(l1_ratio=[0.5, 0.9], alphas=5, cv=3), lm.RidgeCV(), lm.RidgeCV(cv=3),
        lm.MultiTaskLasso(alpha=0.5), lm.MultiTaskElasticNetCV(alphas=3, cv=3), lm.PenalisedRegressor(L1(0.5)),
    ],
    ids=lambda model: type(model).__name__,
)  # fmt: skip
def test_an_offset_of_squared_error_is_taken_from_y(diabetes, model):
    X, y = diabetes[0][:150], diabetes[1][:150]
    rng = np.random.default_rng(0)
    weights = rng.integers(0, 3, size=150).astype(float)
    known = 20 * rng.normal(size=150)
    if "MultiTask" in type(model).__name__:
        y, known = np.column_stack([y, 2 * y]), np.column_stack([known, -known])
    ours = clone(model).fit(X, y, sample_weight=weights, offset=known)
    same = clone(model).fit(X, y - known, sample_weight=weights)
    np.testing.assert_allclose(ours.coef_, same.coef_, atol=1e-9)
    np.testing.assert_allclose(ours.predict(X, offset=known), same.predict(X) + known, atol=1e-9)
    np.testing.assert_allclose(ours.predict(X), same.predict(X), atol=1e-9)
    if hasattr(ours, "cv_mean_"):
        np.testing.assert_allclose(ours.cv_mean_, same.cv_mean_)
    assert str(ours.summary()) == str(same.summary())
    with pytest.raises(InputError, match="offset: expected"):
        clone(model).fit(X, y, offset=[1.0, 2.0])


def test_offsets_are_routed():
    X, y, known = np.eye(4), np.arange(4.0), np.ones(4)
    with sklearn.config_context(enable_metadata_routing=True):
        model = lm.Lasso(0.1).set_fit_request(offset=True).set_predict_request(offset=True)
        pipe = make_pipeline(StandardScaler(), model).fit(X, y, offset=known)
        told = pipe.predict(X, offset=known)
    alone = lm.Lasso(0.1).fit(StandardScaler().fit_transform(X), y - 1.0)
    np.testing.assert_allclose(told, alone.predict(StandardScaler().fit_transform(X)) + 1.0, atol=1e-12)


@pytest.mark.parametrize("penalty", [GroupLasso(1.0, LABELS), SparseGroupLasso(1.0, LABELS, l1_ratio=0.3)])
def test_groups_come_in_together_in_estimators(diabetes, penalty):
    X, y = diabetes
    patients = np.arange(len(y)) % 20
    model = lm.PenalisedRegressor(penalty, strength="cv", strengths=8, cv=GroupKFold(4))
    model.fit(X, y, groups=patients)
    used = model.coef_.reshape(5, 2) != 0
    assert 0 < used.any(axis=1).sum() < 5
    if isinstance(penalty, GroupLasso):
        assert (used.all(axis=1) == used.any(axis=1)).all()
    assert model.gap_ < 1e-9
    assert type(penalty).__name__ in model.summary().facts["model"]
    expected = lm.fit_path(X, y, strengths=[model.strength_], penalty=penalty).coef[0, 0]
    np.testing.assert_allclose(model.coef_, expected, atol=1e-7)
    classes = np.digitize(y, [100, 200])
    several = lm.PenalisedClassifier(GroupLasso(0.02, "in")).fit(X, classes)
    np.testing.assert_array_equal((several.coef_ != 0).all(axis=0), (several.coef_ != 0).any(axis=0))


def test_adaptive_factors_find_the_features():
    """Correlated noise columns that the lasso takes on and the adaptive lasso leaves out."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(200, 20))
    X[:, 4:] += 0.5 * X[:, :1]
    y = X[:, :3] @ [2.0, -1.5, 1.0] + rng.normal(size=200)
    first = lm.RidgeCV([0.1, 1.0, 10.0]).fit(X, y)
    factors = lm.adaptive_factors(first.coef_)
    assert factors.min() == 1
    adaptive, plain = lm.LassoCV(penalty_factor=factors).fit(X, y), lm.LassoCV().fit(X, y)
    assert (adaptive.coef_[:3] != 0).all()
    assert np.count_nonzero(adaptive.coef_) < np.count_nonzero(plain.coef_)
    shared = lm.adaptive_factors([[3.0, 0.0, 0.6], [4.0, 0.0, 0.8]], gamma=2.0, floor=0.1)
    np.testing.assert_allclose(shared, [1.0, 100.0, 25.0])
    for bad in ([0.0, 0.0], [np.nan, 1.0], 3.0):
        with pytest.raises(InputError, match="coef: expected finite coefficients"):
            lm.adaptive_factors(bad)
    with pytest.raises(InputError, match="gamma: expected a number > 0, got 0"):
        lm.adaptive_factors([1.0], gamma=0)


def test_ridge_cv_takes_rules_by_folds(diabetes):
    X, y = diabetes
    rules = {"lower": 0.0, "penalty_factor": np.r_[0.0, np.ones(9)]}
    model = lm.RidgeCV([1.0, 100.0], cv=4, **rules).fit(X, y)
    expected = lm.Ridge(model.alpha_, **rules).fit(X, y)
    np.testing.assert_allclose(model.coef_, expected.coef_, atol=1e-8)
    assert model.coef_.min() >= 0
    with pytest.raises(InputError, match=r"leave-one-out .* takes no penalty_factor"):
        lm.RidgeCV(lower=0.0).fit(X, y)


def test_several_responses_have_a_summary(diabetes):
    X, y = diabetes
    text = str(lm.MultiTaskLassoCV(alphas=6, cv=3).fit(X, np.column_stack([y, y**0.5])).summary())
    assert "cross-validated" in text
    assert "output" in text
    assert "degrees of freedom" not in text


def test_what_cannot_be_used_is_told(diabetes):
    X, y = diabetes
    constant = np.full((6, 2), 3.0)
    assert (lm.Lasso(0.1).fit(constant, np.arange(6.0)).coef_ == 0).all()
    cases = [
        (lm.Lasso(), np.zeros((5, 0)), np.arange(5.0), {}, "0 feature"),
        (lm.Lasso(), X, y, {"sample_weight": np.zeros(len(y))}, "all weights are zero"),
        (lm.Lasso(), X, y, {"sample_weight": -np.ones(len(y))}, "negative ones at rows 0"),
        (lm.PenalisedRegressor(GroupLasso(0.1, LABELS), upper=1), X, y, {}, "groups takes no bounds"),
        (lm.PenalisedRegressor(L1(0.1), family="poison"), X, y, {}, "poisson"),
        (lm.PoissonRegressorCV(), X, -y, {}, "counts >= 0, got -151 at row 0"),
    ]
    for model, table, target, weights, message in cases:
        with pytest.raises(ValueError, match=message):
            model.fit(table, target, **weights)
    unsorted = lm.ElasticNetCV(alphas=[0.1, 10.0, 1.0], cv=3).fit(X, y)
    assert unsorted.alphas_.tolist() == [10.0, 1.0, 0.1]
    assert lm.fit_path(X, y, strengths=[0.1, 10.0, 1.0]).strengths.tolist() == [0.1, 10.0, 1.0]


@pytest.mark.parametrize("family", ["gaussian", "poisson", "huber", "quantile"])
def test_several_outputs_are_fitted_apart_at_one_strength(family):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 5))
    Y = rng.poisson(np.exp(X[:, :3] / 3)).astype(float)
    weights = rng.uniform(size=80)
    both = lm.PenalisedRegressor(L1(0.05), family=family).fit(X, Y, sample_weight=weights)
    assert both.coef_.shape == (3, 5)
    for j in range(3):
        alone = lm.PenalisedRegressor(L1(0.05), family=family).fit(X, Y[:, j], sample_weight=weights)
        np.testing.assert_allclose(both.coef_[j], alone.coef_, atol=1e-5)
        np.testing.assert_allclose(both.predict(X)[:, j], alone.predict(X), atol=1e-4)
    assert 0 < both.score(X, Y) < 1


def test_several_outputs_are_chosen_for_together():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 5))
    Y = X[:, :2] + rng.normal(size=(80, 2))
    apart = lm.PenalisedRegressor("l1", cv=4).fit(X, Y)
    np.testing.assert_allclose(
        apart.fold_errors_.sum(axis=0),
        sum(
            lm.PenalisedRegressor("l1", strengths=apart.strengths_, cv=4).fit(X, y).fold_errors_.sum(axis=0)
            for y in Y.T
        ),
        rtol=1e-9,
    )
    rows = lm.PenalisedRegressor(GroupLasso(0.3, "in")).fit(X, Y)
    expected = sklearn.linear_model.MultiTaskLasso(0.3 * np.sqrt(2), tol=1e-12).fit(X, Y)
    np.testing.assert_allclose(rows.coef_, expected.coef_, atol=1e-7)
    np.testing.assert_allclose(rows.predict(X), expected.predict(X), atol=1e-6)
    assert lm.PenalisedRegressor(L1(0.1)).fit(X, Y[:, :1]).predict(X).shape == (80,)
