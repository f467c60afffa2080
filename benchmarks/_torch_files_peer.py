"""Builds a model of torchvision or timm, takes it over by `nx.from_torch`, and compares the two: a process of its own."""

from __future__ import annotations

import contextlib
import copy
import json
import sys
import traceback
import warnings
from collections import Counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import timm
import torch
import torchvision
from _torch_files_models import KINDS, TIMM

import normax as nx

SIZES = (64, 96, 128, 160, 224, 256, 300, None)
#: Models of one file differ by width and depth; the largest do not fit beside each other into a small machine.
MOST_PARAMETERS = 150e6


def names() -> list[str]:
    """All that are to be tried, `package:name`: one of each architecture first, and of each the smallest first."""
    models = torchvision.models
    found = []
    for kind, module in KINDS.items():
        home = getattr(models, module) if module else models
        found += [f"{kind}:{name}" for name in models.list_models(module=home)]
    found.sort(key=lambda name: _parameters(name.partition(":")[2]))
    before: Counter[str] = Counter()
    turns = {}
    for name in found:
        architecture = models.get_model_builder(name.partition(":")[2]).__module__
        turns[name] = before[architecture]
        before[architecture] += 1
    found.sort(key=turns.__getitem__)
    share = len(found) / len(TIMM)
    places = {name: float(k) for k, name in enumerate(found)}
    places |= {f"timm:{name}": k * share for k, name in enumerate(TIMM)}
    return sorted(places, key=places.__getitem__)


def _parameters(name: str) -> int:
    """How many parameters a model of torchvision has, which its published weights say."""
    return next(iter(torchvision.models.get_model_weights(name))).meta["num_params"]


def build(kind: str, name: str, size: int | None) -> tuple[Any, torch.Tensor] | None:
    """A model with its input, in double precision; None if it is too large to be built here.

    Args:
        kind: `"timm"`, or one of torchvision's.
        name: the model's name.
        size: of the pictures; None for the model's own.
    """
    make = {"timm": _timm, "detection": _backbone}.get(kind, _torchvision)
    with (
        torch.device("meta"),
        torch.no_grad(),
        contextlib.suppress(RuntimeError),
    ):  # of those that read what they make
        if sum(p.numel() for p in make(name, size).parameters()) > MOST_PARAMETERS:
            return None
    torch.manual_seed(0)
    net = make(name, size).double()
    side = size or (net.default_cfg["input_size"][-1] if kind == "timm" else 224)
    with torch.no_grad():  # a head that starts from zeros would hide all that is before it
        for parameter in net.parameters():
            parameter.add_(0.01 * torch.randn_like(parameter))
    frames = (16 if name.startswith("mvit") else 8,) if kind == "video" else ()
    shape = (2, 3, *frames, side, side)
    return net, torch.randn(shape, dtype=torch.float64)


def _torchvision(name: str, size: int | None) -> Any:
    options: dict[str, Any] = {"weights": None}
    if name.startswith(("deeplab", "fcn", "lraspp")):
        options["weights_backbone"] = None
    if name.startswith("vit"):
        options["image_size"] = size or 224
    if name == "maxvit_t":
        options["input_size"] = (size or 224, size or 224)
    if name in ("googlenet", "inception_v3"):
        options["init_weights"] = False
    return torchvision.models.get_model(name, num_classes=10, **options)


def _backbone(name: str, size: int | None) -> Any:
    return torchvision.models.get_model(name, weights=None, weights_backbone=None).backbone


def _timm(name: str, size: int | None) -> Any:
    if size is not None:
        with contextlib.suppress(TypeError):  # one of convolutions takes any
            return timm.create_model(name, num_classes=10, img_size=size)
    return timm.create_model(name, num_classes=10)


def without_chance(net: Any) -> None:
    """Take what is drawn in training out of a model."""
    for module in net.modules():
        for attribute in ("p", "drop_prob", "dropout", "drop_rate", "head_drop_rate", "attn_drop_rate"):
            if isinstance(vars(module).get(attribute), float):
                setattr(module, attribute, 0.0)


def leaves(output: Any) -> list[Any]:
    """The floating arrays of an output, whatever it is."""
    if isinstance(output, dict):
        return [leaf for key in output for leaf in leaves(output[key])]
    if isinstance(output, (list, tuple)):
        return [leaf for part in output for leaf in leaves(part)]
    return [] if output is None else [output]


