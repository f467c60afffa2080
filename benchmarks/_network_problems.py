"""The networks of the network benchmarks: layers, starting weights and data, alike for every library.

Weights are in PyTorch's layout; `(kind, name, shape...)` lists the layers in order of use.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

__all__ = ["data", "is_image", "layers", "resnet", "starting"]

DEPTHS = {"mlp-1": 1, "mlp-8": 8, "mlp-32": 32}


def is_image(case: str) -> bool:
    return not case.startswith("mlp")


def layers(case: str) -> list[tuple]:
    """`("linear", name, in, out)`, `("conv", name, in, out, kernel, stride, padding)`, `("norm", name, channels)`."""
    if case in DEPTHS:
        sizes = [784, *[64] * DEPTHS[case], 10]
        return [("linear", f"fc{i}", a, b) for i, (a, b) in enumerate(pairwise(sizes))]
    if case.startswith("cnn"):
        return [
            ("conv", "conv", 3, 16, 3, 1, 1),
            ("linear", "fc1", 3136, 128),
            ("linear", "fc2", 128, 10),
        ]
    found: list[tuple] = []

    def block(name, i, o, kernel, stride, padding):
        found.extend([("conv", name, i, o, kernel, stride, padding), ("norm", f"{name}_bn", o)])

    block("stem", 3, 64, 7, 2, 3)
    for stage, (i, o) in enumerate([(64, 64), (64, 128), (128, 256), (256, 512)], 1):
        stride = 1 if stage == 1 else 2
        block(f"s{stage}a1", i, o, 3, stride, 1)
        block(f"s{stage}a2", o, o, 3, 1, 1)
        if stage > 1:
            block(f"s{stage}down", i, o, 1, stride, 0)
        block(f"s{stage}b1", o, o, 3, 1, 1)
        block(f"s{stage}b2", o, o, 3, 1, 1)
    return [*found, ("linear", "fc", 512, 1000)]


def resnet(apply, relu, pool, mean, x):
    """ResNet-18 (He et al., arXiv 1512.03385) in terms of `apply(name, x)` and three functions."""

    def unit(name, x):
        return apply(f"{name}_bn", apply(name, x))

    x = pool(relu(unit("stem", x)))
    for stage in range(1, 5):
        y = unit(f"s{stage}a2", relu(unit(f"s{stage}a1", x)))
        x = relu(y + (x if stage == 1 else unit(f"s{stage}down", x)))
        x = relu(unit(f"s{stage}b2", relu(unit(f"s{stage}b1", x))) + x)
    return apply("fc", mean(x))


def starting(case: str) -> dict[str, np.ndarray]:
    """`"name.weight"` and the like -> float32 array."""
    rng, found = np.random.default_rng(0), {}
    for kind, name, *shape in layers(case):
        if kind == "linear":
            arrays = {"weight": (shape[1], shape[0]), "bias": (shape[1],)}
        elif kind == "conv":
            arrays = {"weight": (shape[1], shape[0], shape[2], shape[2]), "bias": (shape[1],)}
            if case.startswith("resnet"):
                del arrays["bias"]
        else:
            for part in ("weight", "bias", "running_mean", "running_var"):
                found[f"{name}.{part}"] = rng.uniform(0.5, 1.0, shape[0]).astype("float32")
            continue
        bound = np.sqrt(3 / np.prod(arrays["weight"][1:]))
        for part, size in arrays.items():
            found[f"{name}.{part}"] = rng.uniform(-bound, bound, size).astype("float32")
    return found


def data(case: str) -> tuple[np.ndarray, np.ndarray]:
    """One batch, channels first, and its classes."""
    rng = np.random.default_rng(1)
    if case.startswith("resnet"):
        n, shape = 8, (3, 224, 224)
    elif case.startswith("cnn"):
        n, shape = int(case.split("-")[1]), (3, 28, 28)
    else:
        n, shape = 64, (784,)
    return rng.normal(size=(n, *shape)).astype("float32"), rng.integers(0, 10, n)
