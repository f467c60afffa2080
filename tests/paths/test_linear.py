"""The certified engine of paths: folds, errors, choices, hand-over from nx.path."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.linear_model import Lasso, Ridge
from sklearn.preprocessing import StandardScaler

import normax as nx
from normax.paths import linear_path
from normax.penalties import L1, L2, ElasticNet
from normax.selection import folds


@pytest.fixture(scope="module")
def diabetes():
    X, y = load_diabetes(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@pytest.mark.filterwarnings("ignore::normax.errors.Notice")
def test_held_out_errors_are_those_of_scikit_learn_fold_by_fold(diabetes):
    X, y = diabetes
    path = linear_path(X, y, strengths=[10.0, 1.0, 0.1], cv=4, seed=3)
    for k, (train, test) in enumerate(folds(4, len(y), seed=3)):
        for i, strength in enumerate(path.strengths):
            model = Lasso(strength, tol=1e-12, max_iter=100000).fit(X[train], y[train])
            residual = y[test] - model.predict(X[test])
            np.testing.assert_allclose(path.fold_errors[k, i], 0.5 * np.mean(residual**2), rtol=1e-7)
            np.testing.assert_allclose(path.held_out(i)[test], model.predict(X[test]), rtol=1e-6)


def test_ridge_strength_is_sklearn_alpha_over_n(diabetes):
    X, y = diabetes
    path = linear_path(X, y, penalty=L2, strengths=[0.5, 0.05], cv=None)
    for i, strength in enumerate(path.strengths):
        model = Ridge(strength * len(y)).fit(X, y)
        np.testing.assert_allclose(path.weights["weight"][i, 0], model.coef_, rtol=1e-8)


def test_every_point_is_certified_and_zeros_are_counted(diabetes):
    path = linear_path(*diabetes, strengths=30, cv=None, penalty=ElasticNet(l1_ratio=0.9))
    assert path.gaps.max() < 1e-6
    assert path.nonzero[0] == 0
    assert path.nonzero[-1] == 10
    np.testing.assert_array_equal(path.nonzero, (path.weights["weight"][:, 0] != 0).sum(1))


@pytest.mark.filterwarnings("ignore::normax.errors.Notice")
def test_mse_is_twice_squared_at_half_the_strength(diabetes):
    X, y = diabetes
    squared = linear_path(X, y, strengths=[5.0, 0.5], cv=3)
    mse = linear_path(X, y, loss="mse", strengths=[10.0, 1.0], cv=3)
    np.testing.assert_allclose(mse.weights["weight"], squared.weights["weight"], rtol=1e-9)
    np.testing.assert_allclose(mse.cv_mean, 2 * squared.cv_mean, rtol=1e-9)


def test_instance_strength_multiplies_and_sums_compose(diabetes):
    X, y = diabetes
    plain = linear_path(X, y, strengths=[2.0], cv=None, penalty=ElasticNet(1.0, l1_ratio=0.25))
    summed = linear_path(X, y, strengths=[4.0], cv=None, penalty=L1(0.125) + L2(0.375))
    np.testing.assert_allclose(plain.weights["weight"], summed.weights["weight"], rtol=1e-9)


@pytest.mark.filterwarnings("ignore::normax.errors.Notice")
def test_preprocessing_is_fitted_on_training_rows_alone(diabetes):
    X, y = diabetes
    seen = []

    class Spy(StandardScaler):
        def fit(self, X, y=None):
            seen.append(len(X))
            return super().fit(X, y)

    path = linear_path(X * 7 + 3, y, transform=Spy(), strengths=5, cv=4)
    assert sorted(set(seen)) == [331, 332, 442]
    np.testing.assert_allclose(
        path.predict(X * 7 + 3, 4), linear_path(X, y, strengths=5, cv=None).predict(X, 4)
    )


@pytest.mark.filterwarnings("ignore::normax.errors.Notice")
def test_classification_paths_beat_the_null_model_and_give_logits():
    X, y = load_breast_cancer(return_X_y=True)
    binary = linear_path(X, y, loss="binary_cross_entropy", transform=StandardScaler(), cv=5, strengths=20)
    assert binary.best.cv_mean < binary.null_error[0] / 3
    assert np.mean((binary.held_out() > 0) == y) > 0.95
    X, y = load_wine(return_X_y=True)
    many = linear_path(X, y, loss="cross_entropy", transform=StandardScaler(), cv=5, strengths=10)
    assert many.held_out().shape == (178, 3)
    assert np.mean(many.held_out().argmax(1) == y) > 0.95
    assert many.unpenalised_error[0] > 2 * many.best.cv_mean  # separable: sure of itself, and wrong
    assert many.unpenalised_error[0] != pytest.approx(many.null_error[0], rel=1e-3)


def test_choices_follow_the_rules(diabetes):
    path = linear_path(*diabetes, strengths=40, cv=10)
    assert path.minimum.index == np.argmin(path.cv_mean)
    within = path.cv_mean <= path.minimum.cv_mean + path.minimum.cv_se
    assert path.one_se.strength == path.strengths[within].max()
    assert path.best == path.one_se
    assert path.one_se.nonzero <= path.minimum.nonzero
    table = path.table()
    assert [row["choice"] for row in table if row["choice"]] == ["1se", "min"]
    assert len(str(table).splitlines()) == 41


@pytest.mark.filterwarnings("ignore::normax.errors.Notice")
def test_nx_path_hands_a_single_linear_layer_over(diabetes):
    X, y = diabetes
    given = linear_path(X, y, strengths=[3.0, 0.3], cv=3)
    handed = nx.path(
        nx.nn.Sequential(nx.nn.Linear(10, 1)), (X, y), loss="squared", strengths=[3.0, 0.3], cv=3
    )
    assert handed.engine == "linear"
    np.testing.assert_allclose(handed.cv_mean, given.cv_mean)
    model = handed.model(1)
    np.testing.assert_allclose(np.asarray(model(X.astype("f")))[:, 0], handed.predict(X, 1), rtol=1e-4)


def test_a_path_without_folds_says_how_to_get_a_choice(diabetes):
    path = linear_path(*diabetes, strengths=5, cv=None)
    with pytest.raises(nx.InputError, match="cv=5"):
        _ = path.best
    with pytest.raises(nx.InputError, match="cv=5"):
        path.held_out()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"penalty": "elasticnet"}, "did you mean 'elastic-net'"),
        ({"penalty": 3}, "penalty"),
        ({"loss": "hinge"}, "squared"),
        ({"strengths": [1.0, -1.0, np.inf]}, "-1.0 at position 1, inf at position 2"),
        ({"strengths": 0}, "count >= 1"),
        ({"select": "best"}, "'1se' or 'min'"),
        ({"cv": 500}, "442"),
        ({"y": np.ones(442)}, "no column of X"),
        ({"y": np.ones(3)}, "as many rows"),
    ],
)
def test_bad_input_is_named(diabetes, change, message):
    X, y = diabetes
    arguments = {"y": y, "cv": 3, "strengths": 3} | change
    with pytest.raises(nx.InputError, match=message):
        linear_path(X, arguments.pop("y"), **arguments)
