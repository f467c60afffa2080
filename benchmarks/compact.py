"""A network pruned by group lasso at the 1-SE strength, and its compacted form against the dense one.

An MLP and a small CNN on 600 digits, each over a path of strengths and three folds. A fifth of the labels is drawn anew, in
held-out rows too, so that there is something to overfit: on clean digits the 1-SE rule chooses no penalty. Groups are the weights out of each
hidden neuron or channel; the first layers, which no group holds, have a ridge penalty, so that they cannot take over
what the others are charged for. The widths are common ones (512-256; 3×3 convolutions of 64 and 128 channels), so
that arithmetic and not the moving about of pixels is the cost of the dense network. Reported: the accuracy on held-out rows
of the network without penalty and at the 1-SE strength, with the standard error over folds; multiply-adds of a forward
before and after `nx.compact`, without any unit that can go and with as many left as make multiples of 8; and the seconds
of the compiled forward, in turn, for a batch whose activations stay in a processor's cache and for a large one, beside
whose arithmetic what a call costs by itself is small.

    python benchmarks/compact.py [mlp | cnn]
"""

from __future__ import annotations

import sys
import warnings
from functools import partial

import jax.numpy as jnp
import numpy as np
import optax
from _harness import alternate, medians, record
from sklearn.datasets import load_digits

import normax as nx
from normax import nn
from normax.penalties import L2, Blocks, GroupLasso

SEED, ROUNDS, FOLDS = 0, 31, 3
ROWS = 1024, 8192
MULTIPLES = 1, 8
X, y = load_digits(return_X_y=True)
X, y = (X[:600] / 16).astype(np.float32), y[:600]
noise = np.random.default_rng(SEED)
y = np.where(noise.random(len(y)) < 0.2, noise.integers(0, 10, len(y)), y)


def mlp() -> tuple[nn.Module, dict, np.ndarray, dict]:
    net = nn.Sequential(nn.Linear(64, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10))
    penalty = {"2.weight": GroupLasso(1.0, "in"), "4.weight": GroupLasso(1.0, "in")}
    training = {"epochs": 25, "batch_size": 64, "strengths": [3e-3, 2e-3, 1e-3, 5e-4, 0.0]}
    return net, penalty, X, training


def cnn() -> tuple[nn.Module, dict, np.ndarray, dict]:
    net = nn.Sequential(
        nn.Conv2d(1, 64, 3, padding=1), nn.ReLU(), nn.Conv2d(64, 128, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(128 * 16, 10),
    )  # fmt: skip
    penalty = {"2.weight": GroupLasso(1.0, "in"), "6.weight": GroupLasso(1.0, Blocks("in", 128))}
    training = {"epochs": 20, "batch_size": 64, "strengths": [5e-3, 3e-3, 2e-3, 1e-3, 0.0]}
    return net, penalty, X.reshape(-1, 1, 8, 8), training


def accuracies(path: nx.paths.Path, index: int) -> tuple[float, float]:
    """Share of held-out rows that are right, and its standard error over folds, as the 1-SE rule takes it."""
    right = np.argmax(path.held_out_outputs[index], axis=1) == y
    folds = np.array([right[test].mean() for _, test in SPLITS])
    return folds.mean(), folds.std(ddof=1) / np.sqrt(len(folds))


def race(name: str, make) -> list[str]:
    nx.manual_seed(SEED)
    net, penalty, inputs, training = make()
    nx.penalize(net, {"0.weight": L2(3e-4)})
    path = nx.path(
        net, (inputs, y), loss="cross_entropy", penalty=penalty, cv=SPLITS, optimizer=optax.adam(3e-3), seed=SEED,
        **training,
    )  # fmt: skip
    chosen = path.best.index
    free, pruned = accuracies(path, len(path.strengths) - 1), accuracies(path, chosen)
    print(
        name,
        *zip(path.strengths, path.cv_mean.round(4), path.cv_se.round(4), path.nonzero),
        sep="\n",
        file=sys.stderr,
    )
    dense = path.model(chosen)
    nets = {multiple: nx.compact(dense, inputs[:1], multiple=multiple) for multiple in MULTIPLES}
    compiled = {0: nx.jit(dense), **{multiple: nx.jit(small) for multiple, small in nets.items()}}
    print(*nets.values(), *(small.compaction for small in nets.values()), sep="\n", file=sys.stderr)
    lines = []
    for rows in ROWS:
        batch = jnp.asarray(np.resize(inputs, (rows, *inputs.shape[1:])))
        outputs = {key: np.asarray(forward(batch)) for key, forward in compiled.items()}
        contenders = {
            key: partial(lambda f, x: f(x).block_until_ready(), f, batch) for key, f in compiled.items()
        }
        alternate(contenders, 5)
        taken = medians(alternate(contenders, ROUNDS))
        for multiple, small in nets.items():
            faster = taken[0] / taken[multiple]
            drop = small.compaction.multiply_adds[0] / small.compaction.multiply_adds[1]
            gap = abs(outputs[multiple] - outputs[0]).max()
            lines.append(
                f"| {name} | {free[0]:.4f} | {pruned[0]:.4f} ± {pruned[1]:.4f} | {path.strengths[chosen]:.2g} | {multiple} | "
                f"{drop:.1f} × fewer | {rows} | {1e3 * taken[0]:.2f} → {1e3 * taken[multiple]:.2f} ms, {faster:.1f} × | "
                f"{faster / drop:.0%} | {gap:.1e} |"
            )
    return lines


def main(*chosen: str) -> None:
    warnings.simplefilter("ignore", nx.Notice)
    lines = [
        "| | accuracy, no penalty | at the 1-SE strength | strength | units left, a multiple of | multiply-adds | rows | forward | "
        "speed-up over drop | largest difference of an output |",
        "|-|-|-|-|-|-|-|-|-|-|",
        *(line for key in chosen or NETWORKS for line in race(*NETWORKS[key])),
        "",
        f"Held-out accuracy over {FOLDS} folds with its standard error, a fifth of the labels at random; forwards: medians of {ROUNDS} rounds "
        "in turn.",
    ]
    record("Networks pruned by group lasso at the 1-SE strength, compacted", lines, "jax", "optax")


SPLITS = nx.selection.folds(FOLDS, len(y), y, None, None, True, SEED)
NETWORKS = {"mlp": ("MLP 64-512-256-10", mlp), "cnn": ("CNN 64-128 channels", cnn)}

if __name__ == "__main__":
    main(*sys.argv[1:])
