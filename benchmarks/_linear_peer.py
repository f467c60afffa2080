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
    if family == BINOMIAL:
        from skglm import SparseLogisticRegression

        model = SparseLogisticRegression(tol=tol, max_iter=1000, max_epochs=10**5, warm_start=True)
        return _warm(model, "alpha", X, y, strengths)
    if family == GROUPS:
        from skglm import GroupLasso

        charges = np.full(X.shape[1] // SIZE, SIZE**0.5)
        model = GroupLasso(
            groups=SIZE, weights=charges, fit_intercept=False, tol=tol, max_iter=1000, warm_start=True
        )
        return _warm(model, "alpha", X, y, strengths)
    from skglm import datafits, penalties, solvers

    datafit = datafits.Cox() if family == COX else datafits.Poisson()
    datafit.initialize(X, y)
    solver = solvers.ProxNewton(tol=tol, max_iter=100, fit_intercept=family != COX)
    coef, w, Xw = [], np.zeros(X.shape[1] + (family != COX)), np.zeros(len(y))
    for s in strengths:
        w = solver.solve(X, y, datafit, penalties.L1(s), w, Xw)[0]
        Xw = X @ w[: X.shape[1]] + (0 if family == COX else w[-1])
        coef.append(w[: X.shape[1]].copy())
    return _single(coef)


def glum(family, X, y, strengths, tol):
    from glum import GeneralizedLinearRegressor

    model = GeneralizedLinearRegressor(
        family=family, l1_ratio=1, alpha_search=True, alphas=strengths, gradient_tol=tol, max_iter=1000
    )
    model.fit(X, y)
    return _single(model.coef_path_, model.intercept_path_)


def adelie(family, X, y, strengths, tol):
    import adelie as ad

    if scipy.sparse.issparse(X):
        X = ad.matrix.sparse(X, method="naive", n_threads=2)
    else:
        X = ad.matrix.dense(X, method="naive", n_threads=2)
    if family == COX:
        loss = ad.glm.cox(start=np.full(len(y), -1.0), stop=y[:, 0], status=y[:, 1])
    else:
        losses = {BINOMIAL: ad.glm.binomial, POISSON: ad.glm.poisson}
        loss = losses.get(family, ad.glm.gaussian)(y=y)
    state = ad.grpnet(
        X=X,
        glm=loss,
        groups=np.arange(0, X.shape[1], SIZE if family == GROUPS else 1),
        lmda_path=strengths,
        tol=tol,
        irls_tol=tol,
        intercept=family not in (GAUSSIAN, GROUPS, COX),
        early_exit=False,
        adev_tol=1.0,
        n_threads=2,
        progress_bar=False,
    )
    return _single(state.betas.toarray(), state.intercepts)


def glmnet_rs(family, X, y, strengths, tol):
    from glmnetrs import glmnet

    more = {"standardize": False, "intercept": family != GAUSSIAN, "thresh": tol, "maxit": 10**8}
    path = glmnet(X, y, family=family, lambda_=strengths, **more)
    coef = path.beta.T
    left = len(strengths) - len(coef)  # as in R, it stops where little is left to explain
    return _single(np.vstack([coef, np.repeat(coef[-1:], left, axis=0)]))


def skein(family, X, y, strengths, tol):
    import skein_glm as sk

    more = {"lambdas": np.ascontiguousarray(strengths), "tol": tol, "max_iter": 10**6, "standardize_x": False}
    if family in (BINOMIAL, POISSON, MULTINOMIAL, COX):
        more |= {"outer_tol": tol, "max_outer": 1000}
    if family == COX:
        singles = np.arange(X.shape[1])
        return _single(sk.solve_cox_group_lasso_path(X, y[:, 0].copy(), y[:, 1].copy(), singles, **more)[0])
    if family == GROUPS:
        of = np.arange(X.shape[1]) // SIZE
        more["weights"] = np.full(X.shape[1] // SIZE, SIZE**0.5)
        return _single(sk.solve_group_lasso_ls_path(X, y, of, fit_intercept=False, **more)[0])
    if family in (TOGETHER, MULTINOMIAL):  # features × outputs lie flat
        if family == TOGETHER:
            coef = sk.solve_multitask_lasso_ls_path(X, y, fit_intercept=False, **more)[0]
        else:
            coef = sk.solve_multinomial_lasso_path(X, y, int(y.max()) + 1, **more)[0]
        coef = coef.reshape(len(coef), X.shape[1], -1).swapaxes(1, 2)
        return coef, np.zeros(coef.shape[:2])
    if family == GAUSSIAN:
        return _single(sk.solve_elastic_net_ls_path(X, y, alpha=1.0, fit_intercept=False, **more)[0])
    solve = sk.solve_logistic_elastic_net_path if family == BINOMIAL else sk.solve_poisson_elastic_net_path
    return _single(solve(X, y, alpha=1.0, fit_intercept=True, **more)[0])


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
POISSON, COX, GROUPS = "poisson", "cox", "groups"
TOGETHER = "gaussian outputs that share their features"
SIZE = 5  # columns of a group
PEERS = {
    "scikit-learn": (scikit_learn, (GAUSSIAN, TOGETHER, BINOMIAL, MULTINOMIAL)),
    "celer": (celer, (GAUSSIAN, TOGETHER)),
    "skglm": (skglm, (GAUSSIAN, BINOMIAL, POISSON, COX, GROUPS)),
    "glum": (glum, (BINOMIAL, POISSON)),
    "adelie": (
        adelie,
        (GAUSSIAN, BINOMIAL, POISSON, COX, GROUPS),
    ),  # its multinomial knows the grouped penalty alone
    "skein": (skein, (GAUSSIAN, TOGETHER, BINOMIAL, POISSON, MULTINOMIAL, COX, GROUPS)),
    "glmnet-rs": (glmnet_rs, (GAUSSIAN, BINOMIAL, POISSON)),
}
DENSE_ONLY = ("skein", "glmnet-rs")  # skein's sparse forms are other functions, glmnet-rs knows them in part


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
            POISSON: np.round(np.exp(y)),
            COX: np.column_stack([np.exp(y), np.arange(20) % 3 > 0]).astype(float),
            GROUPS: y,
        }
        dense = family != GAUSSIAN or sys.argv[1] in DENSE_ONLY
        for Z in (X,) if dense else (X, scipy.sparse.csc_matrix(X)):
            fit(family, Z, code[family], np.array([0.1, 0.05]), 1e-4)
    print("ready", flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        if loaded != request["problem"]:
            loaded = request["problem"]
            data = pickle.loads((folder / "problem.pickle").read_bytes())  # written by the race itself
        X, fold = data["X"], data["fold"]
        family = TOGETHER if data["family"] == GAUSSIAN and data["y"].ndim == 3 else data["family"]
        if family not in families or (sys.argv[1] in DENSE_ONLY and scipy.sparse.issparse(X)):
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
