"""FillAndScale: means and deviations of the cells that are there, and scikit-learn's protocol."""

import json

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from normax.errors import InputError
from normax.tables import FillAndScale


def test_equals_scikit_learn_where_nothing_is_missing():
    X = np.random.default_rng(0).normal(3, 5, (50, 4))
    np.testing.assert_allclose(FillAndScale().fit_transform(X), StandardScaler().fit_transform(X), atol=1e-13)


def test_missing_cells_become_the_training_mean():
    X = np.array([[1.0, np.nan], [3.0, np.nan], [np.nan, np.nan], [8.0, np.nan]])
    scale = FillAndScale().fit(X)
    Z = scale.transform(X)
    np.testing.assert_allclose(scale.mean_, [4, 0])
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-15)
    np.testing.assert_allclose(Z.std(axis=0), [1, 0])
    np.testing.assert_array_equal(scale.transform([[np.nan, 7.0]]), [[0, 0]])


@pytest.mark.parametrize("constant", [0.1, 1e9 + 0.1, -1e-200, 0.0])
def test_a_constant_column_becomes_zero(constant):
    X = np.full((37, 1), constant)
    np.testing.assert_array_equal(FillAndScale().fit_transform(X), np.zeros((37, 1)))


def test_units_do_not_matter():
    X = np.random.default_rng(1).normal(size=(30, 3))
    np.testing.assert_allclose(
        FillAndScale().fit_transform(X * 1000), FillAndScale().fit_transform(X), rtol=1e-12
    )


def test_clone_pipeline_and_recipe():
    X = np.random.default_rng(2).normal(size=(20, 3))
    fitted = FillAndScale().fit(X)
    assert not hasattr(clone(fitted), "mean_")
    np.testing.assert_array_equal(make_pipeline(FillAndScale()).fit_transform(X), fitted.transform(X))
    again = FillAndScale.from_json(json.loads(json.dumps(fitted.to_json())))
    np.testing.assert_array_equal(again.transform(X), fitted.transform(X))


def test_what_it_refuses():
    with pytest.raises(InputError, match=r"columns \[1, 2\]"):
        FillAndScale().fit([[1, np.inf, 1e200], [2, 1, 2]])
    with pytest.raises(InputError, match=r"expected shape \(rows, 2\), got \(1, 3\)"):
        FillAndScale().fit(np.eye(2)).transform(np.ones((1, 3)))
