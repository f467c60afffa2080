"""Work that is repeated for long in one process, and what grows: `make soak` does all of it a thousand times.

    python tests/training/long_runs.py [TIMES [KIND ...]]

For each kind of work a line of JSON says what the process held after each fifth of the rounds, and their processor time.

Memory is what the process holds once garbage is collected and freed blocks are given back. What is compiled and kept by
design (JAX's caches, the last few programs) is there after the first rounds: what counts is how the rest goes on.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import sys
import threading
import time
import warnings
import weakref
from collections.abc import Callable
from typing import NamedTuple

os.environ.setdefault("NORMAX_KEEP_MEMORY", "0")

import jax
import numpy as np
import optax

import normax as nx
from normax import nn

random = np.random.default_rng(0)
X = random.normal(size=(64, 4)).astype("f")
y = X[:, :1] - X[:, 1:2]
nets: weakref.WeakSet[nn.Module] = weakref.WeakSet()


def network(width: int = 4) -> nn.Module:
    net = nx.penalize(
        nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 1)), nx.penalties.L1(1e-3)
    )
    nets.add(net)
    return net


def steps() -> Callable[[int], None]:
    step = nx.train_step(network(), lambda net, x, y: ((net(x) - y) ** 2).mean(), optax.adam(1e-3))

    def work(k: int) -> None:
        for _ in range(100):
            step(X, y)

    return work


def fit(net: nn.Module, loss: object) -> None:
    nx.fit(net, (X, y), loss=loss, optimizer="adam", epochs=2, progress=False)


def path(net: nn.Module, loss: object) -> None:
    found = nx.path(net, (X, y), loss=loss, strengths=[1e-2, 1e-3], cv=2, epochs=1, progress=False)
    found.predict(X)


def varying(work: Callable[[nn.Module, object], None]) -> Callable[[], Callable[[int], None]]:
    """A width that was never there, and a loss that is made anew."""

    def one(k: int) -> None:
        work(network(5 + k), lambda output, target: ((output - target) ** 2).sum(1))

    return lambda: one


def forwards(k: int) -> None:
    net = network(5 + k)
    nx.jit(net)(X)
    net(X)
    nx.value_and_grad(net, lambda net, x: net(x).sum())(X)
    nx.summary(net, X)


def estimators(k: int) -> None:
    nx.NetworkRegressor(strength=0.01, epochs=1, random_state=k % 3).fit(X, y[:, 0]).predict(X)


def torch_steps(k: int) -> None:
    import normax.torch as torch

    net = torch.nn.Sequential(torch.nn.Linear(4, 5 + k % 3), torch.nn.ReLU(), torch.nn.Linear(5 + k % 3, 1))
    step = nx.train_step(
        net, lambda net, x, y: ((net(x) - y) ** 2).mean(), torch.optim.SGD(net.parameters(), lr=0.1)
    )
    for _ in range(3):
        step(torch.from_numpy(X), torch.from_numpy(y))


KINDS: dict[str, Callable[[], Callable[[int], None]]] = {
    "100 steps": steps,
    "a fit": lambda: lambda k: fit(network(), "squared"),
    "a path": lambda: lambda k: path(network(), "squared"),
    "a fit of another width and loss": varying(fit),
    "a path of another width and loss": varying(path),
    "forwards of another width": lambda: forwards,
    "an estimator": lambda: estimators,
    "steps in PyTorch's words": lambda: torch_steps,
}


class Held(NamedTuple):
    """What a process holds: MB of memory, JAX's arrays and their MB, networks, open files, threads."""

    memory: float
    arrays: int
    array_memory: float
    networks: int
    files: int
    threads: int

    @staticmethod
    def now() -> Held:
        for _ in range(3):
            gc.collect()
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
        with open("/proc/self/statm") as file:
            pages = int(file.read().split()[1])
        live = jax.live_arrays()
        files = len(os.listdir("/proc/self/fd"))
        size = sum(array.nbytes for array in live) / 1e6
        return Held(
            pages * os.sysconf("SC_PAGE_SIZE") / 1e6,
            len(live),
            size,
            len(nets),
            files,
            threading.active_count(),
        )


def held(kind: str, times: int, looks: int = 5) -> list[Held]:
    """What is held after each of some equal parts of `times` rounds, the first of which warms up."""
    work, found = KINDS[kind](), []
    for look in range(looks):
        for k in range(look * times // looks, (look + 1) * times // looks):
            work(k)
        found.append(Held.now())
    return found


def main() -> None:
    warnings.simplefilter("ignore", nx.Notice)  # of so short fits
    times, kinds = int(sys.argv[1]) if len(sys.argv) > 1 else 1000, sys.argv[2:] or list(KINDS)
    for kind in kinds:
        began, found = time.process_time(), held(kind, times)
        told: dict[str, object] = {
            "kind": kind,
            "times": times,
            "seconds": round(time.process_time() - began),
        }
        told |= {
            name: [round(value, 1) for value in values] for name, values in zip(Held._fields, zip(*found))
        }
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
