"""Drop-in by name, parameter and attribute; and what scikit-learn's machinery does with the estimators."""

import inspect
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
import sklearn.linear_model as sk
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    LeaveOneGroupOut,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from normax import linear_model as lm
from normax.errors import InputError
from normax.penalties import L1, L2, ElasticNet

NAMES = [
    "Lasso", "LassoCV", "Ridge", "RidgeCV", "ElasticNet", "ElasticNetCV", "LogisticRegression",
    "LogisticRegressionCV", "PoissonRegressor", "GammaRegressor", "TweedieRegressor", "HuberRegressor", "QuantileRegressor",
    "RidgeClassifier", "RidgeClassifierCV", "LassoLarsCV",
]  # fmt: skip


@pytest.fixture(scope="module")
def diabetes():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    return (X - X.mean()) / X.std(ddof=0), y


@pytest.fixture(scope="module")
def cancer():
    X, y = load_breast_cancer(return_X_y=True)
    return (X - X.mean(axis=0)) / X.std(axis=0), y


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_and_every_attribute_of_scikit_learn_is_there(name, diabetes):
    theirs, ours = getattr(sk, name), getattr(lm, name)
    a, b = (inspect.signature(c).parameters for c in (theirs, ours))
    assert set(a) - set(b) == set()
    for parameter in a:
        assert a[parameter].kind == b[parameter].kind
    documented = inspect.getdoc(ours) + "".join(
        inspect.getdoc(known) for known in (lm.ElasticNet, lm.ElasticNetCV, lm.PoissonRegressor, lm.Ridge)
    )
    assert [p for p in b if p not in documented] == []
    X, y = diabetes
    y = (y > y.median()).astype(int) if "Logistic" in name or "Classifier" in name else y
    options = {"use_legacy_attributes": False, "scoring": "neg_log_loss", "l1_ratios": (0.0,), "Cs": 2}
    options = {k: v for k, v in options.items() if name == "LogisticRegressionCV"}
    old, new = theirs(**options).fit(X, y), ours(**options).fit(X, y)
    learnt = {k for k in vars(old) if k.endswith("_") and not k.startswith("_")}
    assert {k for k in learnt if not hasattr(new, k)} == set()
    for extra in ("dual_gap_", "gap_", "n_iter_", "path_"):
        assert hasattr(new, extra)


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (lm.RidgeCV(scoring="r2", select="1se"), "no standard error"),
        (lm.RidgeCV(cv=3, alpha_per_target=True), "only leave-one-out chooses for each output"),
        (lm.RidgeCV(gcv_mode="svg"), "gcv_mode: expected"),
        (lm.Ridge(solver="sparse-cg"), "did you mean 'sparse_cg'"),
        (lm.PoissonRegressor(solver="lbgfs"), "did you mean 'lbfgs'"),
        (lm.QuantileRegressor(solver="high"), "did you mean 'highs'"),
        (lm.QuantileRegressor(solver="interior-point"), "not anymore available"),
        (lm.LogisticRegressionCV(use_legacy_attributes="no"), "expected True or False"),
        (lm.LogisticRegressionCV(penalty="l1", solver="libliner"), "did you mean 'liblinear'"),
        (lm.LogisticRegression("l3"), "did you mean 'l"),
        (lm.LogisticRegression("elasticnet", l1_ratio=None), "l1_ratio must be specified"),
        (lm.PenalisedClassifier("elasticnet"), "did you mean 'elastic-net'"),
        (lm.PenalisedClassifier(strength="vc"), "strength: expected"),
        (lm.PenalisedClassifier(family="gaussian"), "use PenalisedRegressor"),
    ],
)
def test_what_is_not_offered_is_refused_with_what_to_write(model, told, cancer):
    with pytest.raises(InputError, match=told):
        model.fit(*cancer)


