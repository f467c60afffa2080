"""Features chosen by a network on digits with planted noise: accuracy at equal counts, and time, against LassoNet.

    python benchmarks/features.py [SEEDS]

64 pixels and 64 columns of noise, each a pixel in shuffled rows, so that no column betrays itself; 1000 rows to
train, 797 held out. Both fit one hidden layer of 100 units with M = 10 from dense to sparse:
LassoNet by its defaults (some 250 strengths, full batches), normax by 100 strengths, each from the weights of the one
before, 24 steps long.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import optax
from _harness import environment, record, seconds
from _process import Process
from sklearn.datasets import load_digits

import normax as nx
from normax import nn

PACKAGES = ["lassonet==0.0.21", "torch==2.13.0", "scikit-learn==1.9.1"]
COUNTS = [10, 15, 20, 25, 30, 40, 50, 64, 128]
# By itself a warm path finds 419 to 0.42 here; as dense as this that takes 117 strengths, and the climb before a sixth of the time.
STRENGTHS = np.geomspace(260, 0.7, 100)
THREADS = {"OMP_NUM_THREADS": "1"}  # for products this small torch's second thread only waits


def planted(seed: int) -> dict[str, np.ndarray]:
    """Digits beside as many shuffled copies of the pixels, in a random order of columns and rows."""
    pixels, y = load_digits(return_X_y=True)
    random = np.random.default_rng(seed)
    noise = np.stack([random.permutation(column) for column in pixels.T], axis=1)
    columns, rows = random.permutation(128), random.permutation(len(y))
    X = np.concatenate([pixels, noise], axis=1)[rows][:, columns]
    sd = X[:1000].std(0)
    X = ((X - X[:1000].mean(0)) / np.where(sd > 0, sd, 1)).astype("float32")
    y = y[rows]
    return {"X": X[:1000], "y": y[:1000], "X_test": X[1000:], "y_test": y[1000:], "noise": columns >= 64}


def fit(net: nx.LassoNet, data: dict[str, np.ndarray]) -> nx.paths.Path:
    return nx.path(
        net, (data["X"], data["y"]), loss="cross_entropy", penalty=net.hierarchy(M=10.0), strengths=STRENGTHS, cv=None,
        optimizer=optax.sgd(6e-2, 0.9), epochs=100, batch_size=500, warm_start=1, warm_epochs=12,
    )  # fmt: skip


def ours(data: dict[str, np.ndarray], seed: int) -> tuple[float, float, np.ndarray]:
    """Seconds with compilation and without; one row a strength as of the peer."""
    nx.manual_seed(seed)
    net = nx.LassoNet(nn.Sequential(nn.Linear(128, 100), nn.ReLU(), nn.Linear(100, 10)))
    first, again = (seconds(partial(fit, net, data)) for _ in range(2))
    path = fit(net, data)
    chosen = (path.weights["weight"] != 0).any(axis=1)
    right = [
        (path.predict(data["X_test"], i).argmax(1) == data["y_test"]).mean() for i in range(len(STRENGTHS))
    ]
    return first, again, np.column_stack([chosen.sum(1), right, chosen[:, data["noise"]].sum(1)])


def at_most(rows: np.ndarray, count: int) -> tuple[float, float, float]:
    """Features, accuracy and noise of the fullest fit with at most `count` features, the most accurate of equals."""
    return max(map(tuple, rows[rows[:, 0] <= count]), default=(0, float("nan"), 0))


def main() -> None:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    peer = Process("_features_peer.py", "LassoNet", environment(".venv-features", PACKAGES), THREADS)
    times, points = {"first": [], "again": [], "peer": []}, {"normax": [], "LassoNet": []}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(seeds):
            data, file, out = planted(seed), Path(folder) / "data.npz", Path(folder) / "out.npy"
            np.savez(file, **data)
            first, again, rows = ours(data, seed)
            taken = peer.ask({"data": str(file), "seed": seed, "out": str(out)})
            for name, value in zip(times, (first, again, taken)):
                times[name].append(value)
            for name, found in (("normax", rows), ("LassoNet", np.load(out))):
                points[name].append([at_most(found, count) for count in COUNTS])
            print(seed, {name: round(values[-1], 2) for name, values in times.items()}, flush=True)
    peer.close()
    lines = [
        f"| at most this many features | {' | '.join(map(str, COUNTS))} |",
        "|-" * (len(COUNTS) + 1) + "|",
    ]
    for name, found in points.items():
        means, spread = np.mean(found, axis=0), np.std(found, axis=0, ddof=min(1, seeds - 1))[:, 1]
        cells = (
            f"{right:.3f} ± {sd:.3f} ({noise:.1f} of {k:.0f})" for (k, right, noise), sd in zip(means, spread)
        )
        lines.append(f"| {name} | {' | '.join(cells)} |")
    gaps = np.array(points["normax"])[..., 1] - np.array(points["LassoNet"])[..., 1]
    errors = gaps.std(axis=0, ddof=min(1, seeds - 1)) / np.sqrt(seeds)
    cells = (f"{mean:+.3f} ± {error:.3f}" for mean, error in zip(gaps.mean(axis=0), errors))
    lines.append(f"| difference and its standard error | {' | '.join(cells)} |")
    faster = statistics.median(b / a for a, b in zip(times["again"], times["peer"]))
    middle = {name: statistics.median(values) for name, values in times.items()}
    first = times["first"][0]  # later seeds find its programs
    lines += [
        "",
        f"Accuracy on 797 held-out rows; in brackets noise columns among the features kept; {'one seed' if seeds == 1 else f'means and standard deviations of {seeds} seeds'}. "
        f"The whole path: LassoNet {middle['peer']:.1f} s, normax {middle['again']:.2f} s compiled ({faster:.0f} × "
        f"faster) and {first:.2f} s with compilation ({times['peer'][0] / first:.0f} ×). normax: {len(STRENGTHS)} strengths, SGD "
        "with momentum, batches of 500; LassoNet by its defaults (full batches, Adam then SGD), one thread, "
        f"{', '.join(PACKAGES)}.",
    ]
    record("Features chosen by a network, digits with planted noise", lines, "jax", "optax")


if __name__ == "__main__":
    main()
