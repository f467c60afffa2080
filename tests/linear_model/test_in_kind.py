"""Arrays of other libraries under scikit-learn's dispatch by the array API."""

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.datasets import load_diabetes

from normax import linear_model as lm
from normax.errors import InputError

torch = pytest.importorskip("torch")


@pytest.fixture
def dispatch(monkeypatch):
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    with sklearn.config_context(array_api_dispatch=True):
        yield


@pytest.mark.parametrize(
    "model",
    [lm.Ridge(0.1), lm.Lasso(0.1), lm.RidgeCV(), lm.PoissonRegressor(alpha=1.0), lm.LassoLars(alpha=0.1),
     lm.HuberRegressor(), lm.PenalisedRegressor(strength=0.1)],
    ids=lambda m: type(m).__name__,
)  # fmt: skip
def test_regressors_answer_in_kind(dispatch, model):
    X, y = load_diabetes(return_X_y=True)
    tensors = torch.tensor(X), torch.tensor(y)
    told, plain = clone(model).fit(*tensors), clone(model).fit(X, y)
    assert isinstance(plain.coef_, np.ndarray)
    assert isinstance(told.coef_, torch.Tensor)
    np.testing.assert_array_equal(np.asarray(told.coef_), plain.coef_)
    predicted = told.predict(tensors[0])
    assert isinstance(predicted, torch.Tensor)
    np.testing.assert_array_equal(np.asarray(predicted), plain.predict(X))
    assert isinstance(told.predict(X), np.ndarray)  # the answer is in the kind of the question
    assert told.summary().coefficients == plain.summary().coefficients
    assert float(told.score(*tensors)) == pytest.approx(plain.score(X, y))
    assert isinstance(told.fit(X, y).coef_, np.ndarray)


def test_a_warm_start_goes_on_from_other_arrays(dispatch):
    X, y = load_diabetes(return_X_y=True)
    model = lm.Lasso(0.1, warm_start=True).fit(torch.tensor(X), torch.tensor(y))
    assert model.fit(X, y).n_iter_ == 0


def test_classifiers_say_what_to_hand_over(dispatch):
    X, y = load_diabetes(return_X_y=True)
    model = lm.LogisticRegression().fit(X, y > 100)
    for call in (
        lambda: model.predict(torch.tensor(X)),
        lambda: model.fit(torch.tensor(X), torch.tensor(y > 100)),
    ):
        with pytest.raises(
            InputError, match=r"LogisticRegression expected a NumPy array .* torch; .* np.asarray\(X\)"
        ):
            call()


def test_without_dispatch_all_is_numpy():
    X, y = load_diabetes(return_X_y=True)
    model = lm.Ridge(0.1).fit(torch.tensor(X), torch.tensor(y))
    assert isinstance(model.coef_, np.ndarray)
