"""No unit decides: y → c·y, X → c·X where columns are standardised, and the order or the number of equal rows change no choice."""

import numpy as np
import pytest
from sklearn.model_selection import KFold

from normax import linear_model as lm
from normax.errors import InputError, Notice
from normax.linear_model import fit_path, max_strength
from normax.linear_model.families import Huber, Quantile, Tweedie
from normax.penalties import MCP, GroupLasso, SparseGroupLasso

UNITS = (1e-5, 1e5)
GROUPS = [0, 0, 1, 1, 2, 2]
IDENTITY = {
    "gaussian": lambda c: "gaussian",
    "huber": lambda c: Huber(c),
    "quantile": lambda c: Quantile(0.7),
}
LOGARITHM = {"poisson": lambda c: "poisson", "gamma": lambda c: "gamma", "tweedie": lambda c: Tweedie(1.5)}
PENALTIES = ("l1", "l2", "elastic-net", GroupLasso(1.0, GROUPS), SparseGroupLasso(1.0, GROUPS))


def problem(family, n=90):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(n, 6)) + 0.5 * rng.normal(size=(n, 1))
    eta = 0.7 * X[:, 0] - 0.4 * X[:, 1]
    if family in LOGARITHM:
        return X, {"poisson": rng.poisson(np.exp(eta)).astype(float), "gamma": rng.gamma(3, np.exp(eta) / 3),
                   "tweedie": rng.poisson(np.exp(eta)) * rng.gamma(2, 1, n)}[family]  # fmt: skip
    return X, eta + rng.standard_t(3, size=n)


def cases():
    """All penalties of the families that are quick; one of the others, and the rest in the long run."""
    for family in [*IDENTITY, *LOGARITHM]:
        for penalty in PENALTIES:
            quick = family in ("gaussian", "poisson") or (family != "quantile" and penalty == "elastic-net")
            name = f"{family}-{penalty if isinstance(penalty, str) else type(penalty).__name__}"
            yield pytest.param(family, penalty, id=name, marks=[] if quick else pytest.mark.slow)