def test_the_older_penalty_argument_means_what_it_meant(cancer):
    X, y = cancer
    for old, new in (("l1", {"l1_ratio": 1.0}), ("l2", {"l1_ratio": 0.0}), ("elasticnet", {"l1_ratio": 0.3})):
        with pytest.warns(FutureWarning, match="'penalty' was deprecated"):
            a = lm.LogisticRegression(old, C=0.1, l1_ratio=0.3 if old == "elasticnet" else 0.0).fit(X, y)
        b = lm.LogisticRegression(C=0.1, **new).fit(X, y)
        np.testing.assert_allclose(
            a.coef_, b.coef_, rtol=1e-9, atol=1e-12
        )  # sums round as arrays lie in memory
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        with pytest.warns(UserWarning, match="Inconsistent values: penalty=l2 with l1_ratio=0.5"):
            lm.LogisticRegression("l2", l1_ratio=0.5).fit(X, y)
    with pytest.warns(FutureWarning, match="'l1_ratio=None' was deprecated"):
        lm.LogisticRegression(l1_ratio=None).fit(X, y)
    with pytest.warns(FutureWarning, match="'n_jobs' has no effect"):
        lm.LogisticRegression(n_jobs=2).fit(X, y)


def test_penalised_models_are_the_named_ones(diabetes, cancer):
    X, y = diabetes
    lasso = lm.Lasso(2.0).fit(X, y).coef_
    for model in (
        lm.PenalisedRegressor(L1(2.0)),
        lm.PenalisedRegressor(L1, strength=2.0),
        lm.PenalisedRegressor("l1", strength=2),
    ):
        np.testing.assert_allclose(model.fit(X, y).coef_, lasso, rtol=1e-12)
    ridge = lm.Ridge(2.0 * len(y)).fit(X, y).coef_
    np.testing.assert_allclose(lm.PenalisedRegressor(L2(2.0)).fit(X, y).coef_, ridge, rtol=1e-9)
    net = lm.ElasticNet(2.0, l1_ratio=0.25).fit(X, y).coef_
    for penalty in (ElasticNet(2.0, l1_ratio=0.25), L1(0.5) + L2(1.5)):
        np.testing.assert_allclose(lm.PenalisedRegressor(penalty).fit(X, y).coef_, net, rtol=1e-9)
    chosen = lm.PenalisedRegressor(select="min").fit(X, y)
    theirs = lm.LassoCV().fit(X, y)
    assert chosen.strength_ == pytest.approx(theirs.alpha_)
    np.testing.assert_allclose(2 * chosen.cv_mean_, theirs.cv_mean_, rtol=1e-9)
    assert lm.PenalisedRegressor().fit(X, y).strength_ > chosen.strength_
    Z, c = cancer
    a = lm.PenalisedClassifier(L1(0.05)).fit(Z, c)
    np.testing.assert_allclose(
        a.coef_, lm.LogisticRegression(C=20 / len(c), l1_ratio=1).fit(Z, c).coef_, atol=1e-9
    )
    both = lm.PenalisedClassifier(L1(0.05), family="multinomial").fit(Z, c)
    assert both.coef_.shape == (2, 30)
    np.testing.assert_allclose(both.predict_proba(Z).sum(axis=1), 1)
    assert both.score(Z, c) > 0.9


def test_poisson_cv_chooses_as_a_loop_does():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 5))
    y = rng.poisson(np.exp(0.5 * X[:, 0]))
    model = lm.PoissonRegressorCV(alphas=[1.0, 0.1, 0.01], cv=4).fit(X, y)
    search = GridSearchCV(
        lm.PoissonRegressor(), {"alpha": [1.0, 0.1, 0.01]}, cv=4, scoring="neg_mean_poisson_deviance"
    ).fit(X, y)
    assert model.alpha_ == search.best_params_["alpha"]
    np.testing.assert_allclose(model.coef_, search.best_estimator_.coef_, rtol=1e-9)
    assert model.score(X, y) == pytest.approx(search.best_estimator_.score(X, y))


