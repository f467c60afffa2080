"""scikit-learn's own estimator checks."""

import contextlib
import warnings

import jax
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from normax import nn
from normax.estimators import NetworkClassifier, NetworkRegressor
from normax.penalties import L2

# One batch of all rows: with several, how rows fall into batches tells a weight of two from a row that stands twice.
SHORT = {"epochs": 60, "batch_size": 1000, "learning_rate": 0.03}


def small(in_features, out_features):
    return nn.Sequential(nn.Linear(in_features, 8), nn.ReLU(), nn.Linear(8, out_features))


@pytest.mark.slow
@parametrize_with_checks(
    [
        NetworkRegressor(small, L2(1e-3), **SHORT),
        NetworkClassifier(small, L2(1e-3), **SHORT),
        NetworkRegressor(small, "l1", strengths=3, cv=3, **SHORT),
        NetworkClassifier(small, "l2", strengths=3, cv=3, **SHORT),
    ]
)
@pytest.mark.filterwarnings("ignore::normax.errors.Notice")
def test_scikit_learn_checks(estimator, check):
    # Repeated rows and weights, and rows in another order, agree to rounding, and scikit-learn asks for that of float64.
    exact = any(name in str(check) for name in ("sample_weight_equivalence", "_invariance"))
    with jax.enable_x64(True) if exact else contextlib.nullcontext(), warnings.catch_warnings():
        warnings.filterwarnings("error", category=FutureWarning)
        check(estimator)
