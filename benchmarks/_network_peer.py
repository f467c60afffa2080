"""One library in a process of its own: reads requests as JSON lines, answers with seconds and a loss.

    python _network_peer.py CONTENDER

A request {"case": name, "count": n} runs n steps (forwards for a ResNet); the first of a case builds it,
runs one and answers with the seconds of that, compilation included.
"""

from __future__ import annotations

import json
import os
import sys
import time

import numpy as np
from _network_problems import data, layers, resnet, starting

RATE, DECAY = 1e-4, 1e-2


class Torch:
    """PyTorch, eager or compiled, with the fused AdamW."""

    def __init__(self, case: str, variant: str):
        import torch
        from torch import nn
        from torch.nn import functional as F

        names = [name for _, name, *_ in layers(case)]

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                for kind, name, *shape in layers(case):
                    if kind == "linear":
                        layer = nn.Linear(*shape)
                    elif kind == "conv":
                        layer = nn.Conv2d(*shape, bias=case.startswith("cnn"))
                    else:
                        layer = nn.BatchNorm2d(*shape)
                    setattr(self, name, layer)

            def forward(self, x):
                if case.startswith("resnet"):
                    return resnet(
                        lambda name, x: getattr(self, name)(x),
                        F.relu,
                        lambda x: F.max_pool2d(x, 3, 2, 1),
                        lambda x: x.mean((2, 3)),
                        x,
                    )
                if case.startswith("cnn"):
                    x = F.max_pool2d(F.relu(self.conv(x)), 2).flatten(1)
                rest = names[1:] if case.startswith("cnn") else names
                for name in rest[:-1]:
                    x = F.relu(getattr(self, name)(x))
                return getattr(self, rest[-1])(x)

        net = Net()
        state = {k: torch.from_numpy(v) for k, v in starting(case).items()}
        net.load_state_dict(state, strict=False)
        x, y = map(torch.from_numpy, data(case))
        call = torch.compile(net) if variant == "compiled" else net
        if case.startswith("resnet"):
            net.eval()

            def run():
                with torch.no_grad():
                    return call(x)

            self.run, self.wait, self.loss = run, lambda _: None, lambda: abs(run()).mean().item()
            return
        optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY, fused=True)

        def step():
            optimizer.zero_grad()
            loss = F.cross_entropy(call(x), y)
            loss.backward()
            optimizer.step()
            return loss.detach()

        self.run, self.wait, self.loss = step, lambda _: None, lambda: F.cross_entropy(net(x), y).item()


class Jax:
    """What the JAX libraries share."""

    def __init__(self, case: str, variant: str):
        import jax
        import jax.numpy as jnp
        import optax

        self.case, self.variant = case, variant
        self.jax, self.jnp, self.optax = jax, jnp, optax
        self.tx = optax.adamw(RATE, weight_decay=DECAY)
        self.wait = jax.block_until_ready
        x, y = data(case)
        self.x, self.y = jnp.asarray(self.images(x)), jnp.asarray(y)
        self.weights = starting(case)
        self.build()

    def images(self, x):
        return x

    def cross_entropy(self, logits, y):
        return self.optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()

    def finish(self, run, loss):
        self.run, self.loss = run, lambda: float(loss())


class Last:
    """Mixin: channels last, with weights and the first linear layer's columns permuted to match."""

    def images(self, x):
        return np.moveaxis(x, 1, -1) if x.ndim == 4 else x

    def kernel(self, name: str):
        w = self.weights[f"{name}.weight"]
        if w.ndim == 4:
            return w.transpose(2, 3, 1, 0)
        if self.case.startswith("cnn") and name == "fc1":
            w = w.reshape(128, 16, 14, 14).transpose(0, 2, 3, 1).reshape(128, -1)
        return w.T


