"""One contender of the lanes benchmark in a process of its own: reads requests as JSON lines, answers with seconds.

    python _lanes_peer.py CONTENDER

A request {"net": name, "strengths": k, "folds": f, "seeds": s, "fits": n or null, "out": file or null} trains the
problem of `_lanes_problem.py`; `fits` stops a loop after so many fits and scales the seconds by steps. Weights of the
strengths on all rows go to `out`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from _lanes_problem import (
    BATCH,
    EPOCHS,
    NETS,
    RATE,
    SEED,
    data,
    folds,
    module,
    orders,
    row_sets,
    starting,
    strengths,
)

WARM_UP = 10  # steps before the first prox, as in normax


class Normax:
    """nx.path, as a user writes it."""

    def __init__(self, variant: str):
        import optax

        import normax as nx
        import normax.paths.network  # imports are nobody's compilation

        self.nx, self.optimizer, self.nets = nx, optax.adam(RATE), {}

    def run(self, net, k, fold_count, seeds, fits):
        if net not in self.nets:
            self.nets[net] = module(net, self.nx.nn)
            self.nets[net].load_state_dict(starting(net, 0))
        path = self.nx.path(
            self.nets[net], data(net), loss="cross_entropy", penalty="l1", strengths=strengths(k),
            cv=folds(fold_count) or None, seeds=seeds, optimizer=self.optimizer, epochs=EPOCHS[net], batch_size=BATCH,
            seed=SEED,
        )  # fmt: skip
        return {name: path.weights[name] for name in path.weights}


class ByHand:
    """The same in JAX by hand: one program for all row sets, lanes under `vmap` (MLP) or `lax.map` (CNN), as many
    groups of lanes side by side as there are cores."""

    def __init__(self, variant: str):
        import optax  # and JAX with it: as many imports as normax has before its first call

        del optax
        self.free = "without penalty" in variant  # a baseline lane, as normax has it
        self.made: dict = {}
        self.threads = len(os.sched_getaffinity(0))
        self.pool = ThreadPoolExecutor(self.threads)

    def program(self, net):
        import jax
        import jax.numpy as jnp
        from jax import lax

        X, y = data(net)
        X, y = jnp.asarray(np.moveaxis(X, 1, -1) if net == "CNN" else X), jnp.asarray(y.astype(np.int32))
        b1, b2, eps = 0.9, 0.999, 1e-8

        def patches(x):  # a convolution as a product of matrices: XLA's own are slow inside loops on a CPU
            h, w = x.shape[1:3]
            x = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
            return jnp.concatenate([x[:, i : i + h, j : j + w] for i in range(3) for j in range(3)], -1)

        def pooled(x):
            n, h, w, c = x.shape
            return x.reshape(n, h // 2, 2, w // 2, 2, c).max((2, 4))

        hold = lax.optimization_barrier

        # Features before rows, so that no gradient of a lane needs a copy; `hold` keeps the compiler from turning back.
        @jax.custom_vjp
        def linear(x, w, b):
            return linear_forward(x, w, b)[0]

        def linear_forward(x, w, b):
            columns = hold(x.T)
            return hold(w @ columns + b[:, None]).T, (columns, w)

        def linear_backward(kept, dy):
            (columns, w), dy = kept, hold(dy.T)
            return hold(hold(w.T) @ dy).T, dy @ columns.T, dy.sum(1)

        linear.defvjp(linear_forward, linear_backward)

        def forward(p, x):
            *body, last = NETS[net].items()
            for name, (kind, *_) in body:
                w, b = p[f"{name}.weight"], p[f"{name}.bias"]
                if kind == "conv":
                    x = pooled(jax.nn.relu(patches(x) @ w.transpose(2, 3, 1, 0).reshape(-1, len(w)) + b))
                else:
                    x = jax.nn.relu(linear(x, w, b))
            w, b = p[f"{last[0]}.weight"], p[f"{last[0]}.bias"]
            if x.ndim == 4:
                return x.transpose(0, 3, 1, 2).reshape(len(x), -1) @ w.T + b
            return linear(x, w, b)

        def losses(p, x, y):
            scores = forward(p, x)
            hit = jnp.where(y[:, None] == jnp.arange(10), scores, 0).sum(-1)
            return jax.nn.logsumexp(scores, -1) - hit

        def step(state, strength, steps, x, y):
            p, m, v, t = state
            g = jax.grad(lambda p: losses(p, x, y).mean())(p)
            t = t + 1
            m = {n: b1 * m[n] + (1 - b1) * g[n] for n in p}
            v = {n: b2 * v[n] + (1 - b2) * g[n] ** 2 for n in p}
            new = {}
            for n in p:
                response = RATE / (1 - b1**t) / (jnp.sqrt(v[n] / (1 - b2**t)) + eps)
                w = p[n] - response * m[n]
                if n.endswith("weight"):
                    shrunk = jnp.sign(w) * jnp.maximum(jnp.abs(w) - response * strength, 0)
                    # Without a gradient for an epoch, the penalty alone decides.
                    w = jnp.where((t > WARM_UP) & ((v[n] > 0) | (t > steps)), shrunk, w)
                new[n] = w
            return new, m, v, t

        def train(state, strength, orders, steps, select):
            def epoch(e, state):
                def one(i, state):
                    rows = lax.dynamic_slice(orders[e], (i * BATCH,), (BATCH,))
                    return over(state, strength, steps, X[rows], y[rows])

                return lax.fori_loop(0, steps, one, state)

            state = lax.fori_loop(0, EPOCHS[net], epoch, state)
            return state, error(state[0], select)

        def measured(p, select):
            return losses(p, X, y) @ select / select.sum()

        if net == "CNN":
            over, error = step, measured
            run = jax.jit(
                lambda state, strength, *rest: lax.map(lambda a: train(*a, *rest), (state, strength)),
                donate_argnums=0,
            )
        else:
            over = jax.vmap(step, in_axes=((0, 0, 0, None), 0, None, None, None), out_axes=(0, 0, 0, None))
            error = jax.vmap(measured, in_axes=(0, None))
            run = jax.jit(train, donate_argnums=0)
        return run

    def run(self, net, k, fold_count, seeds, fits):
        import jax
        import jax.numpy as jnp

        if net not in self.made:
            self.made[net] = self.program(net), {seed: starting(net, seed) for seed in range(10)}
        program, starts = self.made[net]
        charges = np.append(strengths(k), [0.0] * self.free).astype(np.float32)
        size = -(-len(charges) // self.threads)
        groups = np.resize(charges, (self.threads, size))

        def arguments(rows, test, seed, charge):
            order = orders(net, rows)
            order = np.pad(order, ((0, 0), (0, len(data(net)[1]) - order.shape[1])))
            p = {n: jnp.asarray(np.repeat(a[None], size, 0)) for n, a in starts[seed].items()}
            m, v = ({n: jnp.zeros_like(a) for n, a in p.items()} for _ in range(2))
            t = jnp.zeros(size, jnp.float32) if net == "CNN" else jnp.float32(0)
            select = np.zeros(len(data(net)[1]), np.float32)
            select[rows if test is None else test] = 1
            return (
                (p, m, v, t),
                jnp.asarray(charge),
                jnp.asarray(order),
                len(rows) // BATCH,
                jnp.asarray(select),
            )

        work = [(*row_set, charge) for row_set in row_sets(fold_count, seeds) for charge in groups]
        if (net, size) not in self.made:
            self.made[net, size] = program.lower(*arguments(*work[0])).compile()

        def fit(one):
            return jax.tree.map(np.asarray, self.made[net, size](*arguments(*one)))

        last = list(self.pool.map(fit, work))[-self.threads :]
        return {n: np.concatenate([found[0][0][n] for found in last])[:k] for n in starts[0]}


class Torch:
    """PyTorch: a loop over fits, or `torch.func` over stacked weights."""

    def __init__(self, variant: str):
        import torch

        self.torch, self.variant = torch, variant
        if "1 thread" in variant:
            torch.set_num_threads(1)

    def batches(self, net, rows):
        """One pass a call."""
        torch = self.torch
        X, y = (torch.tensor(a) for a in data(net))
        if "DataLoader" in self.variant:
            rows = torch.tensor(rows)
            pairs = torch.utils.data.TensorDataset(X[rows], y[rows])
            loader = torch.utils.data.DataLoader(pairs, BATCH, shuffle=True)
            return lambda epoch: iter(loader)
        order = torch.tensor(orders(net, rows))
        return lambda epoch: ((X[chosen], y[chosen]) for chosen in order[epoch].split(BATCH))

    def run(self, net, k, fold_count, seeds, fits):
        work = row_sets(fold_count, seeds)
        total = k * sum(len(rows) for rows, _, _ in work)
        self.left, self.began, done, last = fits or float("inf"), time.perf_counter(), 0, {}
        for rows, test, seed in work[::-1]:
            each = self.ensemble if "torch.func" in self.variant else self.loop
            last, count = each(net, k, rows, rows if test is None else test, seed)
            done += count * len(rows)
            if self.left <= 0:
                break
        self.scale = total / done
        return last

    def loop(self, net, k, rows, test, seed):
        torch, F = self.torch, self.torch.nn.functional
        passes, (X, y) = self.batches(net, rows), (torch.tensor(a) for a in data(net))
        test, found = torch.tensor(test), []
        for strength in strengths(k):
            if self.left <= 0:
                break
            self.left -= 1
            model = module(net, torch.nn)
            model.load_state_dict({n: torch.tensor(a) for n, a in starting(net, seed).items()})
            weights = [p for n, p in model.named_parameters() if n.endswith("weight")]
            optimizer, step = torch.optim.Adam(model.parameters(), lr=RATE), 0
            for epoch in range(EPOCHS[net]):
                for x, truth in passes(epoch):
                    loss = F.cross_entropy(model(x), truth)
                    if "prox" not in self.variant:
                        loss = loss + strength * sum(w.abs().sum() for w in weights)
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                    step += 1
                    if "prox" in self.variant and step > WARM_UP:
                        self.prox(weights, optimizer, strength, step, len(rows) // BATCH)
            with torch.no_grad():
                F.cross_entropy(model(X[test]), y[test]).item()
            found.append({n: p.detach().numpy() for n, p in model.state_dict().items()})
        return {n: np.stack([f[n] for f in found]) for n in found[0]}, len(found)

    def prox(self, weights, optimizer, strength, step, idle):
        """Soft thresholding by what Adam moves each weight for a steady unit gradient."""
        torch = self.torch
        with torch.no_grad():
            for w in weights:
                second = optimizer.state[w]["exp_avg_sq"] / (1 - 0.999**step)
                response = RATE / (1 - 0.9**step) / (second.sqrt() + 1e-8)
                if step <= idle:  # no gradient yet: left alone for an epoch
                    response = torch.where(second == 0, 0.0, response)
                w.copy_(w.sign() * (w.abs() - response * strength).clamp(min=0))

    def ensemble(self, net, k, rows, test, seed):
        torch, F = self.torch, self.torch.nn.functional
        from torch.func import functional_call, grad, vmap

        self.left -= k
        model = module(net, torch.nn)
        start = starting(net, seed)
        stacked = {n: torch.tensor(np.repeat(a[None], k, 0)).requires_grad_() for n, a in start.items()}
        charge = torch.tensor(strengths(k), dtype=torch.float32)

        def objective(p, strength, x, truth):
            penalty = strength * sum(w.abs().sum() for n, w in p.items() if n.endswith("weight"))
            return F.cross_entropy(functional_call(model, p, (x,)), truth) + penalty

        gradient = vmap(grad(objective), in_dims=(0, 0, None, None))
        optimizer, passes = torch.optim.Adam(stacked.values(), lr=RATE, fused=True), self.batches(net, rows)
        for epoch in range(EPOCHS[net]):
            for x, truth in passes(epoch):
                p = {n: w.detach() for n, w in stacked.items()}
                for n, g in gradient(p, charge, x, truth).items():
                    stacked[n].grad = g
                optimizer.step()
        X, y = (torch.tensor(a) for a in data(net))
        test = torch.tensor(test)
        with torch.no_grad():
            scores = vmap(lambda p: functional_call(model, p, (X[test],)))(
                {n: w.detach() for n, w in stacked.items()}
            )
            F.cross_entropy(scores.flatten(0, 1), y[test].repeat(k))
        return {n: w.detach().numpy() for n, w in stacked.items()}, k


def main() -> None:
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no answer
    name = sys.argv[1]
    kind = Normax if name.startswith("normax") else ByHand if name.startswith("JAX") else Torch
    contender = kind(name)
    for line in sys.stdin:
        request = json.loads(line)
        data(request["net"])  # read from its file beforehand
        contender.scale = 1.0
        start = time.perf_counter()
        weights = contender.run(
            request["net"], request["strengths"], request["folds"], request["seeds"], request.get("fits")
        )
        answer = (time.perf_counter() - start) * contender.scale
        if request.get("out"):
            np.savez(request["out"], **weights)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
