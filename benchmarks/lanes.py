"""50 strengths of L1 on a 64-64-10 network: one compiled program against a PyTorch loop.

Digits, 1500 rows, 20 epochs of batch 100, Adam. The loop runs twice: with L1 added to the loss, as it is
usually written (it solves a smoothed problem and reaches no zeros), and with the same proximal algorithm
that normax runs, from the same weights and in the same order of rows, so that the results can be compared. Its batches come
from a DataLoader, as PyTorch's users write it, and, for the ambitious, sliced by hand, on one thread too.

    python benchmarks/lanes.py [rounds]
"""

from __future__ import annotations

import sys

import jax.numpy as jnp
import numpy as np
import optax
import torch
from _harness import alternate, medians, record, seconds
from sklearn.datasets import load_digits

import normax as nx
import normax.paths.network  # imports are nobody's compilation
from normax import nn
from normax.nn.random import raw_key
from normax.training.loop import RowSet, shuffled
from normax.training.metric import WARM_UP

STRENGTHS = np.geomspace(3e-2, 3e-5, 50)
ROWS, EPOCHS, BATCH, RATE, SEED = 1500, 20, 100, 1e-3, 0

X, y = load_digits(return_X_y=True)
X, y = (X[:ROWS] / 16).astype(np.float32), y[:ROWS]
nx.manual_seed(SEED)
NET = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
START = {name: torch.tensor(np.asarray(value)) for name, value in NET.state_dict().items()}


def orders() -> list[np.ndarray]:
    """The orders of rows that normax's fit draws from the seed."""
    rows = RowSet(jnp.arange(ROWS), ROWS)
    return [np.array(shuffled(rows, raw_key(SEED), epoch, BATCH)) for epoch in range(EPOCHS)]


def normax_path(optimizer) -> nx.paths.Path:
    return nx.path(
        NET, (X, y), loss="cross_entropy", penalty="l1", strengths=STRENGTHS, cv=None, optimizer=optimizer,
        epochs=EPOCHS, batch_size=BATCH, seed=SEED,
    )  # fmt: skip


def torch_loop(proximal: bool, threads: int, loader: bool) -> list[dict[str, torch.Tensor]]:
    """One network after another, eager; batches from a DataLoader, as users write it, or sliced by hand."""
    torch.set_num_threads(threads)
    inputs, targets = torch.tensor(X), torch.tensor(y)
    indices = [torch.tensor(order) for order in orders()]
    shuffling = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(inputs, targets), BATCH, shuffle=True
    )
    results = []
    for strength in STRENGTHS:
        net = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
        net.load_state_dict(START)
        weights = [net[0].weight, net[2].weight]
        optimizer = torch.optim.Adam(net.parameters(), lr=RATE)
        step = 0
        for order in indices:
            sliced = ((inputs[chosen], targets[chosen]) for chosen in order.split(BATCH))
            for batch, truth in shuffling if loader else sliced:
                loss = torch.nn.functional.cross_entropy(net(batch), truth)
                if not proximal:
                    loss = loss + strength * sum(w.abs().sum() for w in weights)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                step += 1
                if proximal and step > WARM_UP:
                    prox(weights, optimizer, strength, step)
        results.append({name: value.detach() for name, value in net.state_dict().items()})
    return results


@torch.no_grad()
def prox(weights, optimizer, strength, step) -> None:
    """Soft thresholding by what Adam moves each weight for a steady unit gradient."""
    for w in weights:
        second = optimizer.state[w]["exp_avg_sq"] / (1 - 0.999**step)
        response = RATE / (1 - 0.9**step) / (second.sqrt() + 1e-8)
        if step <= ROWS // BATCH:  # no gradient yet: left alone for an epoch
            response = torch.where(second == 0, 0.0, response)
        w.copy_(w.sign() * (w.abs() - response * strength).clamp(min=0))


def agreement(path: nx.paths.Path, results: list[dict[str, torch.Tensor]]) -> tuple[float, float]:
    """Largest difference of a training loss, and share of weights zero in one and not in the other."""
    losses, zeros = [], []
    for i, state in enumerate(results):
        net = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
        net.load_state_dict(state)
        loss = torch.nn.functional.cross_entropy(net(torch.tensor(X)), torch.tensor(y)).item()
        losses.append(abs(loss - path.train_mean[i]))
        for name in path.penalised:
            zeros.append(((path.weights[name][i] == 0) != (state[name].numpy() == 0)).mean())
    return max(losses), max(zeros)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    optimizer = optax.adam(RATE)
    first = seconds(lambda: normax_path(optimizer))
    found: dict[str, object] = {}
    default = torch.get_num_threads()
    contenders = {"normax": lambda: found.update(normax=normax_path(optimizer))}
    for threads, loader in ((default, True), (default, False), (1, False)):
        for name, proximal in (("L1 in the loss", False), ("same proximal algorithm", True)):
            label = f"PyTorch, {name}, {'DataLoader' if loader else 'sliced by hand'}, {threads} thread{'s' * (threads > 1)}"
            contenders[label] = lambda *, n=name, p=proximal, t=threads, d=loader: found.update(
                {n: torch_loop(p, t, d)}
            )
    middle = medians(alternate(contenders, rounds))
    loss_difference, zero_difference = agreement(found["normax"], found["same proximal algorithm"])
    usual_zeros = max(float((s["0.weight"] == 0).float().mean()) for s in found["L1 in the loss"])
    lines = ["| | seconds (median) | normax, compiled, is faster by | counting compilation |", "|-|-|-|-|"]
    compiled = middle.pop("normax")
    lines.append(f"| normax, compiled (first call {first:.2f} s) | {compiled:.2f} | 1 | |")
    for name, spent in middle.items():
        lines.append(f"| {name} | {spent:.1f} | {spent / compiled:.0f} × | {spent / first:.1f} × |")
    lines += [
        "",
        f"{rounds} alternating rounds. Against the same proximal algorithm the largest difference of a training loss "
        f"over the path is {loss_difference:.1e}, and at most {zero_difference:.2%} of a tensor's weights are zero in one "
        f"and not in the other; with L1 in the loss at most {usual_zeros:.1%} of the first layer's weights are exactly "
        "zero at any strength.",
    ]
    record("50 strengths of L1 on a 64-64-10 network", lines, "jax", "optax", "torch")


if __name__ == "__main__":
    main()