class Raw(Last, Jax):
    """`jax.jit` on pytrees, donated: what a JAX user writes without a library."""

    def build(self):
        jax, jnp, lax = self.jax, self.jnp, self.jax.lax
        if self.case.startswith("resnet"):
            raise NotImplementedError
        image = self.case.startswith("cnn")
        names = [name for _, name, *_ in layers(self.case)]
        params = {n: (jnp.asarray(self.kernel(n)), jnp.asarray(self.weights[f"{n}.bias"])) for n in names}

        def forward(params, x):
            rest = names
            if image:
                w, b = params["conv"]
                x = lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
                x = lax.reduce_window(
                    jax.nn.relu(x + b), -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID"
                )
                x, rest = x.reshape(len(x), -1), names[1:]
            for name in rest[:-1]:
                w, b = params[name]
                x = jax.nn.relu(x @ w + b)
            w, b = params[rest[-1]]
            return x @ w + b

        def objective(params, x, y):
            return self.cross_entropy(forward(params, x), y)

        def step(params, state, x, y):
            loss, gradients = jax.value_and_grad(objective)(params, x, y)
            moves, state = self.tx.update(gradients, state, params)
            return loss, self.optax.apply_updates(params, moves), state

        compiled = jax.jit(step, donate_argnums=(0, 1))
        self.params, self.state = params, self.tx.init(params)

        def run():
            loss, self.params, self.state = compiled(self.params, self.state, self.x, self.y)
            return loss

        self.finish(run, lambda: objective(self.params, self.x, self.y))


class Nnx(Last, Jax):
    """Flax NNX, by `nnx.jit` or `nnx.cached_partial`."""

    def build(self):
        from flax import nnx

        jnp, case = self.jnp, self.case
        names = [name for _, name, *_ in layers(case)]

        class Net(nnx.Module):
            def __init__(self, rngs):
                for kind, name, *shape in layers(case):
                    if kind == "linear":
                        layer = nnx.Linear(*shape, rngs=rngs)
                    elif kind == "conv":
                        i, o, k, s, p = shape
                        layer = nnx.Conv(
                            i, o, (k, k), s, padding=[(p, p)] * 2, use_bias=case.startswith("cnn"), rngs=rngs
                        )
                    else:
                        layer = nnx.BatchNorm(*shape, use_running_average=True, epsilon=1e-5, rngs=rngs)
                    setattr(self, name, layer)

            def __call__(self, x):
                if case.startswith("resnet"):
                    return resnet(
                        lambda name, x: getattr(self, name)(x),
                        nnx.relu,
                        lambda x: nnx.max_pool(x, (3, 3), (2, 2), [(1, 1), (1, 1)]),
                        lambda x: x.mean((1, 2)),
                        x,
                    )
                rest = names
                if case.startswith("cnn"):
                    x = nnx.max_pool(nnx.relu(self.conv(x)), (2, 2), (2, 2))
                    x, rest = x.reshape(len(x), -1), names[1:]
                for name in rest[:-1]:
                    x = nnx.relu(getattr(self, name)(x))
                return getattr(self, rest[-1])(x)

        net = Net(nnx.Rngs(0))
        for kind, name, *_ in layers(case):
            layer = getattr(net, name)
            if kind == "norm":
                parts = {"scale": "weight", "bias": "bias", "mean": "running_mean", "var": "running_var"}
                for ours, theirs in parts.items():
                    getattr(layer, ours)[...] = jnp.asarray(self.weights[f"{name}.{theirs}"])
                continue
            layer.kernel[...] = jnp.asarray(self.kernel(name))
            if f"{name}.bias" in self.weights:
                layer.bias[...] = jnp.asarray(self.weights[f"{name}.bias"])
        if case.startswith("resnet"):
            call = nnx.jit(lambda net, x: net(x))
            if self.variant == "cached":
                call = nnx.cached_partial(call, net)
                self.finish(lambda: call(self.x), lambda: abs(call(self.x)).mean())
            else:
                self.finish(lambda: call(net, self.x), lambda: abs(call(net, self.x)).mean())
            return
        optimizer = nnx.Optimizer(net, self.tx, wrt=nnx.Param)

        def objective(net, x, y):
            return self.cross_entropy(net(x), y)

        @nnx.jit
        def step(net, optimizer, x, y):
            loss, gradients = nnx.value_and_grad(objective)(net, x, y)
            optimizer.update(net, gradients)
            return loss

        if self.variant == "cached":
            cached = nnx.cached_partial(step, net, optimizer)
            self.finish(lambda: cached(self.x, self.y), lambda: objective(net, self.x, self.y))
        else:
            self.finish(lambda: step(net, optimizer, self.x, self.y), lambda: objective(net, self.x, self.y))