def test_summary_tells_names_units_and_why(diabetes):
    X, y = diabetes
    X = X * 10 + 1
    model = lm.LassoCV(select="1se").fit(X, y)
    found = model.summary()
    top = found.coefficients[0]
    j = list(X.columns).index(top["feature"])
    assert top["coef"] == model.coef_[j]
    assert top["standardised"] == pytest.approx(model.coef_[j] * 10)
    assert len(found.coefficients) == np.count_nonzero(model.coef_)
    assert f"{model.score(X, y):.4f} of the null deviance" in str(found)
    assert "one standard error" in found.facts["alpha"]
    assert "p-values" in str(found)
    html = lm.Ridge().fit(X.rename(columns={"bmi": "<b>"}), y).summary()._repr_html_()
    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    W, c = load_wine(return_X_y=True)
    wine = lm.LogisticRegression(C=0.01, l1_ratio=1).fit(W, c).summary()
    assert {row["output"] for row in wine.coefficients} <= {0, 1, 2}
    assert wine.facts["C"] == "0.01 (given)"


def test_a_models_path_draws_itself(diabetes):
    from normax.report.style import png

    X, y = diabetes
    for model in (lm.LassoCV(alphas=20), lm.RidgeCV([1.0, 10.0, 1e3]), lm.Lasso(5.0)):
        path = model.fit(X, y).path_
        assert path.chosen is not None
        assert (path.cv_mean is None) == isinstance(model, lm.Lasso)
        figure = path.plot()
        assert png(figure, dpi=50)[:4] == b"\x89PNG"
        assert "bmi" in " ".join(t.get_text() for ax in figure.axes for t in ax.texts)
        assert len(path.table()) == len(path.strengths)


def test_pipelines_searches_clones_and_routed_metadata(diabetes):
    X, y = diabetes
    groups, weights = np.arange(len(y)) // 20, np.random.default_rng(0).uniform(0.5, 2, len(y))
    with sklearn.config_context(enable_metadata_routing=True):
        model = lm.PenalisedRegressor(cv=GroupKFold(3), strengths=10)
        model.set_fit_request(sample_weight=True)
        pipe = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), model)
        pipe.fit(X, y, sample_weight=weights, groups=groups)
    pairs = list(GroupKFold(3).split(X, y, groups))
    alone = lm.PenalisedRegressor(cv=pairs, strengths=10).fit(StandardScaler().fit_transform(X), y, weights)
    np.testing.assert_allclose(pipe[-1].coef_, alone.coef_)
    again = clone(model)
    assert again.get_params()["strengths"] == 10
    search = GridSearchCV(lm.PenalisedRegressor(strength=1.0), {"penalty": ["l1", "l2"]}, cv=3).fit(X, y)
    assert set(search.best_params_) == {"penalty"}
    assert cross_val_score(lm.Lasso(1.0), X, y, cv=3).min() > 0.3


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_names_come_from_frames_and_strangers_are_told(diabetes, frame):
    X, y = diabetes
    table = frame({name: X[name].to_numpy() for name in X})
    model = lm.PenalisedRegressor(L1(5.0)).fit(table, y.to_numpy())
    assert list(model.feature_names_in_) == list(X.columns)
    assert model.path_.feature_names == tuple(X.columns)
    assert model.summary().coefficients[0]["feature"] in X.columns
    with pytest.raises(ValueError, match="bmj"):
        model.predict(frame({("bmj" if n == "bmi" else n): X[n].to_numpy() for n in X}))


@pytest.mark.parametrize(
    "splitter", [GroupKFold(4), LeaveOneGroupOut(), TimeSeriesSplit(3), StratifiedKFold(3), "pairs"]
)
def test_every_kind_of_splitter_gives_its_own_folds_to_every_strength(splitter, cancer):
    X, y = cancer
    X, y = X[:200, :5], y[:200]
    by_group = isinstance(splitter, (GroupKFold, LeaveOneGroupOut))
    groups = np.arange(200) % 5 if by_group else None
    if splitter == "pairs":
        splitter = [(np.arange(100), np.arange(100, 150)), (np.arange(50, 200), np.arange(50))]
    pairs = list(splitter.split(X, y, groups)) if hasattr(splitter, "split") else splitter
    Cs = [0.01, 1.0]
    model = lm.LogisticRegressionCV(Cs=Cs, cv=splitter).fit(X, y, groups=groups)
    for k, (train, test) in enumerate(pairs):
        for i, C in enumerate(Cs):
            share = lm.LogisticRegression(C=C).fit(X[train], y[train]).predict_log_proba(X[test])
            assert model.scores_[k, 0, i] == pytest.approx(
                share[np.arange(len(test)), y[test]].mean(), rel=1e-8
            )


