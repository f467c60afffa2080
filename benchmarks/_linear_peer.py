"""One peer in a process and an environment of its own: reads requests as JSON lines, answers with seconds.

    python _linear_peer.py PEER FOLDER

A request {"problem": name, "tol": t, "folds": bool, "out": file} fits the path (of each fold), saves the
coefficients, and is timed without reading or writing.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np

warnings.simplefilter("ignore")


def scikit_learn(X, y, strengths, tol):
    from sklearn.linear_model import lasso_path

    return lasso_path(X, y, alphas=strengths, tol=tol, max_iter=10**6)[1].T


def celer(X, y, strengths, tol):
    from celer import celer_path

    return celer_path(X, y, pb="lasso", alphas=strengths, tol=tol, max_iter=1000)[1].T


def skglm(X, y, strengths, tol):
    from skglm import Lasso

    return Lasso(fit_intercept=False, tol=tol, max_iter=1000).path(X, y, strengths)[1].T


def adelie(X, y, strengths, tol):
    import adelie as ad

    state = ad.grpnet(
        X=ad.matrix.dense(X, method="naive", n_threads=2),
        glm=ad.glm.gaussian(y=y),
        lmda_path=strengths,
        tol=tol,
        early_exit=False,
        adev_tol=1.0,
        n_threads=2,
        progress_bar=False,
    )
    return state.betas.toarray()


PEERS = {"scikit-learn": scikit_learn, "celer": celer, "skglm": skglm, "adelie": adelie}


def main() -> None:
    fit, folder, data = PEERS[sys.argv[1]], Path(sys.argv[2]), {}
    rng = np.random.default_rng(0)  # compile and import before the clock runs
    fit(np.asfortranarray(rng.normal(size=(20, 5))), rng.normal(size=20), np.array([0.1, 0.05]), 1e-4)
    for line in sys.stdin:
        request = json.loads(line)
        name = request["problem"]
        if name not in data:
            data = {name: [np.load(folder / f"{name}-{part}.npy") for part in ("X", "y", "s", "fold")]}
        X, y, strengths, fold = data[name]
        start = time.perf_counter()
        if request["folds"]:  # what a user of a path function writes
            errors = np.empty((fold.max() + 1, len(strengths)))
            for k in range(len(errors)):
                inside = fold != k
                Z, v = np.asfortranarray(X[inside]), y[inside]
                mean, centre = Z.mean(axis=0), v.mean()
                Z -= mean
                coef = fit(Z, v - centre, strengths, request["tol"])
                errors[k] = ((y[~inside] - centre - coef @ (X[~inside] - mean).T) ** 2).mean(axis=1)
            result = errors
        else:
            result = fit(X, y, strengths, request["tol"])
        seconds = time.perf_counter() - start
        np.save(request["out"], result)
        print(json.dumps(seconds), flush=True)


if __name__ == "__main__":
    main()