class Equinox(Jax):
    """Equinox: `eqx.filter_jit`, donated, one sample under `vmap`."""

    def build(self):
        import equinox as eqx

        jax, jnp, case = self.jax, self.jnp, self.case
        if case.startswith("resnet"):
            raise NotImplementedError
        key = jax.random.key(0)
        names = [name for _, name, *_ in layers(case)]

        class Net(eqx.Module):
            parts: dict

            def __call__(self, x):
                rest = names
                if case.startswith("cnn"):
                    x = eqx.nn.MaxPool2d(2, 2)(jax.nn.relu(self.parts["conv"](x)))
                    x, rest = x.reshape(-1), names[1:]
                for name in rest[:-1]:
                    x = jax.nn.relu(self.parts[name](x))
                return self.parts[rest[-1]](x)

        parts = {}
        for kind, name, *shape in layers(case):
            layer = eqx.nn.Linear(*shape, key=key) if kind == "linear" else eqx.nn.Conv2d(*shape, key=key)
            bias = self.weights[f"{name}.bias"].reshape(layer.bias.shape)
            parts[name] = eqx.tree_at(
                lambda m: (m.weight, m.bias),
                layer,
                (jnp.asarray(self.weights[f"{name}.weight"]), jnp.asarray(bias)),
            )
        self.net = Net(parts)
        self.state = self.tx.init(eqx.filter(self.net, eqx.is_array))

        def objective(net, x, y):
            return self.cross_entropy(jax.vmap(net)(x), y)

        @eqx.filter_jit(donate="all-except-first")
        def step(batch, net, state):
            loss, gradients = eqx.filter_value_and_grad(objective)(net, *batch)
            moves, state = self.tx.update(gradients, state, eqx.filter(net, eqx.is_array))
            return loss, eqx.apply_updates(net, moves), state

        def run():
            loss, self.net, self.state = step((self.x, self.y), self.net, self.state)
            return loss

        self.finish(run, lambda: objective(self.net, self.x, self.y))


class Keras(Last, Jax):
    """Keras on JAX: `train_on_batch` of a compiled model."""

    def build(self):
        import keras
        from keras import layers as K

        case = self.case
        found = {}

        def apply(name, x):
            kind, _, *shape = next(layer for layer in layers(case) if layer[1] == name)
            if kind == "linear":
                layer = K.Dense(shape[1])
            elif kind == "conv":
                _, o, k, s, p = shape
                x = K.ZeroPadding2D(p)(x) if p else x
                layer = K.Conv2D(o, k, s, use_bias=case.startswith("cnn"))
            else:
                layer = K.BatchNormalization(epsilon=1e-5)
            found[name] = layer
            return layer(x)

        entry = x = keras.Input(self.x.shape[1:])
        relu = keras.ops.relu
        if case.startswith("resnet"):

            def pool(x):
                return K.MaxPooling2D(3, 2)(K.ZeroPadding2D(1)(x))  # after a ReLU zeros are as good as −∞

            x = resnet(apply, relu, pool, K.GlobalAveragePooling2D(), x)
        else:
            names = [name for _, name, *_ in layers(case)]
            if case.startswith("cnn"):
                x = K.Flatten()(K.MaxPooling2D(2)(relu(apply("conv", x))))
                names = names[1:]
            for name in names[:-1]:
                x = relu(apply(name, x))
            x = apply(names[-1], x)
        net = keras.Model(entry, x)
        for name, layer in found.items():
            if isinstance(layer, K.BatchNormalization):
                parts = ["weight", "bias", "running_mean", "running_var"]
                layer.set_weights([self.weights[f"{name}.{part}"] for part in parts])
            else:
                bias = [self.weights[f"{name}.bias"]] if f"{name}.bias" in self.weights else []
                layer.set_weights([self.kernel(name), *bias])
        x, y = np.asarray(self.x), np.asarray(self.y)
        if case.startswith("resnet"):
            self.finish(lambda: net.predict_on_batch(x), lambda: abs(net.predict_on_batch(x)).mean())
            return
        net.compile(
            optimizer=keras.optimizers.AdamW(RATE, weight_decay=DECAY, epsilon=1e-8),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            jit_compile=True,
        )

        def loss():
            net.reset_metrics()
            return net.test_on_batch(x, y)

        self.finish(lambda: net.train_on_batch(x, y), loss)


