"""The comparison of a layer with PyTorch's, shared by the tables of this folder."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import Any
from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import normax as nx
from normax import nn
from normax.nn import init

TOLERANCE = {"float32": {"rtol": 1e-4, "atol": 2e-5}, "float64": {"rtol": 1e-10, "atol": 1e-11}}
# Compiling takes most of the time of these tests: LLVM need not optimise.
QUICK = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


# Layers whose eager call, which compiles one operation after the other, was compared once already.
_EAGER: set[str] = set()


@contextlib.contextmanager
def _without_draws():
    """Parameters stay as they were made: PyTorch's weights replace them, and drawing compiles for every shape."""
    names = [name for name in init.__all__ if name.endswith("_")]
    with mock.patch.multiple(init, **{name: lambda cell, *_, **__: cell for name in names}):
        yield


@dataclasses.dataclass
class Case:
    """One configuration: a layer's constructor arguments and the inputs of a call.

    A tuple in `inputs` is a shape of normal draws; an array is taken as it is. `modes` are the modes to
    compare, `calls` the calls in training mode before the comparison (running statistics).
    """

    name: str
    args: tuple = ()
    kwargs: dict = dataclasses.field(default_factory=dict)
    inputs: tuple = ()
    modes: tuple[bool, ...] = (True,)
    calls: int = 0
    call_kwargs: dict = dataclasses.field(default_factory=dict)
    gradient: bool = True
    positive: bool = False
    constant: tuple[int, ...] = ()  # inputs that PyTorch cannot differentiate
    rtol: float | None = None  # where PyTorch itself is off in float64

    def __str__(self) -> str:
        words = [str(a) for a in self.args] + [f"{k}={v}" for k, v in self.kwargs.items()]
        shapes = "x".join(str(i if isinstance(i, tuple) else getattr(i, "shape", i)) for i in self.inputs)
        return f"{self.name}({','.join(words)})-{shapes}"[:90].replace("\n", "").replace(" ", "")


def case(name: str, *args: Any, inputs: Any, **options: Any) -> Case:
    """A case; options that are no field of `Case` are arguments of the constructor."""
    fields = {f.name for f in dataclasses.fields(Case)} - {"kwargs"}
    own = {k: v for k, v in options.items() if k in fields}
    kwargs = {k: v for k, v in options.items() if k not in fields}
    inputs = inputs if isinstance(inputs, list) else [inputs]
    return Case(name, args, kwargs, tuple(inputs), **own)


def cases(*table: Case):
    """Parametrise a test by the table; every case runs in both precisions."""
    return pytest.mark.parametrize("case", table, ids=str)


def _leaves(tree: Any) -> list[Any]:
    if isinstance(tree, (tuple, list)):
        return [leaf for part in tree for leaf in _leaves(part)]
    return [] if tree is None else [tree]


def _to(kind: str, value: Any, library: str) -> Any:
    """An input in a library's arrays; floats in the precision at hand, integers as they are."""
    if isinstance(value, (tuple, list)):
        return tuple(_to(kind, v, library) for v in value)
    if not isinstance(value, np.ndarray):
        return value
    value = value.astype(kind) if value.dtype.kind == "f" else value
    if library == "torch":
        return torch.tensor(value, requires_grad=value.dtype.kind == "f")
    return jnp.asarray(value)


def _draw(case: Case) -> tuple:
    rng = np.random.default_rng(0)

    def one(spec: Any) -> Any:
        if isinstance(spec, tuple) and all(isinstance(n, int) for n in spec):
            values = np.asarray(rng.standard_normal(spec))
            return np.abs(values) + 0.1 if case.positive else values
        if isinstance(spec, tuple):
            return tuple(one(s) for s in spec)
        return spec

    return tuple(one(spec) for spec in case.inputs)


def like_torch(case: Case, kind: str) -> None:
    """Same repr, state-dict keys, outputs, gradients and running statistics as PyTorch's layer."""
    torch.manual_seed(0)
    theirs = getattr(torch.nn, case.name)(
        *_weights(case.args, kind, "torch"), **_weights(case.kwargs, kind, "torch")
    )
    theirs = theirs.to(getattr(torch, kind))
    with jax.enable_x64(kind == "float64"):
        with _without_draws():
            ours = getattr(nn, case.name)(
                *_weights(case.args, kind, "jax"), **_weights(case.kwargs, kind, "jax")
            )
        assert repr(ours) == repr(theirs)
        for parameter in theirs.parameters():  # away from ones and zeros, where mistakes do not show
            parameter.data += 0.2 * torch.randn_like(parameter.data)
        state = theirs.state_dict()
        assert list(ours.state_dict()) == list(state)
        ours.load_state_dict(state)
        data = _draw(case)
        for _ in range(case.calls):
            theirs(*_to(kind, data, "torch"), **_to_kwargs(case, kind, "torch"))
            ours(*_to(kind, data, "jax"), **_to_kwargs(case, kind, "jax"))
        for mode in case.modes:
            _compare_call(ours.train(mode), theirs.train(mode), case, data, kind)


