"""The problem of the lanes benchmark: digits, an MLP and a small CNN, alike for every contender.

A request names a net, a number of strengths, of folds (0: none) and of seeds. Every contender trains each
strength from each seed on each fold, measures the error on the fold's held-out rows, and then trains each strength
on all rows from the first seed.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from sklearn.datasets import load_digits

ROWS, BATCH, RATE, SEED = 1500, 100, 1e-3, 0
EPOCHS = {"MLP": 20, "CNN": 4}
LARGEST, SMALLEST = 3e-2, 3e-5

# name -> (kind, in, out); convolutions are 3 by 3, padded, and followed by ReLU and 2 by 2 max pooling
NETS = {
    "MLP": {"0": ("linear", 64, 64), "2": ("linear", 64, 10)},
    "CNN": {"0": ("conv", 1, 8), "3": ("conv", 8, 16), "7": ("linear", 64, 10)},
}


def strengths(count: int) -> np.ndarray:
    return np.geomspace(LARGEST, SMALLEST, count)


@cache
def data(net: str) -> tuple[np.ndarray, np.ndarray]:
    X, y = load_digits(return_X_y=True)
    X = (X[:ROWS] / 16).astype(np.float32)
    return X.reshape(-1, 1, 8, 8) if net == "CNN" else X, y[:ROWS]


def folds(count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """`(training rows, held-out rows)`."""
    if not count:
        return []
    parts = np.array_split(np.random.default_rng(SEED).permutation(ROWS), count)
    return [
        (np.sort(np.concatenate(parts[:k] + parts[k + 1 :])), np.sort(part)) for k, part in enumerate(parts)
    ]


def row_sets(count: int, seeds: int) -> list[tuple[np.ndarray, np.ndarray | None, int]]:
    """`(training rows, held-out rows or None, seed)` of everything that is trained at each strength."""
    scored = [(train, test, seed) for train, test in folds(count) for seed in range(seeds)]
    return [*scored, (np.arange(ROWS), None, 0)]


def module(net: str, nn):
    """The network, made of the layers of `normax.nn` or `torch.nn`."""
    layers = []
    for kind, i, o in NETS[net].values():
        if kind == "conv":
            layers += [nn.Conv2d(i, o, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        else:
            layers += [nn.Flatten()] if net == "CNN" else []
            layers += [nn.Linear(i, o), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def starting(net: str, seed: int) -> dict[str, np.ndarray]:
    """`"0.weight"` and the like -> float32 array."""
    rng, found = np.random.default_rng(seed), {}
    for name, (kind, i, o) in NETS[net].items():
        shape = (o, i, 3, 3) if kind == "conv" else (o, i)
        bound = 1 / np.sqrt(np.prod(shape[1:]))
        found[f"{name}.weight"] = rng.uniform(-bound, bound, shape).astype("float32")
        found[f"{name}.bias"] = rng.uniform(-bound, bound, o).astype("float32")
    return found


def orders(net: str, rows: np.ndarray) -> np.ndarray:
    """`(epochs, rows)`: the orders in which normax goes through rows, so that results can be compared."""
    return _orders(EPOCHS[net], rows.tobytes())


@cache
def _orders(epochs: int, rows: bytes) -> np.ndarray:
    import jax
    import jax.numpy as jnp

    from normax.nn.random import raw_key
    from normax.training.loop import RowSet, shuffled

    numbers = np.frombuffer(rows, np.int64).astype(np.int32)
    order = jax.jit(
        lambda epoch: shuffled(RowSet(jnp.asarray(numbers), len(numbers)), raw_key(SEED), epoch, BATCH)
    )
    return np.stack([np.asarray(order(epoch)) for epoch in range(epochs)])
