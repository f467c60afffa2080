"""The group lasso path of 2000 x 5000, groups of 5, 100 strengths to a tenth of the largest, against adelie.

    python benchmarks/linear_groups.py            # with adelie in benchmarks/.venv-adelie

Both solve the same strengths; adelie's tolerance is tightened until its gap, measured by us, is at most 1e-6 of the
null deviance. Runs alternate; medians.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
N, P, SIZE, RUNS = 2000, 5000, 5, 3


def problem():
    rng = np.random.default_rng(0)
    X = np.asfortranarray(rng.normal(size=(N, P)) + 0.5 * rng.normal(size=(N, 1)))
    w = np.zeros(P)
    for g in rng.choice(P // SIZE, 40, replace=False):
        w[SIZE * g : SIZE * (g + 1)] = rng.normal(size=SIZE)
    return X, X @ w + 3 * rng.normal(size=N)


def peer(folder: str) -> None:
    """Answer tolerances on standard input with seconds; coefficients go to a file."""
    import adelie as ad

    data = np.load(Path(folder) / "problem.npz")
    X, y, strengths = np.asfortranarray(data["X"]), data["y"], data["strengths"]
    for line in sys.stdin:
        start = time.perf_counter()
        state = ad.grpnet(
            X=ad.matrix.dense(X, method="naive", n_threads=2),
            glm=ad.glm.gaussian(y),
            groups=np.arange(0, P, SIZE),
            lmda_path=strengths,
            tol=float(line),
            early_exit=False,
            progress_bar=False,
            n_threads=2,
        )
        seconds = time.perf_counter() - start
        np.save(Path(folder) / "coef.npy", state.betas.toarray())
        print(seconds, flush=True)


def gaps(X, y, coef, strengths) -> float:
    """The largest gap over the null deviance, from residuals: a feasible dual point by scaling."""
    Z, r0 = X - X.mean(axis=0), y - y.mean()
    worst, null = 0.0, 0.5 * r0 @ r0 / N
    for w, s in zip(coef, strengths):
        r = r0 - Z @ w
        norms = np.linalg.norm((Z.T @ r / N).reshape(-1, SIZE), axis=1)
        charge = s * np.sqrt(SIZE)
        c = min(1.0, charge / norms.max())
        penalty = charge * np.linalg.norm(w.reshape(-1, SIZE), axis=1).sum()
        worst = max(worst, 0.5 * r @ r / N + penalty - (c * (r @ r0) / N - 0.5 * c * c * (r @ r) / N))
    return worst / null


def main() -> None:
    from normax.linear_model import fit_path, max_strength
    from normax.penalties import GroupLasso

    X, y = problem()
    penalty = GroupLasso(1.0, np.arange(P) // SIZE)
    strengths = max_strength(X, y, penalty=penalty) * np.geomspace(1, 0.1, 100)
    fit_path(X[:50, :20], y[:50], penalty=GroupLasso(1.0, np.arange(20) // SIZE), strengths=[0.1])
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "problem.npz", X=X, y=y, strengths=strengths)
        command = [HERE / ".venv-adelie/bin/python", __file__, "--peer", folder]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:

            def ask(tol: float) -> float:
                other.stdin.write(f"{tol}\n")
                other.stdin.flush()
                return float(other.stdout.readline())

            tol = 1e-7
            ask(tol)
            while (gap := gaps(X, y, np.load(Path(folder) / "coef.npy"), strengths)) > 1e-6 and tol > 1e-15:
                tol /= 10
                ask(tol)
            ours, theirs = [], []
            for _ in range(RUNS):
                start = time.perf_counter()
                path = fit_path(X, y, penalty=penalty, strengths=strengths)
                ours.append(time.perf_counter() - start)
                theirs.append(ask(tol))
            other.stdin.close()
    a, b = statistics.median(ours), statistics.median(theirs)
    print(f"normax {a:.2f} s (gap {gaps(X, y, path.coef[:, 0], strengths):.1e}, {path.nonzero[-1]} non-zero)")
    print(f"adelie {b:.2f} s (gap {gap:.1e} at tol {tol:g}); adelie/normax {b / a:.2f}")


if __name__ == "__main__":
    peer(sys.argv[2]) if sys.argv[1:2] == ["--peer"] else main()
