"""The estimators against scikit-learn run to its tightest tolerance, and their own extras."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn.linear_model as sk
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GroupKFold, KFold

from normax import linear_model as lm
from normax.errors import InputError, Notice


def standardised(loader):
    X, y = loader(return_X_y=True)
    return (X - X.mean(axis=0)) / X.std(axis=0), y


@pytest.fixture(scope="module")
def diabetes():
    return standardised(load_diabetes)


@pytest.fixture(scope="module")
def cancer():
    return standardised(load_breast_cancer)


TIGHT = {"tol": 1e-15, "max_iter": 10**6}


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.1])
def test_lasso_and_elastic_net_equal_scikit_learn(diabetes, l1_ratio):
    X, y = diabetes
    weights = np.random.default_rng(0).uniform(0.5, 2, size=len(y))
    for alpha in lm.max_strength(X, y, l1_ratio=l1_ratio) * np.geomspace(1.1, 1e-4, 20):
        if l1_ratio == 1:
            ours, theirs = lm.Lasso(alpha), sk.Lasso(alpha, **TIGHT)
        else:
            ours = lm.ElasticNet(alpha, l1_ratio=l1_ratio)
            theirs = sk.ElasticNet(alpha, l1_ratio=l1_ratio, **TIGHT)
        for sample_weight in (None, weights):
            ours.fit(X, y, sample_weight=sample_weight)
            theirs.fit(X, y, sample_weight=sample_weight)
            np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=0, atol=1e-6)
            assert ours.intercept_ == pytest.approx(theirs.intercept_, abs=1e-6)
            assert ours.gap_ < 1e-12


def test_ridge_equals_scikit_learn(diabetes):
    X, y = diabetes
    Y = np.column_stack([y, X[:, 0] - y])
    weights = np.random.default_rng(0).uniform(0.5, 2, size=len(y))
    for alpha in np.geomspace(1e-3, 1e5, 20):
        for sample_weight in (None, weights):
            ours = lm.Ridge(alpha).fit(X, Y, sample_weight=sample_weight)
            theirs = sk.Ridge(alpha, solver="svd").fit(X, Y, sample_weight=sample_weight)
            np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=0, atol=1e-6)
            np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=0, atol=1e-6)
    each = lm.Ridge([1.0, 100.0]).fit(X, Y)
    np.testing.assert_allclose(each.coef_, sk.Ridge([1.0, 100.0]).fit(X, Y).coef_, atol=1e-6)


@pytest.mark.parametrize(("l1_ratio", "solver"), [(1.0, "saga"), (0.5, "saga"), (0.0, "newton-cholesky")])
def test_binomial_equals_scikit_learn(cancer, l1_ratio, solver):
    X, y = cancer
    top = lm.max_strength(X, y, family="binomial", l1_ratio=max(l1_ratio, 0.1))
    theirs = sk.LogisticRegression(
        l1_ratio=l1_ratio, solver=solver, tol=1e-10, max_iter=10**5, warm_start=True
    )
    for strength in top * np.geomspace(0.95, 1e-2, 20):
        C = 1 / (strength * len(y))
        theirs.set_params(C=C).fit(X, y)
        ours = lm.LogisticRegression(C=C, l1_ratio=l1_ratio).fit(X, y)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=0, atol=1e-6)
        np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=0, atol=1e-6)
        np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-6)
        assert ours.gap_ < 1e-8


@pytest.mark.parametrize(("l1_ratio", "solver"), [(1.0, "saga"), (0.5, "saga"), (0.0, "newton-cholesky")])
def test_multinomial_equals_scikit_learn(l1_ratio, solver):
    X, y = standardised(load_wine)
    labels = np.array(["red", "white", "rosé"])[y]
    for C in (0.05, 0.5):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            theirs = sk.LogisticRegression(C=C, l1_ratio=l1_ratio, solver=solver, tol=1e-10, max_iter=10**5)
            theirs.fit(X, labels)
        ours = lm.LogisticRegression(C=C, l1_ratio=l1_ratio).fit(X, labels)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=0, atol=1e-6)
        np.testing.assert_allclose(ours.predict_log_proba(X), theirs.predict_log_proba(X), atol=1e-6)
        np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


def test_poisson_equals_scikit_learn(diabetes):
    X, y = diabetes
    y = np.round(y / 10)
    weights = np.random.default_rng(0).uniform(0.5, 2, size=len(y))
    for alpha in np.geomspace(1e-3, 30, 20):
        theirs = sk.PoissonRegressor(alpha=alpha, solver="newton-cholesky", tol=1e-12, max_iter=1000)
        theirs.fit(X, y, sample_weight=weights)
        ours = lm.PoissonRegressor(alpha=alpha).fit(X, y, sample_weight=weights)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=0, atol=1e-6)
        assert ours.intercept_ == pytest.approx(theirs.intercept_, abs=1e-6)
        assert ours.score(X, y) == pytest.approx(theirs.score(X, y), abs=1e-6)
        assert ours.gap_ < 1e-10
    sparse = lm.PoissonRegressor(alpha=0.5, l1_ratio=1.0).fit(X, y)
    assert 0 < np.count_nonzero(sparse.coef_) < X.shape[1]
    large = lm.PoissonRegressor(alpha=1e-2).fit(X, 1e6 * y)
    assert large.intercept_ == pytest.approx(np.log(1e6 * y.mean()), abs=0.2)


def test_the_gap_is_in_scikit_learns_units(diabetes):
    """Both bound the same objective: scikit-learn stopped early has a gap of at least its excess over ours."""
    X, y = diabetes
    alpha = 0.1
    theirs = sk.Lasso(alpha, tol=1e-2).fit(X, y)

    def objective(model):
        return ((y - model.predict(X)) ** 2).sum() / (2 * len(y)) + alpha * np.abs(model.coef_).sum()

    ours = lm.Lasso(alpha).fit(X, y)
    assert 0 <= ours.dual_gap_ < 1e-10
    assert objective(theirs) - objective(ours) <= theirs.dual_gap_
    deviance = ((y - y.mean()) ** 2).mean() / 2
    assert ours.gap_ == pytest.approx(ours.dual_gap_ / deviance)


@pytest.mark.parametrize("make", [lm.Lasso, lm.Ridge])
def test_feature_names(make, cancer):
    X, y = cancer
    frame = pd.DataFrame(X[:, :3], columns=["a", "b", "c"])
    assert make().fit(frame, y).feature_names_in_.tolist() == ["a", "b", "c"]
    assert make().fit(pl.DataFrame(frame.to_dict("list")), y).feature_names_in_.tolist() == ["a", "b", "c"]
    frame.loc[4, "b"] = np.nan
    frame.loc[7, "c"] = np.nan
    with pytest.raises(InputError, match=r"NaN in columns 'b', 'c', first at row 4"):
        make().fit(frame, y)


def test_balanced_classes(cancer):
    X, y = cancer
    ours = lm.LogisticRegression(class_weight="balanced").fit(X, y)
    theirs = sk.LogisticRegression(class_weight="balanced", solver="newton-cholesky", tol=1e-10).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)


def test_lasso_cv_equals_scikit_learn(diabetes):
    X, y = diabetes
    ours, theirs = lm.LassoCV(alphas=30, cv=5).fit(X, y), sk.LassoCV(alphas=30, cv=5, **TIGHT).fit(X, y)
    np.testing.assert_allclose(ours.alphas_, theirs.alphas_)
    np.testing.assert_allclose(ours.mse_path_, theirs.mse_path_, rtol=1e-6)
    assert ours.alpha_ == pytest.approx(theirs.alpha_)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)
    simple = lm.LassoCV(alphas=30, cv=5, select="1se").fit(X, y)
    assert simple.alpha_ > ours.alpha_
    at = simple.alphas_.tolist().index(simple.alpha_)
    lowest = simple.cv_mean_.argmin()
    assert simple.cv_mean_[at] <= simple.cv_mean_[lowest] + simple.cv_se_[lowest]
    assert simple.cv_mean_[at - 1] > simple.cv_mean_[lowest] + simple.cv_se_[lowest]
    assert np.count_nonzero(simple.coef_) < np.count_nonzero(ours.coef_)


def test_elastic_net_cv_equals_scikit_learn(diabetes):
    X, y = diabetes
    options = {"alphas": 12, "l1_ratio": [0.2, 0.9], "cv": KFold(4, shuffle=True, random_state=0)}
    ours, theirs = lm.ElasticNetCV(**options).fit(X, y), sk.ElasticNetCV(**options, **TIGHT).fit(X, y)
    np.testing.assert_allclose(ours.alphas_, theirs.alphas_)
    np.testing.assert_allclose(ours.mse_path_, theirs.mse_path_, rtol=1e-6)
    assert (ours.l1_ratio_, ours.alpha_) == (theirs.l1_ratio_, pytest.approx(theirs.alpha_))
    assert theirs.alpha_ == theirs.alphas_.min()  # the edge, where a count stays and "auto" goes on
    with pytest.warns(
        Notice, match='alphas: the error is smallest at the smallest alpha, .* alphas="auto" goes on'
    ):
        lm.ElasticNetCV(**options).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wider = lm.ElasticNetCV(**options | {"alphas": "auto"}).fit(X, y)
    assert wider.alphas_[1, -1] < wider.alpha_ < theirs.alpha_


def test_folds_keep_groups_together(diabetes):
    X, y = diabetes
    groups = np.arange(len(y)) % 7
    model = lm.LassoCV(alphas=5, cv=GroupKFold(3)).fit(X, y, groups=groups)
    assert model.mse_path_.shape == (len(model.alphas_), 3)


@pytest.mark.parametrize("shape", [(442, 10), (8, 10)])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_ridge_cv_leaves_one_out_exactly(diabetes, shape, fit_intercept):
    """Against as many fits as there are rows, with weights (one of them zero)."""
    X, y = diabetes[0][: shape[0]], diabetes[1][: shape[0]]
    X, y = (X[:30], y[:30]) if len(y) > 30 else (X, y)
    weights = np.random.default_rng(0).uniform(0.5, 2, size=len(y))
    weights[3] = 0.0
    alphas = [0.1, 1.0, 10.0]
    model = lm.RidgeCV(alphas, fit_intercept=fit_intercept, store_cv_results=True)
    model.fit(X, y, sample_weight=weights)
    for i in range(len(y)):
        rest = np.arange(len(y)) != i
        for k, alpha in enumerate(alphas):
            left = sk.Ridge(alpha, fit_intercept=fit_intercept, solver="svd")
            left.fit(X[rest], y[rest], sample_weight=weights[rest])
            error = (y[i] - left.predict(X[i : i + 1])[0]) ** 2
            assert model.cv_results_[i, k] == pytest.approx(weights[i] * error, rel=1e-7)
    np.testing.assert_allclose(model.cv_mean_, model.cv_results_.sum(axis=0) / weights.sum())


def test_ridge_cv_by_folds_equals_scikit_learn(diabetes):
    X, y = diabetes
    alphas = np.geomspace(1e-2, 1e4, 9)
    ours = lm.RidgeCV(alphas, cv=5).fit(X, y)
    theirs = sk.RidgeCV(alphas, cv=5, scoring="neg_mean_squared_error").fit(X, y)
    assert ours.alpha_ == theirs.alpha_
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
    with pytest.raises(InputError, match="leave-one-out"):
        lm.RidgeCV(alphas, cv=5, store_cv_results=True).fit(X, y)


def test_logistic_cv_equals_scikit_learn(cancer):
    X, y = cancer
    Cs = np.geomspace(1e-3, 10, 6)
    ours = lm.LogisticRegressionCV(Cs=Cs, cv=4).fit(X, y)
    theirs = sk.LogisticRegressionCV(
        Cs=Cs,
        cv=4,
        l1_ratios=(0.0,),
        scoring="neg_log_loss",
        solver="newton-cholesky",
        tol=1e-10,
        use_legacy_attributes=False,
    ).fit(X, y)
    np.testing.assert_allclose(ours.scores_, theirs.scores_, rtol=1e-6)
    assert pytest.approx(theirs.C_) == ours.C_
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
    finer = {"Cs": np.geomspace(1e-3, 10, 20), "cv": 4}
    lowest = lm.LogisticRegressionCV(**finer).fit(X, y)
    assert lm.LogisticRegressionCV(**finer, select="1se").fit(X, y).C_ < lowest.C_


def test_a_fold_that_never_saw_what_it_holds_out_is_refused_by_its_label():
    X, y = standardised(load_wine)
    rows = np.r_[0:40, 60:100, 130:136]
    X, y = X[rows], y[rows]
    pairs = [(np.flatnonzero(y < 2), np.flatnonzero(y == 2)), (np.arange(0, 86, 2), np.arange(1, 86, 2))]
    model = lm.LogisticRegressionCV(Cs=[0.1, 1.0], cv=pairs)
    with pytest.raises(InputError, match="fold 0 trains without class 'c' and holds out nothing else"):
        model.fit(X, np.array(["a", "b", "c"])[y])
    free = (
        clone(model).set_params(fit_intercept=False).fit(X, y)
    )  # has a finite loss there, and the right one
    assert np.isfinite(free.scores_).all()


def test_the_path_functions_return_what_scikit_learns_do(diabetes):
    X, y = diabetes
    y = y - y.mean()
    alphas, coefs, gaps = lm.lasso_path(X, y, alphas=20)
    expected_alphas, expected, _ = sk.lasso_path(X, y, alphas=20, **TIGHT)
    np.testing.assert_allclose(alphas, expected_alphas)
    np.testing.assert_allclose(coefs, expected, atol=1e-6)
    assert gaps.shape == (20,)
    assert gaps.max() < 1e-10
    chosen = [0.1, 3.0, 1.0]
    alphas, coefs, _, rounds = lm.enet_path(X, y, l1_ratio=0.3, alphas=chosen, return_n_iter=True)
    expected_alphas, expected, _ = sk.enet_path(X, y, l1_ratio=0.3, alphas=chosen, **TIGHT)
    np.testing.assert_allclose(alphas, expected_alphas)
    np.testing.assert_allclose(coefs, expected, atol=1e-6)
    assert rounds.shape == (3,)
    alphas, coefs, gaps = lm.ridge_path(X, y, alphas=[10.0, 1.0])
    for alpha, coef in zip(alphas, coefs.T):
        np.testing.assert_allclose(coef, sk.Ridge(alpha, fit_intercept=False).fit(X, y).coef_, atol=1e-8)
    assert lm.ridge_path(X, y, alphas=7)[1].shape == (10, 7)
    Y = np.column_stack([y, y**2 / 100])
    alphas, coefs, gaps = lm.enet_path(X, Y, l1_ratio=0.3, alphas=chosen)
    np.testing.assert_allclose(coefs, sk.enet_path(X, Y, l1_ratio=0.3, alphas=chosen, **TIGHT)[1], atol=1e-6)
    assert gaps.shape == (3,)
    with pytest.raises(InputError, match="one response"):
        lm.ridge_path(X, Y)
    with pytest.warns(FutureWarning, match="alphas=7"):
        assert len(lm.lasso_path(X, y, n_alphas=7)[0]) == 7


def test_several_outputs_have_a_gap_each_and_a_gram_matrix_has_to_be_that_of_X(diabetes):
    X, y = diabetes
    X, Y = np.asarray(X), np.column_stack([y, -y, y**2])
    model = lm.ElasticNet(0.1).fit(X, Y)
    assert model.dual_gap_.shape == (3,)
    assert (np.abs(model.dual_gap_) <= 1e-12 * (Y**2).mean(axis=0)).all()
    assert model.sparse_coef_.shape == (3, 10)
    assert lm.Lasso.path is lm.enet_path
    centred = X - X.mean(axis=0)
    lm.Lasso(precompute=centred.T @ centred).fit(centred, y)
    for wrong in (X.T @ X + np.eye(10), np.eye(9)):
        with pytest.raises(InputError, match="precompute"):
            lm.Lasso(precompute=wrong).fit(centred, y)
    with pytest.warns(Notice, match="recomputing Gram"):
        lm.Lasso(precompute=X.T @ X).fit(X + 1, y)


def test_alphas_are_told_by_their_own_name():
    X, y = np.eye(6)[:, :2], np.arange(6.0)
    with pytest.raises(InputError, match=r"alphas\[1\] == -1, .*; alphas\[2\] == nan"):
        lm.LassoCV(alphas=[1, -1, np.nan]).fit(X, y)
    with pytest.raises(TypeError, match=r"alphas\[0\] must be .*, not str"):
        lm.ElasticNetCV(alphas=["1"]).fit(X, y)
    with pytest.raises(InputError, match="l1_ratio: Automatic"):
        lm.ElasticNetCV(l1_ratio=[0, 0.5]).fit(X, y)
    model = lm.ElasticNetCV(l1_ratio=[0, 0.5], alphas=[1.0, 0.1], cv=2).fit(X, y)
    assert model.alphas_.shape == (2,)
    assert model.mse_path_.shape == (2, 2, 2)


def test_an_unpenalised_fit_is_possible(cancer):
    X, y = cancer
    noisy = np.where(np.random.default_rng(0).random(len(y)) < 0.2, 1 - y, y)
    ours = lm.LogisticRegression(C=np.inf).fit(X[:, :5], noisy)
    theirs = sk.LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12).fit(X[:, :5], noisy)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)


@pytest.mark.parametrize(
    ("model", "y", "message"),
    [
        (lm.Lasso(-1.0), [0.0, 1.0, 2.0], "alpha: expected a number >= 0, got -1.0"),
        (lm.ElasticNet(1.0, l1_ratio=2), [0.0, 1.0, 2.0], "l1_ratio: expected a number >= 0 and <= 1, got 2"),
        (lm.Ridge([1.0, 2.0]), [0.0, 1.0, 2.0], "alpha: expected one number or one for each of 1 outputs"),
        (lm.Ridge(np.nan), [0.0, 1.0, 2.0], "alpha: expected finite"),
        (lm.LogisticRegression(C=0), [0, 1, 1], "C: expected a number > 0, got 0"),
        (lm.LogisticRegression(), [1, 1, 1], "two classes"),
        (lm.LassoCV(cv=5), [0.0, 1.0, 2.0], "KFold cannot split these 3 rows"),
        (lm.LassoCV(cv=3, select="best"), [0.0, 1.0, 2.0], "'1se' or 'min', got 'best'"),
        (lm.ElasticNetCV(cv=3, l1_ratio=0), [0.0, 1.0, 2.0], "l1_ratio: .*RidgeCV"),
        (lm.RidgeCV([-1.0]), [0.0, 1.0, 2.0], r"alphas\[0\] == -1, must be >= 0"),
        (lm.LogisticRegressionCV(Cs=[0.0], cv=2), [0, 1, 1], "Cs: expected"),
    ],
)
def test_what_cannot_be_used_is_refused(model, y, message):
    with pytest.raises(InputError, match=message):
        model.fit([[0.0], [1.0], [3.0]], y)


@pytest.mark.parametrize(
    ("X", "told"),
    [
        (np.full((4, 2), "2020-01-01", "M8[D]"), "dtype datetime64"),
        (pd.DataFrame({"a": [1.0, 2, 3, 4], "day": pd.date_range("2020", periods=4)}), "'day'"),
        (pl.DataFrame({"a": [1.0, 2, 3, 4], "town": ["x", "y", "x", "y"]}), "'town' .String"),
    ],
)
def test_dates_and_text_are_no_numbers(X, told):
    with pytest.raises(InputError, match=f"X: expected numbers, got {told}"):
        lm.Lasso().fit(X, np.arange(4.0))
