"""The linear engine in any unit of y and of the columns, grids that go on, and what a bad choice is called."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler

from normax.errors import Notice
from normax.linear_model import ElasticNet as Certified
from normax.paths import linear_path
from normax.penalties import L1, L2, ElasticNet

PENALTIES = [L1, L2, ElasticNet, ElasticNet(0.5, l1_ratio=0.1), L1() + L2(3.0)]


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True, scaled=False)


@pytest.mark.parametrize("select", ["min", "1se"])
@pytest.mark.parametrize("penalty", PENALTIES, ids=str)
def test_units_of_y_and_of_columns_change_no_choice(diabetes, penalty, select):
    X, y = diabetes
    options = {"penalty": penalty, "select": select, "cv": 5, "strengths": 40, "transform": StandardScaler()}
    plain = linear_path(X, y, **options)
    assert 1450 < plain.minimum.cv_mean < 1550
    units = 10.0 ** np.linspace(-5, 5, X.shape[1])
    for columns, c in ((1.0, 1e5), (1.0, 1e-5), (units, 1.0), (units, 1e3)):
        path = linear_path(columns * X, c * y, **options)
        assert path.best.index == plain.best.index
        np.testing.assert_allclose(path.cv_mean / c**2, plain.cv_mean, rtol=1e-6)
        np.testing.assert_allclose(path.predict(columns * X) / c, plain.predict(X), rtol=1e-6)


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("loss", ["squared", "mse"])
def test_the_penalty_of_a_result_is_what_was_solved(diabetes, loss, outputs):
    X, y = StandardScaler().fit_transform(diabetes[0]), diabetes[1]
    Y = np.column_stack([y, 2 * y + X[:, 0]])[:, :outputs]
    path = linear_path(X, Y, loss=loss, penalty=ElasticNet(2.0, l1_ratio=0.3), strengths=8, cv=None)
    again = linear_path(X, Y, loss=loss, penalty=path.penalty, strengths=path.strengths, cv=None)
    np.testing.assert_allclose(again.weights["weight"], path.weights["weight"], rtol=1e-9)
    if loss == "squared" and outputs == 1:
        model = Certified(2 * path.strengths[4], l1_ratio=path.penalty.l1_ratio).fit(X, y)
        np.testing.assert_allclose(model.coef_, path.weights["weight"][4, 0], atol=1e-7)


@pytest.mark.parametrize("penalty", [L1, L2, ElasticNet])
def test_an_automatic_grid_goes_on_until_the_minimum_is_inside(penalty):
    rng, sd = np.random.default_rng(0), 10.0 ** -np.arange(5)
    X = rng.normal(size=(60, 5)) * sd  # what matters most varies least, so that the error has hills
    y = X @ sd**-2 + rng.normal(size=60)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        path = linear_path(X, y, penalty=penalty, cv=4, strengths=20, select="min")
    assert len(path.strengths) > 20
    assert path.held_out(len(path.strengths) - 1).shape == (60,)
    assert path.fold_train_errors.shape == path.fold_errors.shape == (4, len(path.strengths))
    assert path.gaps.shape == path.nonzero.shape == path.strengths.shape
    assert path.best.cv_mean <= 1.001 * path.unpenalised_error[0]
    assert all("level there: this penalty does not help" in str(notice.message) for notice in said)


def test_noise_ends_at_the_model_without_features_and_says_so():
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(40, 20)), rng.normal(size=40)
    for penalty in (L1, L2):
        with pytest.warns(Notice, match="no feature predicts better than the mean"):
            path = linear_path(X, y, penalty=penalty, cv=4, select="min")
        assert path.best.cv_mean == pytest.approx(path.null_error[0], rel=0.01 if penalty is L1 else 1e-5)
        assert path.verdict is None


def test_given_strengths_stay_and_a_bad_choice_is_called_so_first(diabetes, tmp_path):
    X, y = StandardScaler().fit_transform(diabetes[0]), diabetes[1]
    with pytest.warns(Notice, match="weakest strength, 1e\\+03: a weaker one may do better still"):
        path = linear_path(X, y, penalty=L2, strengths=[1e4, 1e3], cv=5)
    assert path.strengths.tolist() == [1e4, 1e3]
    first = str(path.table()).splitlines()[0]
    assert first == path.verdict
    assert first.startswith("The chosen model is measurably worse than no penalty: its error is 2")
    page = path.report(str(tmp_path)).read_text(encoding="utf-8")
    assert page.index("measurably worse than no penalty") < page.index("<table")
    assert len(path.table()) == 2
    good = linear_path(X, y, penalty=L2, cv=5, strengths=30)
    assert good.verdict is None
    assert str(good.table()).splitlines()[0].split()[0] == "strength"


def test_worse_than_the_null_model_is_said_as_well():
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(30, 25)), rng.normal(size=30)
    with pytest.warns(Notice):
        path = linear_path(X, y, penalty=L2, strengths=[1e-3, 1e-4], cv=5)
    assert "measurably worse than the null model: " in path.verdict
    X, labels = (
        rng.normal(size=(100, 3)),
        np.repeat([0, 1], 50),
    )  # folds alike: the null model's error has no spread
    with pytest.warns(Notice, match="no feature predicts better"):
        empty = linear_path(X, labels, loss="cross_entropy", strengths=20, cv=5)
    assert empty.best.nonzero == 0
    assert empty.best.cv_mean > empty.null_error[0] + empty.null_error[1]
    assert empty.verdict is None  # it is the null model itself
