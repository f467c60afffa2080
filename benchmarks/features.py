"""Features chosen by a network on digits with planted noise: accuracy at equal counts, and time, against LassoNet.

    python benchmarks/features.py [SEEDS]

64 pixels and 64 columns of noise, each a pixel in shuffled rows, so that no column betrays itself; 1000 rows to
train, 797 held out. Both fit one hidden layer of 100 units with M = 10 from dense to sparse: LassoNet by its
defaults, normax by 50 strengths in warm blocks.
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
STRENGTHS = np.geomspace(300, 0.5, 50)
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
        optimizer=optax.sgd(3e-2, 0.9), epochs=20, batch_size=100, warm_start=5, warm_epochs=8,
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
    return max(map(tuple, rows[rows[:, 0] <= count]))


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
        means = np.mean(found, axis=0)
        lines.append(
            f"| {name} | {' | '.join(f'{right:.3f} ({noise:.1f} of {k:.0f})' for k, right, noise in means)} |"
        )
    faster = {
        name: statistics.median(b / a for a, b in zip(times[name], times["peer"]))
        for name in ("first", "again")
    }
    middle = {name: statistics.median(values) for name, values in times.items()}
    lines += [
        "",
        f"Accuracy on 797 held-out rows; in brackets noise columns among the features kept; {'one seed' if seeds == 1 else f'means of {seeds} seeds'}. "
        f"The whole path: LassoNet {middle['peer']:.1f} s, normax {middle['again']:.2f} s compiled ({faster['again']:.0f} × "
        f"faster) and {middle['first']:.2f} s with compilation ({faster['first']:.0f} ×). normax: {len(STRENGTHS)} strengths, SGD "
        "with momentum, batches of 100; LassoNet by its defaults (full batches, Adam then SGD), one thread, "
        f"{', '.join(PACKAGES)}.",
    ]
    record("Features chosen by a network, digits with planted noise", lines, "jax", "optax")


if __name__ == "__main__":
    main()
