"""50 strengths of L1 on a 64-64-10 network: one compiled program against a PyTorch loop.

Digits, 1500 rows, 20 epochs of batch 100, Adam. The loop runs twice: with L1 added to the loss, as it is
usually written (it solves a smoothed problem and reaches no zeros), and with the same proximal algorithm
that normax runs, from the same weights and in the same order of rows, so that the results can be compared.

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
from normax import nn
from normax.nn.random import raw_key, wrap_key
from normax.training.loop import RowSet, _shuffled
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
    import jax

    key = jax.random.fold_in(wrap_key(raw_key(SEED)), 0)
    rows = RowSet(jnp.arange(ROWS), ROWS)
    return [np.array(_shuffled(rows, jax.random.fold_in(key, epoch), BATCH)) for epoch in range(EPOCHS)]


def normax_path(optimizer) -> nx.paths.Path:
    return nx.path(
        NET, (X, y), loss="cross_entropy", penalty="l1", strengths=STRENGTHS, cv=None, optimizer=optimizer,
        epochs=EPOCHS, batch_size=BATCH, seed=SEED,
    )  # fmt: skip


def torch_loop(proximal: bool) -> list[dict[str, torch.Tensor]]:
    """One network after another, eager, as PyTorch users write it."""
    inputs, targets = torch.tensor(X), torch.tensor(y)
    indices = [torch.tensor(order) for order in orders()]
    results = []
    for strength in STRENGTHS:
        net = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
        net.load_state_dict(START)
        weights = [net[0].weight, net[2].weight]
        optimizer = torch.optim.Adam(net.parameters(), lr=RATE)
        step = 0
        for order in indices:
            for chosen in order.split(BATCH):
                loss = torch.nn.functional.cross_entropy(net(inputs[chosen]), targets[chosen])
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


def fastest_threads() -> int:
    """PyTorch's own best number of threads for networks this small."""
    global STRENGTHS
    every, STRENGTHS = STRENGTHS, STRENGTHS[:1]
    times = {}
    for threads in (1, torch.get_num_threads()):
        torch.set_num_threads(threads)
        torch_loop(False)
        times[threads] = seconds(lambda: torch_loop(False))
    STRENGTHS = every
    return min(times, key=times.get)


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
    torch.set_num_threads(fastest_threads())
    optimizer = optax.adam(RATE)
    first = seconds(lambda: normax_path(optimizer))
    found: dict[str, object] = {}
    times = alternate(
        {
            "normax": lambda: found.update(normax=normax_path(optimizer)),
            "loop, L1 in the loss": lambda: found.update(usual=torch_loop(False)),
            "loop, same proximal algorithm": lambda: found.update(proximal=torch_loop(True)),
        },
        rounds,
    )
    middle = medians(times)
    loss_difference, zero_difference = agreement(found["normax"], found["proximal"])
    usual_zeros = max(float((s["0.weight"] == 0).float().mean()) for s in found["usual"])
    lines = ["| | seconds (median) | normax, compiled, is faster by | counting compilation |", "|-|-|-|-|"]
    lines.append(f"| normax, compiled (first call {first:.2f} s) | {middle['normax']:.2f} | 1 | |")
    for name in list(times)[1:]:
        lines.append(
            f"| PyTorch {name} | {middle[name]:.1f} | {middle[name] / middle['normax']:.0f} × | {middle[name] / first:.1f} × |"
        )
    lines += [
        "",
        f"{rounds} alternating rounds; PyTorch on its faster number of threads, {torch.get_num_threads()}. Against the same "
        f"proximal algorithm the largest difference of a training loss over the path is {loss_difference:.1e}, and at most "
        f"{zero_difference:.2%} of a tensor's weights are zero in one and not in the other; with L1 in the loss at most "
        f"{usual_zeros:.1%} of the first layer's weights are exactly zero at any strength.",
    ]
    record("50 strengths of L1 on a 64-64-10 network", lines, "jax", "optax", "torch")


if __name__ == "__main__":
    main()