def weigh(outputs: list[Any], draw: Any) -> Any:
    return sum((output * draw(k, output)).sum() for k, output in enumerate(outputs))


def fixed(k: int, shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(k).normal(size=shape) / max(1, np.prod(shape)) ** 0.5


def distance(ours: list[Any], theirs: list[Any]) -> float:
    """The largest difference over the largest number."""
    if [np.shape(a) for a in ours] != [tuple(b.shape) for b in theirs]:
        raise ValueError(f"shapes {[np.shape(a) for a in ours]} for {[tuple(b.shape) for b in theirs]}")
    pairs = [(np.asarray(a, float), b.detach().double().numpy()) for a, b in zip(ours, theirs)]
    scale = max((np.abs(b).max() for _, b in pairs if b.size), default=1.0)
    return max((np.abs(a - b).max() for a, b in pairs if b.size), default=0.0) / max(scale, 1e-30)


def compare(kind: str, name: str, whole: bool) -> dict[str, Any]:
    """How far apart the two are, by what is compared; or `reason`, why they cannot be.

    Args:
        kind: `"timm"`, or one of torchvision's.
        name: the model's name.
        whole: compute what is traced only otherwise, training and its gradients, and float64 too.
    """
    for size in SIZES:
        try:
            built = build(kind, name, size)
            if built is None:
                return {"left out": "too large"}
            theirs, x = built
            with torch.no_grad():
                copy.deepcopy(theirs).train()(x)  # which may need more than evaluation does
                expected = leaves(theirs.eval()(x))
            break
        except (RuntimeError, AssertionError, ValueError) as error:
            said = error
    else:
        return {"left out": f"does not build small: {str(said)[:100]}"}
    without_chance(theirs)
    result: dict[str, Any] = {"size": size}
    if whole:
        ours = nx.from_torch(theirs)
        result["float64"] = distance(leaves(nx.jit(ours)(x.numpy())), expected)
        result |= _in_training(theirs, ours, x)
    theirs, x = theirs.eval().float(), x.float()
    ours = nx.from_torch(theirs)
    with torch.no_grad():
        expected = leaves(theirs(x))
    result["float32"] = distance(leaves(nx.jit(ours)(x.numpy())), expected)
    if not whole:
        _trace_training(ours.train(), x)
    return result


def _loss(call: Any, x: Any) -> Any:
    outputs = leaves(call(x))
    return weigh(outputs, lambda k, y: jnp.asarray(fixed(k, y.shape))), outputs


def _trace_training(ours: Any, x: torch.Tensor) -> None:
    """Differentiate the training mode without computing anything."""
    draws = jax.random.key(0)

    def loss(values: dict[str, Any], x: Any) -> Any:
        return _loss(lambda x: nx.functional_call(ours, values, x, key=draws), x)

    values = {name: jnp.asarray(p) for name, p in ours.named_parameters() if p.requires_grad}
    jax.eval_shape(jax.grad(loss, has_aux=True), values, x.numpy())


def _in_training(theirs: Any, ours: Any, x: torch.Tensor) -> dict[str, float]:
    theirs.train(), ours.train()
    expected = leaves(theirs(x))
    weigh(expected, lambda k, y: torch.tensor(fixed(k, tuple(y.shape)))).backward()
    (_, outputs), gradients = nx.value_and_grad(ours, _loss, has_aux=True)(x.numpy())
    wanted = {name: p.grad for name, p in theirs.named_parameters() if p.grad is not None}
    idle = [name for name in gradients if name not in wanted and np.abs(gradients[name]).max() > 0]
    if idle:
        raise ValueError(f"gradients of {', '.join(idle[:3])} where torch has none")
    return {
        "train": distance(outputs, expected),
        "gradients": distance([gradients[name] for name in wanted], list(wanted.values())),
    }


def answer(request: dict[str, Any]) -> Any:
    if "list" in request:
        return names()
    kind, _, name = request["model"].partition(":")
    try:
        return compare(kind, name, request["whole"])
    except Exception as error:
        traceback.print_exc()
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{last.filename.rpartition('/')[2]}:{last.lineno}"
        return {"reason": f"{type(error).__name__} at {place}: {' '.join(str(error).split())[:300]}"}
    finally:
        jax.clear_caches()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
