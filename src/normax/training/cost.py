"""What a forward computes, module by module, read off its jaxpr: nothing runs."""

from __future__ import annotations

import contextlib
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from normax.binding import retrying
from normax.binding.primitives import inner_programs
from normax.nn.frames import CapturingFrame
from normax.nn.module import Module

__all__ = ["ForwardCost", "forward_cost"]

# f(c·x) = c·f(x) for c > 0: a scale passes through from one layer to the next.
HOMOGENEOUS = re.compile(
    r"^(ReLU|LeakyReLU|PReLU|Identity|Flatten|Unflatten|(Adaptive)?(Max|Avg)Pool\dd|Dropout\d?d?|DropPath)$"
)
CONVOLUTION = re.compile(r"^Conv\dd$")
NORMS = re.compile(r"^(BatchNorm|InstanceNorm|GroupNorm|LayerNorm|RMSNorm)")


class ForwardCost(NamedTuple):
    """By path: output shapes and multiply-adds; and `feeds`, the pairs (module, module that takes its output)."""

    outputs: dict[str, Any]
    multiply_adds: Counter
    feeds: list[tuple[str, str]]


def forward_cost(net: Module, args: tuple) -> ForwardCost:
    """Run the forward on shapes alone; buffers and random state stay as they are."""
    named = list(net.named_modules())
    outputs: dict[str, Any] = {}
    feeds: list[tuple[str, str]] = []
    origin: dict[int, tuple[Any, str]] = {}

    def watch(number: int, path: str, module: Module, forward: Any) -> Any:
        kind = module._get_name()

        def watched(*args, **kwargs):
            before = origin.get(id(args[0])) if args else None
            with jax.named_scope(f"nx{number}"):
                # A convolution counts by its shapes, whatever it is computed by.
                counted = CONVOLUTION.match(kind) is not None
                with jax.named_scope("nxskip") if counted else contextlib.nullcontext():
                    result = forward(*args, **kwargs)
                if counted:
                    taps = math.prod(module.weight.shape[1:])
                    jnp.dot(jnp.zeros((result.size, taps)), jnp.zeros(taps))
            outputs[path] = jax.tree.map(lambda leaf: tuple(np.shape(leaf)), result)
            if not module._modules or path == "":
                if before is not None and path:
                    feeds.append((before[1], path))
                if HOMOGENEOUS.match(kind):
                    if before is not None:
                        origin[id(result)] = (result, before[1])
                elif module._parameters and path:
                    origin[id(result)] = (result, path)
            return result

        return watched

    def forward(*args):
        frame = CapturingFrame(np.zeros(2, np.uint32), {id(m): i for i, (_, m) in enumerate(named)})
        watched = [(m, watch(i, p, m, m.forward)) for i, (p, m) in enumerate(named)]
        feeds.clear()
        with frame.active(), _watching(watched):
            return jax.tree.map(lambda leaf: getattr(leaf, "value", leaf), net(*args))

    jaxpr = retrying(lambda: jax.make_jaxpr(forward)(*args), [])
    counts: Counter = Counter()
    for scopes, count in _multiply_adds(jaxpr.jaxpr, ()):
        for number in {int(n) for n in scopes}:
            counts[named[number][0]] += count
    return ForwardCost(outputs, counts, feeds)


@contextlib.contextmanager
def _watching(pairs: list[tuple[Module, Any]]) -> Iterator[None]:
    """Other forwards for the length of a `with` block, unseen by bindings."""
    for module, forward in pairs:
        module.__dict__["forward"] = forward
    try:
        yield
    finally:
        for module, _ in pairs:
            module.__dict__.pop("forward", None)


def _multiply_adds(jaxpr: Any, around: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    """Multiply-adds of every matrix product and convolution, with the scopes that it stands in.

    The body of a scan counts once a step, of a while loop once; of a cond, the dearest branch.
    """
    for eqn in jaxpr.eqns:
        scopes = (*around, *re.findall(r"nx(\d+)", str(eqn.source_info.name_stack)))
        name = eqn.primitive.name
        if "nxskip" in str(eqn.source_info.name_stack):
            continue
        if name == "dot_general":
            (contracted, _), _ = eqn.params["dimension_numbers"]
            yield (
                scopes,
                math.prod(eqn.outvars[0].aval.shape)
                * math.prod(eqn.invars[0].aval.shape[i] for i in contracted),
            )
        elif name == "conv_general_dilated":
            kernel = eqn.invars[1].aval.shape
            out_features = kernel[eqn.params["dimension_numbers"].rhs_spec[0]]
            yield scopes, math.prod(eqn.outvars[0].aval.shape) * math.prod(kernel) // max(out_features, 1)
        elif name == "normax_convolve":  # the CPU's own: kernel (*spatial, in, out), or (channels, *spatial)
            kernel = eqn.invars[1].aval.shape
            yield scopes, math.prod(eqn.outvars[0].aval.shape) * math.prod(kernel[:-1])
        elif name == "normax_depthwise":
            kernel = eqn.invars[1].aval.shape
            yield scopes, math.prod(eqn.outvars[0].aval.shape) * math.prod(kernel[1:])
        elif name == "cond":
            branches = [list(_multiply_adds(b.jaxpr, scopes)) for b in eqn.params["branches"]]
            yield from max(branches, key=lambda found: sum(count for _, count in found))
        else:
            times = eqn.params["length"] if name == "scan" else 1
            for held_by, inner in inner_programs(eqn):
                if held_by != "cond_jaxpr":
                    for where, count in _multiply_adds(inner, scopes):
                        yield where, count * times
