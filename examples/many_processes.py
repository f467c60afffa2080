"""Train a network on all devices of all processes: the same losses, however many there are.

    python examples/many_processes.py
    normax launch -n 2 --devices 2 -- examples/many_processes.py
    srun --ntasks=16 python examples/many_processes.py

Each process reads its own rows of every batch from a memory map; the weights of the first layer are cut over the devices.
"""

import tempfile
from pathlib import Path

import numpy as np
import optax

import normax as nx
from normax import nn


def rows(folder, n=2000):
    """A memory map of 30 columns, of which two matter by their product, and the target."""
    random = np.random.default_rng(0)
    X = np.memmap(Path(folder) / "X", dtype="float32", mode="w+", shape=(n, 30))
    X[:] = random.normal(size=X.shape)
    return X, (2 * X[:, 0] * X[:, 1] + 0.1 * random.normal(size=n)).astype("float32")


def main():
    """Join the run, train, and let process 0 tell of it."""
    nx.distributed.initialize()
    nx.manual_seed(0)
    net = nn.Sequential(nn.Linear(30, 64), nn.ReLU(), nn.Linear(64, 1), nn.Flatten(0))
    nx.penalize(net, {"0.weight": nx.penalties.GroupLasso(0.01, "in")})
    with tempfile.TemporaryDirectory() as folder:
        history = nx.fit(
            net,
            rows(folder),
            loss="squared",
            optimizer=optax.adam(1e-2),
            epochs=20,
            batch_size=200,
            seed=0,
            mesh={"data": -1},
            shard={"0.weight": "data"},
        )
    weights = net.state_dict()  # every process asks for what lies elsewhere
    if nx.distributed.is_main():
        kept = np.flatnonzero(np.asarray(weights["0.weight"]).any(axis=0)).tolist()
        print(f"losses {history.loss[[0, 9, 19]].round(4).tolist()}, columns kept {kept}")


if __name__ == "__main__":
    main()