def test_ridge_leave_one_out_is_scikit_learns_for_every_alpha(diabetes):
    X, y = diabetes
    alphas = np.geomspace(1e-2, 1e4, 12)
    for rows, columns in ((442, 10), (8, 10)):
        A, b = X.to_numpy()[:rows, :columns], y.to_numpy()[:rows]
        ours = lm.RidgeCV(alphas, store_cv_results=True).fit(A, b)
        theirs = sk.RidgeCV(alphas, store_cv_results=True).fit(A, b)
        assert ours.alpha_ == theirs.alpha_
        np.testing.assert_allclose(ours.cv_results_, theirs.cv_results_, rtol=1e-6)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("outputs", [None, 1, 2])
@pytest.mark.parametrize(
    "pair",
    [
        (lm.Lasso(0.1), sk.Lasso(0.1)),
        (lm.ElasticNet(0.1), sk.ElasticNet(0.1)),
        (lm.Ridge(1.0), sk.Ridge(1.0)),
        (lm.RidgeCV(), sk.RidgeCV()),
        (lm.LassoCV(cv=3), sk.LassoCV(cv=3)),
        (lm.MultiTaskLasso(0.1), sk.MultiTaskLasso(0.1)),
        (lm.MultiTaskElasticNetCV(cv=3), sk.MultiTaskElasticNetCV(cv=3)),
    ],
    ids=lambda pair: type(pair[0]).__name__,
)
@pytest.mark.filterwarnings("ignore:A column-vector y was passed")
def test_coefficients_intercepts_and_predictions_have_scikit_learns_shapes(pair, outputs, intercept):
    random = np.random.default_rng(0)
    X = random.normal(size=(30, 1))
    y = X[:, 0] + random.normal(size=30)
    y = y if outputs is None else np.outer(y, [1, -1][:outputs])

    def shapes(model):
        try:
            model = clone(model).set_params(fit_intercept=intercept).fit(X, y)
        except ValueError:
            return "refused"
        return [np.shape(part) for part in (model.coef_, model.intercept_, model.predict(X))]

    assert shapes(pair[0]) == shapes(pair[1])


def test_balanced_classes_are_counted_by_weight(cancer):
    X, y = cancer[0][:150, :4], cancer[1][:150]
    weights = np.random.default_rng(0).integers(0, 4, 150)
    model = lm.LogisticRegression(class_weight="balanced", tol=1e-10)
    weighed = clone(model).fit(X, y, sample_weight=weights.astype(float))
    repeated = clone(model).fit(np.repeat(X, weights, axis=0), np.repeat(y, weights))
    np.testing.assert_allclose(weighed.coef_, repeated.coef_, atol=1e-6)
    np.testing.assert_allclose(weighed.intercept_, repeated.intercept_, atol=1e-6)


def test_a_fit_to_a_plain_array_forgets_the_names_of_the_one_before():
    X, y = load_iris(return_X_y=True, as_frame=True)
    for model in (lm.LogisticRegression(), lm.Lasso()):
        assert list(model.fit(X, y).feature_names_in_) == list(X.columns)
        model.fit(X.to_numpy()[:, :3], y.to_numpy())
        assert not hasattr(model, "feature_names_in_")
        assert model.n_features_in_ == 3
        assert model.path_.feature_names is None


@pytest.mark.parametrize("kind", [bool, int, float, str, object])
def test_labels_of_every_kind_give_the_same_fit(kind):
    X, y = load_iris(return_X_y=True)
    labels = (y == 2).astype(int)
    given = labels.astype(str).astype(object) if kind is object else labels.astype(kind)
    model = lm.LogisticRegression().fit(X, given)
    np.testing.assert_allclose(model.coef_, lm.LogisticRegression().fit(X, labels.tolist()).coef_, rtol=1e-9)
    assert model.classes_.tolist() == np.unique(given).tolist()