@pytest.mark.parametrize(("family", "penalty"), list(cases()))
def test_the_unit_of_y_changes_no_choice(family, penalty):
    X, y = problem(family, 60)
    of = (IDENTITY | LOGARITHM)[family]

    def predictions(c):
        model = lm.PenalisedRegressor(penalty, strength="cv", family=of(c), strengths=6, cv=2, select="min")
        return model.fit(X, c * y).predict(X) / c

    plain = predictions(1.0)
    for c in UNITS:
        np.testing.assert_allclose(predictions(c), plain, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "model",
    [
        lm.LassoCV(alphas=20, cv=4), lm.LassoCV(alphas=20, cv=4, positive=True), lm.RidgeCV(), lm.RidgeCV(20),
        lm.RidgeCV(20, cv=4), lm.MultiTaskLassoCV(alphas=8, cv=3), lm.PenalisedRegressor(MCP, strengths=8, cv=3),
        lm.LassoCV(alphas=20, cv=4, penalty_factor=[0, 1, 2, 1, np.inf, 1], select="1se"),
    ],
    ids=lambda model: f"{type(model).__name__}{len(str(model))}",
)  # fmt: skip
def test_the_unit_of_y_changes_no_choice_of_estimators(model):
    X, y = problem("gaussian")
    y = np.column_stack([y, 2 * y + X[:, 3]]) if "MultiTask" in type(model).__name__ else y
    plain = model.fit(X, y).predict(X)
    for c in UNITS:
        np.testing.assert_allclose(model.fit(X, c * y).predict(X) / c, plain, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("l1_ratio", [0.5, [0.1, 0.9]])
@pytest.mark.parametrize("c", [1e-5, 1.0, 1e5, 1e8])
def test_the_elastic_net_of_scikit_learn_reaches_both_ends_in_any_unit(l1_ratio, c):
    """Its objective is another in every unit, but its error is never far above that of ridge or the lasso."""
    X, y = problem("gaussian")
    options = {"cv": KFold(4, shuffle=True, random_state=0)}
    best = min(
        lm.LassoCV(**options).fit(X, y).cv_mean_.min(), lm.RidgeCV(50, **options).fit(X, y).cv_mean_.min()
    )
    model = lm.ElasticNetCV(l1_ratio=l1_ratio, **options).fit(X, c * y)
    assert model.cv_mean_.min() <= 1.02 * best * c**2
    assert model.alphas_.flat[0] == pytest.approx(max_strength(X, c * y, l1_ratio=np.min(l1_ratio)))


@pytest.mark.parametrize("c", [1e-4, 1e4])
@pytest.mark.parametrize("penalty", ["l1", "l2"])
@pytest.mark.parametrize("family", ["gaussian", "poisson", "binomial"])
def test_one_unit_for_all_columns_changes_no_choice(family, penalty, c):
    X, y = problem("poisson" if family == "poisson" else "gaussian")
    y = (y > 0).astype(int) if family == "binomial" else y
    kind = lm.PenalisedClassifier if family == "binomial" else lm.PenalisedRegressor
    model = kind(penalty, family=family, strengths=20, cv=3, select="min")
    plain, scaled = model.fit(X, y).coef_, model.fit(c * X, y).coef_
    np.testing.assert_allclose(c * scaled, plain, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("penalty", ["l1", "l2", "elastic-net"])
def test_order_and_repetition_change_no_choice(penalty):
    X, y = problem("gaussian")
    fold, rng = np.arange(len(y)) % 3, np.random.default_rng(0)

    def fit(rows, columns, weights=None):
        pairs = [(np.flatnonzero(fold[rows] != k), np.flatnonzero(fold[rows] == k)) for k in range(3)]
        model = lm.PenalisedRegressor(penalty, strengths=20, cv=pairs, select="min")
        model.fit(X[np.ix_(rows, columns)], y[rows], sample_weight=weights)
        return model.predict(X[:, columns])

    rows, columns = np.arange(len(y)), np.arange(6)
    plain = fit(rows, columns)
    np.testing.assert_allclose(fit(rng.permutation(rows), rng.permutation(columns)), plain, rtol=1e-8)
    np.testing.assert_allclose(fit(np.tile(rows, 2), columns), plain, rtol=1e-8)
    np.testing.assert_allclose(fit(rows, columns, np.full(len(y), 2.0)), plain, rtol=1e-8)


@pytest.mark.parametrize("penalty", ["l1", "l2"])
def test_a_minimum_at_the_edge_makes_an_automatic_grid_go_on_and_no_other(penalty):
    """Hardly any noise, so that the less penalty the better."""
    X, _ = problem("gaussian")
    y = X @ np.arange(6.0) + 1e-4 * np.random.default_rng(0).normal(size=len(X))
    model = lm.PenalisedRegressor(penalty, cv=3, select="min").fit(X, y)
    with pytest.warns(
        Notice, match='the error is smallest at the weakest strength, .* strengths="auto" goes on'
    ):
        assert len(lm.PenalisedRegressor(penalty, strengths=6, cv=3, select="min").fit(X, y).strengths_) == 6
    assert model.strengths_[-1] < 1e-5 * model.strengths_[0]
    given = lm.PenalisedRegressor(penalty, strengths=[1.0, 0.1], cv=3, select="min").fit(X, y)
    assert given.strengths_.tolist() == [1.0, 0.1]


def test_logistic_regression_goes_on_at_both_ends():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 4))
    y = rng.random(200) < 1 / (1 + np.exp(-3 * X[:, 0]))
    for c in (1e-4, 1e3):  # ten Cs from 1e-4 to 1e4 are all too strong, or all too weak
        model = lm.LogisticRegressionCV(cv=3).fit(c * X, y)
        assert model.Cs_.min() < model.C_ < model.Cs_.max()
        assert len(model.Cs_) > 10
        assert model.scores_.shape == (3, 1, len(model.Cs_))
    noise = lm.LogisticRegressionCV(cv=3).fit(X, rng.permutation(y))
    assert noise.cv_mean_.min() <= 1.001 * np.log(2)
    assert lm.LogisticRegressionCV(cv=3, Cs=[1e-9, 1e-8]).fit(X, y).C_ == 1e-8


def test_ridge_goes_on_from_scikit_learns_three_and_from_a_count():
    X, y = problem("gaussian")
    for c in (1e-3, 1e3):
        default, counted = lm.RidgeCV().fit(c * X, y), lm.RidgeCV(40).fit(c * X, y)
        for model in (default, counted):
            assert model.alphas_.min() < model.alpha_ < model.alphas_.max()
            assert (np.diff(model.alphas_) > 0).all()
            assert len(model.cv_mean_) == len(model.alphas_)
        assert counted.best_score_ == pytest.approx(default.best_score_, rel=0.02)
    assert lm.RidgeCV([0.1, 1.0, 10.0]).fit(1e3 * X, y).alphas_.tolist() == [0.1, 1.0, 10.0]


