"""Paths as `normax.path` hands them over, made here from a few lines of NumPy so that the pictures are tested alone."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import lasso_path

from normax.penalties import L1, L2

FOLDS, STRENGTHS = 5, 25


def assemble(strengths, held_out, training, weights, bias, **more):
    """A path from its fold errors (folds, strengths) and its fits on all rows."""
    sizes = np.full(len(held_out), 88)
    mean, se = held_out.mean(0), held_out.std(0) / np.sqrt(len(held_out) - 1)
    lowest = int(mean.argmin())
    one_se = int(np.flatnonzero(mean <= mean[lowest] + se[lowest])[0])
    nonzero = sum((w != 0).reshape(len(w), -1).sum(1) for w in weights.values())

    def choice(i):
        return SimpleNamespace(
            index=i, strength=strengths[i], cv_mean=mean[i], cv_se=se[i], nonzero=int(nonzero[i])
        )

    base = {
        "strengths": strengths, "nonzero": nonzero, "train_mean": training.mean(0), "cv_mean": mean, "cv_se": se,
        "fold_errors": held_out, "fold_train_errors": training, "fold_sizes": sizes, "loss": "squared",
        "penalty": L1(), "engine": "linear", "weights": {**weights, **bias}, "penalised": tuple(weights),
        "feature_names": None, "gaps": None, "null_error": None, "unpenalised_error": None, "select": "1se",
        "minimum": choice(lowest), "one_se": choice(one_se), "best": choice(one_se),
        "seconds": {"folds": 0.5, "refit": 0.1}, "notices": (), "axes": {},
    }  # fmt: skip
    return SimpleNamespace(**(base | more))


def linear(kind: str, k: int = STRENGTHS):
    data = load_diabetes(scaled=False)
    X, y = (data.data - data.data.mean(0)) / data.data.std(0), data.target
    n = len(y)
    strengths = np.geomspace(abs(X.T @ (y - y.mean())).max() / n, 0.05, k)

    def fit(X, y):
        Xc, yc = X - X.mean(0), y - y.mean()
        if kind == "lasso":
            coef = lasso_path(Xc, yc, alphas=strengths)[1].T
        else:
            gram = Xc.T @ Xc / len(y)
            coef = np.array([np.linalg.solve(gram + s * np.eye(10), Xc.T @ yc / len(y)) for s in strengths])
        return coef, y.mean() - coef @ X.mean(0)

    fold = np.random.default_rng(0).permutation(n) % FOLDS
    held_out, training = np.empty((FOLDS, k)), np.empty((FOLDS, k))
    for f in range(FOLDS):
        coef, bias = fit(X[fold != f], y[fold != f])
        for errors, rows in ((held_out, fold == f), (training, fold != f)):
            errors[f] = ((y[rows] - coef @ X[rows].T - bias[:, None]) ** 2).mean(1) / 2
    coef, bias = fit(X, y)
    return assemble(
        strengths, held_out, training, {"weight": coef[:, None]}, {"bias": bias[:, None]},
        penalty=L1() if kind == "lasso" else L2(), feature_names=tuple(data.feature_names), gaps=np.full(k, 1e-9),
        null_error=(y.var() / 2, 140.0), unpenalised_error=(1500.0, 90.0, 10),
    )  # fmt: skip


@pytest.fixture
def lasso():
    return linear("lasso")


@pytest.fixture
def ridge():
    return linear("ridge")


@pytest.fixture
def network():
    rng = np.random.default_rng(1)
    strengths = np.geomspace(0.3, 1e-4, 12)
    weights = {
        name: np.sign(w) * np.maximum(abs(w) - 3 * strengths[:, None, None] ** 0.7, 0)
        for name, w in {
            "fc1.weight": rng.laplace(size=(16, 8)) / 4,
            "fc2.weight": rng.laplace(size=(3, 16)) / 2,
        }.items()
    }
    weak = -np.log10(strengths)
    training = np.tile(1.1 / (1 + np.exp(3 * (weak - 1.5))), (FOLDS, 1))
    held_out = training + 0.05 + 0.06 * np.maximum(weak - 2.3, 0) ** 2 + 0.02 * rng.random((FOLDS, 12))
    return assemble(
        strengths, held_out, training, weights, {"fc1.bias": np.zeros((12, 16))},
        engine="network", loss="cross_entropy", null_error=(1.0986, 0.001), unpenalised_error=(0.3, 0.02, 176),
    )  # fmt: skip


@pytest.fixture
def multinomial(lasso):
    """Three outputs that share the lasso's supports up to scale."""
    factors = np.array([1.0, -0.5, 0.3])[None, :, None]
    lasso.weights["weight"] = lasso.weights["weight"] * factors
    lasso.loss = "cross_entropy"
    lasso.nonzero = (lasso.weights["weight"] != 0).sum((1, 2))
    return lasso
