"""One peer in a process and an environment of its own: reads requests as JSON lines, answers with seconds.

    python _linear_peer.py PEER FOLDER

A request {"problem": name, "tol": t, "folds": bool, "out": file} fits the path (of each fold), saves the
coefficients, and is timed without reading or writing. Every peer's function returns coefficients (k, m, p) and
intercepts (k, m).
"""

from __future__ import annotations

import json
import pickle
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import scipy.sparse

warnings.simplefilter("ignore")


def scikit_learn(family, X, y, strengths, tol):
    if family in (GAUSSIAN, TOGETHER):
        from sklearn.linear_model import lasso_path

        return _squared(lasso_path(X, y, alphas=strengths, tol=tol, max_iter=10**6)[1])
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(l1_ratio=1, solver="saga", tol=tol, max_iter=10**5, warm_start=True)
    return _warm(model, "C", X, y, 1 / (len(y) * strengths))


def celer(family, X, y, strengths, tol):
    if family == TOGETHER:
        from celer.homotopy import mtl_path

        return _squared(mtl_path(X, np.asfortranarray(y), alphas=strengths, tol=tol, max_iter=1000)[1])
    from celer import celer_path

    return _squared(celer_path(X, y, pb="lasso", alphas=strengths, tol=tol, max_iter=1000)[1])


def skglm(family, X, y, strengths, tol):
    if family == "gaussian":
        from skglm import Lasso

        return _single(Lasso(fit_intercept=False, tol=tol, max_iter=1000).path(X, y, strengths)[1].T)
    from skglm import SparseLogisticRegression

    model = SparseLogisticRegression(tol=tol, max_iter=1000, max_epochs=10**5, warm_start=True)
    return _warm(model, "alpha", X, y, strengths)


def glum(family, X, y, strengths, tol):
    from glum import GeneralizedLinearRegressor

    model = GeneralizedLinearRegressor(
        family="binomial", l1_ratio=1, alpha_search=True, alphas=strengths, gradient_tol=tol, max_iter=1000
    )
    model.fit(X, y)
    return _single(model.coef_path_, model.intercept_path_)


def adelie(family, X, y, strengths, tol):
    import adelie as ad

    if scipy.sparse.issparse(X):
        X = ad.matrix.sparse(X, method="naive", n_threads=2)
    else:
        X = ad.matrix.dense(X, method="naive", n_threads=2)
    loss = {"gaussian": ad.glm.gaussian, "binomial": ad.glm.binomial}[family]
    state = ad.grpnet(
        X=X,
        glm=loss(y=y),
        lmda_path=strengths,
        tol=tol,
        irls_tol=tol,
        intercept=family != "gaussian",
        early_exit=False,
        adev_tol=1.0,
        n_threads=2,
        progress_bar=False,
    )
    return _single(state.betas.toarray(), state.intercepts)


def _squared(coef):
    """(k, m, p) of (p, k) or (m, p, k)."""
    coef = np.moveaxis(np.asarray(coef), -1, 0)
    coef = coef.reshape(len(coef), -1, coef.shape[-1])
    return coef, np.zeros(coef.shape[:2])


def _single(coef, intercept=None):
    coef = np.asarray(coef)[:, None, :]
    return coef, np.zeros((len(coef), 1)) if intercept is None else np.asarray(intercept).reshape(-1, 1)


def _warm(model, parameter, X, y, values):
    """The path of an estimator that starts from where it ended."""
    coef, intercept = [], []
    for value in values:
        model.set_params(**{parameter: value}).fit(X, y)
        coef.append(np.array(model.coef_, copy=True))
        intercept.append(np.atleast_1d(model.intercept_).copy())
    return np.array(coef), np.array(intercept)


GAUSSIAN, BINOMIAL, MULTINOMIAL = "gaussian", "binomial", "multinomial"
TOGETHER = "gaussian outputs that share their features"
PEERS = {
    "scikit-learn": (scikit_learn, (GAUSSIAN, TOGETHER, BINOMIAL, MULTINOMIAL)),
    "celer": (celer, (GAUSSIAN, TOGETHER)),
    "skglm": (skglm, (GAUSSIAN, BINOMIAL)),
    "glum": (glum, (BINOMIAL,)),
    "adelie": (adelie, (GAUSSIAN, BINOMIAL)),  # its multinomial knows the grouped penalty alone
}


def main() -> None:
    (fit, families), folder, loaded, data = PEERS[sys.argv[1]], Path(sys.argv[2]), None, {}
    rng = np.random.default_rng(0)  # compile and import before the clock runs
    X, y = np.asfortranarray(rng.normal(size=(20, 5))), rng.normal(size=20)
    for family in families:
        code = {
            GAUSSIAN: y,
            TOGETHER: np.asfortranarray(np.column_stack([y, -y])),
            BINOMIAL: (y > 0).astype(float),
            MULTINOMIAL: np.digitize(y, (-0.5, 0.5)).astype(float),
        }
        for Z in (X, scipy.sparse.csc_matrix(X)) if family == GAUSSIAN else (X,):
            fit(family, Z, code[family], np.array([0.1, 0.05]), 1e-4)
    for line in sys.stdin:
        request = json.loads(line)
        if loaded != request["problem"]:
            loaded = request["problem"]
            data = pickle.loads((folder / "problem.pickle").read_bytes())  # written by the race itself
        X, fold = data["X"], data["fold"]
        family = TOGETHER if data["y"].ndim == 3 else data["family"]
        if family not in families:
            print(json.dumps(None), flush=True)
            continue
        start = time.perf_counter()
        result = []
        for y, strengths in zip(data["y"], data["strengths"]):
            if not request["folds"]:
                result.append(fit(family, X, y, strengths, request["tol"])[0])
                continue
            for k in range(fold.max() + 1):  # what a user of a path function writes
                inside = fold != k
                Z, v, Z_out = X[inside], y[inside], X[~inside]
                if family == "gaussian" and not scipy.sparse.issparse(X):
                    Z = np.asfortranarray(Z)
                    mean, centre = Z.mean(axis=0), v.mean()
                    Z -= mean
                    coef = fit(family, Z, v - centre, strengths, request["tol"])[0][:, 0]
                    result.append(((y[~inside] - centre - coef @ (Z_out - mean).T) ** 2).mean(axis=1))
                else:  # the predictions, and no loss of them
                    Z = Z if scipy.sparse.issparse(X) else np.asfortranarray(Z)
                    coef, intercept = fit(family, Z, v, strengths, request["tol"])
                    etas = Z_out @ coef.reshape(-1, coef.shape[2]).T
                    result.append(etas.T.reshape(*coef.shape[:2], -1) + intercept[:, :, None])
        seconds = time.perf_counter() - start
        if not request["folds"]:
            np.save(request["out"], np.array(result))
        print(json.dumps(seconds), flush=True)


if __name__ == "__main__":
    main()