@pytest.mark.parametrize("family", ["gaussian", "poisson", "binomial"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.3, 0.0])
def test_an_infinite_factor_leaves_a_column_out(family, l1_ratio):
    X, y = problem("poisson" if family == "poisson" else "gaussian")
    y = (y > 0).astype(float) if family == "binomial" else y
    factor = np.array([1.0, np.inf, 2.0, 0.0, np.inf, 1.0])
    kept = np.isfinite(factor)
    options = {"family": family, "l1_ratio": l1_ratio}
    whole, part = (max_strength(X, y, penalty_factor=factor, **options),
                   max_strength(X[:, kept], y, penalty_factor=factor[kept], **options))  # fmt: skip
    assert whole == pytest.approx(part)
    strengths = whole * np.geomspace(1, 1e-3, 5)
    left_out = fit_path(X, y, strengths=strengths, penalty_factor=factor, **options)
    without = fit_path(X[:, kept], y, strengths=strengths, penalty_factor=factor[kept], **options)
    assert not left_out.coef[..., ~kept].any()
    np.testing.assert_allclose(left_out.coef[..., kept], without.coef, atol=1e-7)
    nothing = fit_path(X, y, strengths=[0.1], penalty_factor=np.full(6, np.inf), **options)
    assert not nothing.coef.any()


def test_where_nothing_helps_there_is_one_model_and_no_complaint():
    X, y = problem("gaussian")
    for model in (lm.LassoCV(), lm.ElasticNetCV(), lm.RidgeCV(10), lm.PenalisedRegressor("l2")):
        assert np.abs(model.fit(X, np.full(len(y), 3e5)).coef_).max() < 1e-12
    model = lm.LassoCV(positive=True, cv=3).fit(np.abs(X), -np.abs(X) @ np.ones(6))
    assert not model.coef_.any()


def test_criteria_and_relaxed_paths_go_on_and_have_no_unit():
    X, _ = problem("gaussian")
    y = X @ np.arange(1.0, 7.0) + 1e-3 * np.random.default_rng(0).normal(size=len(X))
    found, relaxed = (
        lm.information_criteria(X, y, strengths=8),
        lm.relaxed_path(X, y, gammas=[1.0], strengths=8),
    )
    assert len(found.strengths) > 8
    assert found.path.coef.shape == (len(found.strengths), 1, 6)
    assert len(relaxed.strengths) > 8
    assert relaxed.cv_mean.shape == (len(relaxed.strengths), 1)
    again, other = (lm.information_criteria(X, 1e5 * y, strengths=8),
                    lm.relaxed_path(X, 1e5 * y, gammas=[1.0], strengths=8))  # fmt: skip
    np.testing.assert_allclose(again.strengths, 1e5 * found.strengths)
    np.testing.assert_allclose(other.strengths, 1e5 * relaxed.strengths)
    assert again.best("bic") == found.best("bic")
    assert other.best == relaxed.best


def test_the_summary_of_a_model_without_a_column_counts_it_out():
    X, y = problem("gaussian")
    factor = np.array([1.0, np.inf, 1.0, 1.0, 1.0, 1.0])
    left_out = lm.Ridge(1.0, penalty_factor=factor).fit(X, y).summary().facts
    without = lm.Ridge(1.0).fit(X[:, np.isfinite(factor)], y).summary().facts
    assert left_out["degrees of freedom"] == without["degrees of freedom"]


@pytest.mark.parametrize("c", [1e-9, 1e-6, 1e6, 1e9])
def test_grids_with_fixed_ends_reach_any_unit_of_the_columns(c):
    """Every C or alpha of scikit-learn's grids gives the null model there, or the one without a penalty."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 40))
    y = X[:, 0] - X[:, 1] + rng.normal(size=60)
    for model, target in (
        (lm.LogisticRegressionCV(l1_ratios=1.0, cv=3), y > 0),
        (lm.LogisticRegressionCV(cv=3), y > 0),
        (lm.RidgeCV(), y),
        (lm.RidgeCV(cv=3), y),
    ):
        plain, scaled = model.fit(X, target).cv_mean_.min(), model.fit(c * X, target).cv_mean_.min()
        assert scaled <= 1.15 * plain  # the steps, coarse ones, meet the minimum elsewhere


def test_grids_of_counts_are_checked_and_a_constant_y_needs_no_other():
    X = np.random.default_rng(0).normal(size=(20, 2))
    assert lm.RidgeCV().fit(1e9 * X, np.ones(20)).alphas_.tolist() == [0.1, 1.0, 10.0]
    for wrong in (-1, 0, 1.5, "a", np.nan, None, True):
        with pytest.raises(InputError, match="Cs: expected"):
            lm.LogisticRegressionCV(Cs=wrong).fit(X, X[:, 0] > 0)
        if wrong is not None:  # as in scikit-learn, as many as it takes by default
            with pytest.raises(InputError, match="alphas: expected 'auto', a whole number"):
                lm.LassoCV(alphas=wrong).fit(X, X[:, 0])
    for wrong in ([np.inf], [0.0], [[1.0]], ["a"]):
        with pytest.raises(InputError, match="Cs: expected"):
            lm.LogisticRegressionCV(Cs=wrong).fit(X, X[:, 0] > 0)