def _weights(arguments: Any, kind: str, library: str) -> Any:
    """Arrays among a constructor's arguments (a loss's weights), without gradients."""

    def one(value: Any) -> Any:
        if not isinstance(value, np.ndarray):
            return value
        value = _to(kind, value, library)
        return value.detach() if library == "torch" else value

    if isinstance(arguments, dict):
        return {k: one(v) for k, v in arguments.items()}
    return tuple(one(v) for v in arguments)


def _to_kwargs(case: Case, kind: str, library: str) -> dict:
    return {k: _to(kind, v, library) for k, v in case.call_kwargs.items()}


def _compare_call(ours: Any, theirs: Any, case: Case, data: tuple, kind: str) -> None:
    close = dict(TOLERANCE[kind])
    if case.rtol and kind == "float64":
        close["rtol"] = case.rtol
    x, tx = _to(kind, data, "jax"), _to(kind, data, "torch")
    tx = tuple(v.detach() if i in case.constant else v for i, v in enumerate(tx))
    wanted = _leaves(theirs(*tx, **_to_kwargs(case, kind, "torch")))
    floating = [leaf for leaf in wanted if leaf.requires_grad] if case.gradient else []
    rng = np.random.default_rng(1)
    pulls = [rng.standard_normal(leaf.shape) for leaf in floating]

    values = {name: cell.value for name, cell in ours.named_parameters()}
    flat, tree = jax.tree.flatten(x)
    moving = [i for i, leaf in enumerate(flat) if jnp.issubdtype(jnp.result_type(leaf), jnp.floating)]
    moving = [i for i in moving if i not in case.constant]

    def outputs_and_gradients(values, floats):
        def pulled(values, floats):
            leaves = list(flat)
            for i, leaf in zip(moving, floats):
                leaves[i] = leaf
            inputs = jax.tree.unflatten(tree, leaves)
            outputs = _leaves(nx.functional_call(ours, values, *inputs, **_to_kwargs(case, kind, "jax")))
            pulling = [a for a, b in zip(outputs, wanted) if b.requires_grad]
            return sum((jnp.sum(jnp.asarray(p, a.dtype) * a) for p, a in zip(pulls, pulling)), 0.0), outputs

        return jax.grad(pulled, (0, 1), has_aux=True)(values, floats)

    program = jax.jit(outputs_and_gradients).lower(values, [flat[i] for i in moving]).compile(QUICK)
    (of_values, of_inputs), outputs = program(values, [flat[i] for i in moving])
    # The eager call writes the running statistics.
    if case.name not in _EAGER or (list(ours.buffers()) and ours.training):
        _EAGER.add(case.name)
        _equal(_leaves(ours(*x, **_to_kwargs(case, kind, "jax"))), wanted, "eager output", close)
    _equal(outputs, wanted, "output", close)
    state = ours.state_dict()
    for name, buffer in theirs.named_buffers():
        if name in state:
            _equal([state[name]], [buffer], name, close)
    if not floating:
        return
    sum((torch.tensor(p, dtype=b.dtype) * b).sum() for p, b in zip(pulls, floating)).backward()
    inputs = [leaf for leaf in _leaves(tx) if isinstance(leaf, torch.Tensor) and leaf.requires_grad]
    for i, (a, b) in enumerate(zip(of_inputs, inputs, strict=True)):
        if b.grad is not None:
            _equal([a], [b.grad], f"gradient of input {i}", close)
    for name, parameter in theirs.named_parameters():
        b = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        _equal([of_values[name]], [b], f"gradient of {name}", close)
    theirs.zero_grad()


def _equal(ours: list, theirs: list, what: str, close: dict) -> None:
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        assert a.shape == tuple(b.shape)
        np.testing.assert_allclose(a, b.detach().numpy(), err_msg=what, **close)