class Normax(Jax):
    """normax, as a user of PyTorch writes it."""

    def build(self):
        import normax as nx
        from normax import nn
        from normax.nn import functional as F

        case = self.case
        names = [name for _, name, *_ in layers(case)]

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                for kind, name, *shape in layers(case):
                    if kind == "linear":
                        layer = nn.Linear(*shape)
                    elif kind == "conv":
                        layer = nn.Conv2d(*shape, bias=case.startswith("cnn"))
                    else:
                        layer = nn.BatchNorm2d(*shape)
                    setattr(self, name, layer)

            def forward(self, x):
                if case.startswith("resnet"):
                    return resnet(
                        lambda name, x: getattr(self, name)(x),
                        F.relu,
                        lambda x: F.max_pool2d(x, 3, 2, 1),
                        lambda x: x.mean((2, 3)),
                        x,
                    )
                rest = names
                if case.startswith("cnn"):
                    x = F.max_pool2d(F.relu(self.conv(x)), 2).reshape(len(x), -1)
                    rest = names[1:]
                for name in rest[:-1]:
                    x = F.relu(getattr(self, name)(x))
                return getattr(self, rest[-1])(x)

        net = Net()
        net.load_state_dict(self.weights, strict=False)
        self.nx, self.net = nx, net
        if case.startswith("resnet"):
            net.eval()
            call = nx.jit(net)
            self.finish(lambda: call(self.x), lambda: abs(call(self.x)).mean())
            return

        def objective(net, x, y):
            return F.cross_entropy(net(x), y)

        packing = {"packing": True} if self.variant == "packed" else {}
        step = nx.train_step(net, objective, self.tx, **packing)
        self.finish(lambda: step(self.x, self.y), lambda: objective(net, self.x, self.y))


class Fit(Normax):
    """`nx.fit`: epochs of 20 steps on the same batch, each call from the starting weights, and so of more steps."""

    EPOCH, LONGER = 20, 5

    def build(self):
        super().build()
        x, y = data(self.case)
        self.rows = np.concatenate([x] * self.EPOCH), np.concatenate([y] * self.EPOCH)

    def many(self, count):
        self.net.load_state_dict(self.weights)
        epochs = max(1, round(self.LONGER * count / self.EPOCH))
        self.nx.fit(
            self.net, self.rows, loss="cross_entropy", optimizer=self.tx, epochs=epochs, batch_size=len(self.rows[0]) // self.EPOCH,
            shuffle=False, progress=False,
        )  # fmt: skip
        return epochs * self.EPOCH


CONTENDERS = {
    "normax": (Normax, ""),
    "normax, packed": (Normax, "packed"),
    "normax, fit": (Fit, ""),
    "raw JAX": (Raw, ""),
    "PyTorch": (Torch, "eager"),
    "torch.compile": (Torch, "compiled"),
    "nnx.jit": (Nnx, "jit"),
    "nnx.cached_partial": (Nnx, "cached"),
    "Equinox": (Equinox, ""),
    "Keras": (Keras, ""),
}


def many(contender, count: int) -> int:
    """Run so many steps, or what comes near; returns how many."""
    if isinstance(contender, Fit):
        return contender.many(count)
    for _ in range(count):
        result = contender.run()
    contender.wait(result)
    return count


def main() -> None:
    os.environ["KERAS_BACKEND"] = "jax"
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no answer
    make, variant = CONTENDERS[sys.argv[1]]
    built = {}
    for line in sys.stdin:
        request = json.loads(line)
        case = request["case"]
        start = time.perf_counter()
        if case not in built:
            built[case] = make(case, variant)
            start = time.perf_counter()
        contender = built[case]
        done = many(contender, request["count"])
        taken = time.perf_counter() - start
        answer = {"seconds": taken / done, "taken": taken}
        if request.get("loss"):
            answer["loss"] = contender.loss()
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
